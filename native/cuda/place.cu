// Weights on their way to the device. Q8_0's blocks of 34 bytes are taken apart (device.cuh, Weight): whole
// words of values are what reading at full bandwidth needs.
#include <algorithm>

#include "cuda/cuda.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr uint64_t kBlocksAtATime = 1 << 20;

/// values (blocks, 32) and steps (blocks) from blocks as the file has them.
__global__ void split_blocks(const BlockQ8_0* blocks, int64_t count, int8_t* values, __half* steps) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= count * 32) return;
    const BlockQ8_0& block = blocks[i / 32];
    values[i] = block.q[i % 32];
    if (i % 32 == 0) steps[i / 32] = __ushort_as_half(block.d);
}

}  // namespace

void CudaBackend::place(void* to, const Tensor& weight) {
    if (weight.type != DType::q8_0) return Backend::place(to, weight);
    const std::lock_guard lock(busy);
    check(cudaSetDevice(device), "selecting the device");
    const auto* from = static_cast<const BlockQ8_0*>(weight.data);
    const auto count = static_cast<uint64_t>(weight.rows * weight.cols / 32);
    auto* values = static_cast<int8_t*>(to);
    auto* steps = reinterpret_cast<__half*>(values + count * 32);
    auto* blocks =
        static_cast<BlockQ8_0*>(weights.reserve(std::min(count, kBlocksAtATime) * sizeof(BlockQ8_0)));
    for (uint64_t first = 0; first < count; first += kBlocksAtATime) {
        const uint64_t n = std::min(kBlocksAtATime, count - first);
        staging_.upload(stream, blocks, from + first, n * sizeof(BlockQ8_0));
        split_blocks<<<cuda::parts(static_cast<int64_t>(n) * 32, 256), 256, 0, stream>>>(
            blocks, static_cast<int64_t>(n), values + first * 32, steps + first);
        check(cudaGetLastError(), "placing weights");
    }
    check(cudaStreamSynchronize(stream), "placing weights");  // chained kernels read them ahead of their turn
}

}  // namespace longleaf::cuda
