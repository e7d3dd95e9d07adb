// One row times a matrix of blocks that stay as the file has them: a warp takes kRows rows at a time, which
// share what it reads of x, and each lane eight neighbouring values of each.
#include "cuda/cuda.h"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 4, kRows = 4;

template <DType type>
__global__ void __launch_bounds__(kWarps * 32)
    block_rows(const Weight w, const float* x, float* out, int rows, bool add) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int first = static_cast<int>(blockIdx.x * kWarps + threadIdx.x / 32) * kRows;
    if (first >= rows) return;
    const char* row[kRows];
    float sum[kRows] = {};
#pragma unroll
    for (int i = 0; i < kRows; ++i) row[i] = w.values + min(first + i, rows - 1) * w.row_bytes;
    for (int c = lane * 8; c < w.cols; c += 32 * 8) {
        float right[8];
        load_values(right, x + c, true);
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
            float left[8];
            eight_of_row<type>(row[i], c, left);
#pragma unroll
            for (int j = 0; j < 8; ++j) sum[i] = fmaf(left[j], right[j], sum[i]);
        }
    }
#pragma unroll
    for (float& s : sum) s = warp_sum(s);
#pragma unroll
    for (int i = 0; i < kRows; ++i)
        if (lane == i && first + i < rows) out[first + i] = sum[i] + (add ? out[first + i] : 0.0f);
}

}  // namespace

bool gemv_blocks(CudaBackend& cuda, const Tensor& w, const float* x, float* out, bool add) {
    bool done = false;
    with_type(w.type, [&](auto constant) {
        constexpr DType type = decltype(constant)::value;
        if constexpr (in_blocks<type>) {
            if (reinterpret_cast<uintptr_t>(x) % 16 != 0) return;
            block_rows<type><<<parts(w.rows, kWarps * kRows), kWarps * 32, 0, cuda.stream>>>(
                Weight(w), x, out, static_cast<int>(w.rows), add);
            done = true;
        }
    });
    return done;
}

}  // namespace longleaf::cuda
