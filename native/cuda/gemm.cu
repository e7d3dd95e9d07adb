// Tensor-core product for machines without cuBLAS: 128 x 128 tiles, three stages of asynchronous copies, each
// of 8 warps a 64 x 32 part. Shared rows are 64 values (128 bytes) with 16-byte pieces swizzled by row, so
// that ldmatrix meets no bank twice.
#include "cuda/gemm.cuh"

#include "cuda/cuda.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kRows = 128, kCols = 128, kDepth = 64, kStages = 3, kThreads = 256;
constexpr int kTileBytes = kRows * kDepth * 2;
constexpr int kSharedBytes = kStages * 2 * kTileBytes;
static_assert(kRows == kCols, "one loader serves both operands");

__device__ inline uint32_t piece(int row, int chunk) {
    return static_cast<uint32_t>(row * (kDepth * 2) + ((chunk ^ (row & 7)) * 16));
}

/// 128 rows of 64 values from k on; zeros beyond the edges.
template <class H>
__device__ void load_operand(uint32_t to, const H* from, int64_t stride, int first, int rows, int k,
                             int depth) {
#pragma unroll
    for (int i = 0; i < kRows * (kDepth / 8) / kThreads; ++i) {
        const int at = i * kThreads + static_cast<int>(threadIdx.x), row = at / 8, chunk = at % 8;
        const bool valid = first + row < rows && k + chunk * 8 < depth;
        const H* source = valid ? from + static_cast<int64_t>(first + row) * stride + k + chunk * 8 : from;
        copy_async(to + piece(row, chunk), source, valid);
    }
}

/// Two neighbours of a row at once where that is possible.
template <class Out>
__device__ void store_pair(Out* to, float a, float b, bool second, bool whole, bool add) {
    if constexpr (std::is_same_v<Out, float>)
        if (add) a += to[0], b += second ? to[1] : 0.0f;
    if (second && whole) {
        struct alignas(2 * sizeof(Out)) Pair {
            Out values[2];
        };
        *reinterpret_cast<Pair*>(to) = {narrow<Out>(a), narrow<Out>(b)};
    } else {
        to[0] = narrow<Out>(a);
        if (second) to[1] = narrow<Out>(b);
    }
}

template <class H, class Out>
__global__ void __launch_bounds__(kThreads, 2)
    gemm_tiles(const H* x, int64_t x_stride, const H* w, int64_t w_stride, Out* out, int64_t out_stride,
               int rows, int cols, int depth, bool whole, bool add) {
    extern __shared__ __align__(128) char memory[];
    const uint32_t shared = shared_address(memory);
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int row0 = static_cast<int>(blockIdx.x) * kRows, col0 = static_cast<int>(blockIdx.y) * kCols;
    const int warp_row = warp / 4 * 64, warp_col = warp % 4 * 32;
    const int steps = (depth + kDepth - 1) / kDepth;

    const auto load = [&](int step) {
        if (step < steps) {
            const uint32_t stage = shared + static_cast<uint32_t>(step % kStages * 2 * kTileBytes);
            load_operand(stage, x, x_stride, row0, rows, step * kDepth, depth);
            load_operand(stage + kTileBytes, w, w_stride, col0, cols, step * kDepth, depth);
        }
        copies_commit();
    };
    float sum[4][4][4] = {};
    for (int s = 0; s < kStages - 1; ++s) load(s);
    for (int step = 0; step < steps; ++step) {
        copies_wait<kStages - 2>();
        __syncthreads();
        load(step + kStages - 1);
        const uint32_t a_tile = shared + static_cast<uint32_t>(step % kStages * 2 * kTileBytes);
        const uint32_t b_tile = a_tile + kTileBytes;
#pragma unroll
        for (int k = 0; k < kDepth / 16; ++k) {
            uint32_t a[4][4], b[2][4];
#pragma unroll
            for (int i = 0; i < 4; ++i)
                load_tiles(a[i], a_tile + piece(warp_row + i * 16 + lane % 16, k * 2 + lane / 16));
#pragma unroll
            for (int j = 0; j < 2; ++j)
                load_tiles(
                    b[j], b_tile + piece(warp_col + j * 16 + lane % 8 + lane / 16 * 8, k * 2 + lane / 8 % 2));
#pragma unroll
            for (int i = 0; i < 4; ++i)
#pragma unroll
                for (int j = 0; j < 4; ++j)
                    multiply_add<H>(sum[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
        }
    }
    const int row = row0 + warp_row + lane / 4, col = col0 + warp_col + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int r = row + i * 16 + half * 8, c = col + j * 8;
                if (r >= rows || c >= cols) continue;
                store_pair(out + r * out_stride + c, sum[i][j][2 * half], sum[i][j][2 * half + 1],
                           c + 1 < cols, whole, add);
            }
}

template <class H, class Out>
void launch(CudaBackend& cuda, const Product& p) {
    const Matrix& out = p.out;
    const auto kernel = gemm_tiles<H, Out>;
    cuda.allow_shared(reinterpret_cast<const void*>(kernel), kSharedBytes);
    const bool whole = out.stride % 2 == 0 && reinterpret_cast<uintptr_t>(out.data) % (2 * sizeof(Out)) == 0;
    kernel<<<dim3(parts(out.rows, kRows), parts(out.cols, kCols)), kThreads, kSharedBytes, cuda.stream>>>(
        static_cast<const H*>(p.x), p.x_stride, static_cast<const H*>(p.w), p.w_stride,
        static_cast<Out*>(out.data), out.stride, static_cast<int>(out.rows), static_cast<int>(out.cols),
        p.depth, whole, p.add);
}

}  // namespace

void gemm(CudaBackend& cuda, const Product& p) {
    with_activation(p.out.type, [&](auto* of) {
        using Out = std::remove_pointer_t<decltype(of)>;
        p.type == DType::bf16 ? launch<__nv_bfloat16, Out>(cuda, p) : launch<__half, Out>(cuda, p);
    });
}

}  // namespace longleaf::cuda
