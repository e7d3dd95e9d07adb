// One row times a matrix, bound by reading the weights: a warp per output row, lanes on consecutive
// stretches, sums in f32 in a fixed order.
#include "cuda/cuda.h"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 8;

/// What one lane adds over a row.
template <DType type>
__device__ float lane_dot(const char* row, const float* x, int cols, int lane) {
    float sum = 0;
    if constexpr (type == DType::q8_0) {
        // A lane takes 8 values of a block: 8 blocks per step of the warp. Blocks start at even addresses.
        for (int first = lane * 8; first < cols; first += 256) {
            const char* block = row + first / 32 * 34;
            const auto* q = reinterpret_cast<const uint16_t*>(block + 2 + first % 32);
            float part = 0;
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                const uint32_t pair = q[i];
                part = fmaf(static_cast<float>(static_cast<int8_t>(pair & 0xff)), x[first + 2 * i], part);
                part = fmaf(static_cast<float>(static_cast<int8_t>(pair >> 8)), x[first + 2 * i + 1], part);
            }
            sum = fmaf(__half2float(*reinterpret_cast<const __half*>(block)), part, sum);
        }
    } else if constexpr (type == DType::f32) {
        for (int c = lane; c < cols; c += 32) sum = fmaf(element<type>(row, c), x[c], sum);
    } else {
        // Eight values at a time where rows keep to 16 bytes; else one by one.
        const int whole = cols % 8 == 0 ? cols : 0;
        for (int first = lane * 8; first < whole; first += 256) {
            const uint4 words = *reinterpret_cast<const uint4*>(row + first * 2);
#pragma unroll
            for (int i = 0; i < 8; ++i) sum = fmaf(element<type>(&words, i), x[first + i], sum);
        }
        for (int c = whole + lane; c < cols; c += 32) sum = fmaf(element<type>(row, c), x[c], sum);
    }
    return sum;
}

template <DType type>
__global__ void __launch_bounds__(kWarps * 32)
    gemv_rows(const char* w, const float* x, float* out, int rows, int cols, bool add) {
    const int r = static_cast<int>(blockIdx.x) * kWarps + static_cast<int>(threadIdx.x) / 32;
    if (r >= rows) return;
    const float sum = warp_sum(
        lane_dot<type>(w + r * bytes_of_row(type, cols), x, cols, static_cast<int>(threadIdx.x) % 32));
    if (threadIdx.x % 32 == 0) out[r] = sum + (add ? out[r] : 0.0f);
}

}  // namespace

void gemv(cudaStream_t stream, const Tensor& w, const float* x, float* out, bool add) {
    with_type(w.type, [&](auto type) {
        gemv_rows<decltype(type)::value><<<parts(w.rows, kWarps), kWarps * 32, 0, stream>>>(
            static_cast<const char*>(w.data), x, out, static_cast<int>(w.rows), static_cast<int>(w.cols),
            add);
    });
}

}  // namespace longleaf::cuda
