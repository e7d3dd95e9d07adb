// One row times a matrix, bound by reading the weights: a warp per output row, lanes on consecutive
// stretches, sums in f32 in a fixed order.
#include "cuda/cuda.h"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 4;

/// Value j of 16 bytes of a row.
template <DType type>
__device__ float value_of(const uint4& words, int j) {
    constexpr int per_word = type == DType::q8_0 ? 4 : 2;
    const uint32_t word = (&words.x)[j / per_word];
    if constexpr (type == DType::q8_0)
        return static_cast<float>(static_cast<int8_t>(word >> (j % 4 * 8) & 0xff));
    else if constexpr (type == DType::f16)
        return __half2float(__ushort_as_half(static_cast<unsigned short>(word >> (j % 2 * 16) & 0xffff)));
    else
        return __uint_as_float(j % 2 ? word & 0xffff0000 : word << 16);
}

/// What one lane adds over `Rows` rows that share its values of x, 16 bytes of each at a time.
template <DType type, int Rows>
__device__ void lane_dots(const Weight& w, const int64_t (&r)[Rows], const float* x, int lane,
                          float (&sum)[Rows]) {
    constexpr int count = type == DType::q8_0 ? 16 : 8;
#pragma unroll 2
    for (int first = lane * count; first < w.cols; first += 32 * count) {
        uint4 words[Rows];
        float step[Rows];
#pragma unroll
        for (int i = 0; i < Rows; ++i) {
            words[i] = __ldcs(reinterpret_cast<const uint4*>(w.values + r[i] * w.row_bytes +
                                                             static_cast<int64_t>(first) * 16 / count));
            step[i] = type == DType::q8_0 ? __half2float(w.steps[r[i] * (w.cols / 32) + first / 32]) : 1.0f;
        }
        float part[Rows] = {};
#pragma unroll
        for (int j = 0; j < count; j += 4) {
            const float4 four = *reinterpret_cast<const float4*>(x + first + j);
#pragma unroll
            for (int i = 0; i < Rows; ++i) {
                part[i] = fmaf(value_of<type>(words[i], j), four.x, part[i]);
                part[i] = fmaf(value_of<type>(words[i], j + 1), four.y, part[i]);
                part[i] = fmaf(value_of<type>(words[i], j + 2), four.z, part[i]);
                part[i] = fmaf(value_of<type>(words[i], j + 3), four.w, part[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < Rows; ++i) sum[i] = fmaf(step[i], part[i], sum[i]);
    }
}

/// `words`: rows and x keep to 16 bytes. How many rows a warp takes changes no row's sum.
template <DType type, int Rows>
__global__ void __launch_bounds__(kWarps * 32)
    gemv_rows(const Weight w, const float* x, float* out, int rows, bool words, bool add) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int first = (static_cast<int>(blockIdx.x) * kWarps + static_cast<int>(threadIdx.x) / 32) * Rows;
    if (first >= rows) return;
    int64_t r[Rows];
    float sum[Rows] = {};
#pragma unroll
    for (int i = 0; i < Rows; ++i) r[i] = min(first + i, rows - 1);
    bool done = false;
    if constexpr (type != DType::f32)
        if (words) lane_dots<type, Rows>(w, r, x, lane, sum), done = true;
    if (!done)
        for (int i = 0; i < Rows; ++i)
            for (int c = lane; c < w.cols; c += 32) sum[i] = fmaf(element<type>(w, r[i], c), x[c], sum[i]);
#pragma unroll
    for (int i = 0; i < Rows; ++i) {
        const float whole = warp_sum(sum[i]);
        if (lane == 0 && first + i < rows) out[first + i] = whole + (add ? out[first + i] : 0.0f);
    }
}

template <DType type, int Rows>
void launch(cudaStream_t stream, const Tensor& w, const float* x, float* out, bool add) {
    const bool words = w.cols % 16 == 0 && reinterpret_cast<uintptr_t>(x) % 16 == 0;
    gemv_rows<type, Rows><<<parts(w.rows, kWarps * Rows), kWarps * 32, 0, stream>>>(
        Weight(w), x, out, static_cast<int>(w.rows), words, add);
}

}  // namespace

void gemv(cudaStream_t stream, const Tensor& w, const float* x, float* out, bool add) {
    with_type(w.type, [&](auto constant) {
        constexpr DType type = decltype(constant)::value;
        // Rows of a warp share what it reads of x; few rows are better spread over the device.
        if (w.rows >= 8192)
            launch<type, 4>(stream, w, x, out, add);
        else if (w.rows >= 2048)
            launch<type, 2>(stream, w, x, out, add);
        else
            launch<type, 1>(stream, w, x, out, add);
    });
}

}  // namespace longleaf::cuda
