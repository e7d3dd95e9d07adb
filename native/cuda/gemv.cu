// One row times a matrix, bound by reading the weights: a warp per output row, lanes on consecutive
// stretches, sums in f32 in a fixed order.
#include "cuda/cuda.h"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 8;

/// Eight or sixteen values of a row from value `first` on, in one load.
template <DType type>
__device__ float dot_of_load(const Weight& w, int64_t r, int first, const float* x) {
    const uint4 words = *reinterpret_cast<const uint4*>(
        w.values + r * w.row_bytes + static_cast<int64_t>(first) * (type == DType::q8_0 ? 1 : 2));
    constexpr int count = type == DType::q8_0 ? 16 : 8;
    float sum = 0;
#pragma unroll
    for (int i = 0; i < count; i += 4) {
        const float4 four = *reinterpret_cast<const float4*>(x + first + i);
        const float values[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            const int at = i + j;
            const uint32_t word = (&words.x)[at * 4 / count];
            float value;
            if constexpr (type == DType::q8_0)
                value = static_cast<float>(static_cast<int8_t>(word >> (at % 4 * 8) & 0xff));
            else if constexpr (type == DType::f16)
                value = __half2float(
                    __ushort_as_half(static_cast<unsigned short>(word >> (at % 2 * 16) & 0xffff)));
            else
                value = __uint_as_float(at % 2 ? word & 0xffff0000 : word << 16);
            sum = fmaf(value, values[j], sum);
        }
    }
    if constexpr (type == DType::q8_0) sum *= __half2float(w.steps[r * (w.cols / 32) + first / 32]);
    return sum;
}

/// What one lane adds over a row; `words`: rows and x keep to 16 bytes.
template <DType type>
__device__ float lane_dot(const Weight& w, int64_t r, const float* x, bool words, int lane) {
    float sum = 0;
    if constexpr (type != DType::f32) {
        constexpr int count = type == DType::q8_0 ? 16 : 8;
        if (words) {
#pragma unroll 4
            for (int first = lane * count; first < w.cols; first += 32 * count)
                sum += dot_of_load<type>(w, r, first, x);
            return sum;
        }
    }
    for (int c = lane; c < w.cols; c += 32) sum = fmaf(element<type>(w, r, c), x[c], sum);
    return sum;
}

template <DType type>
__global__ void __launch_bounds__(kWarps * 32)
    gemv_rows(const Weight w, const float* x, float* out, int rows, bool words, bool add) {
    const int r = static_cast<int>(blockIdx.x) * kWarps + static_cast<int>(threadIdx.x) / 32;
    if (r >= rows) return;
    const float sum = warp_sum(lane_dot<type>(w, r, x, words, static_cast<int>(threadIdx.x) % 32));
    if (threadIdx.x % 32 == 0) out[r] = sum + (add ? out[r] : 0.0f);
}

}  // namespace

void gemv(cudaStream_t stream, const Tensor& w, const float* x, float* out, bool add) {
    const Weight weight(w);
    const bool words = w.cols % 16 == 0 && reinterpret_cast<uintptr_t>(x) % 16 == 0;
    with_type(w.type, [&](auto type) {
        gemv_rows<decltype(type)::value><<<parts(w.rows, kWarps), kWarps * 32, 0, stream>>>(
            weight, x, out, static_cast<int>(w.rows), words, add);
    });
}

}  // namespace longleaf::cuda
