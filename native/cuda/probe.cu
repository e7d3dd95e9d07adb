// Means of blocks of keys; and where the last block of queries looks, by key and by distance, in two walks
// over K: softmax needs each query's maximum and sum first. A block of threads multiplies the queries of one
// head by one block of keys; everything is added in a fixed order.
//
// At 128K tokens, 32 heads, D = 128: per walk 137 GFLOP, and K once per head.
#include <cmath>

#include "cuda/device.cuh"
#include "cuda/plan.h"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 8, kThreads = kWarps * 32, kRows = kPlanBlock;

/// D values per row padded to D; `keys` are multiplied at a time.
template <int D>
struct Shape {
    static constexpr int keys = D > 128 ? 32 : 64, row_bytes = D * 2 + 16, tile_stride = keys + 1;
    static constexpr int key_bytes = keys * row_bytes, tile_bytes = kRows * tile_stride * 4;
    static constexpr int shared_bytes = kRows * row_bytes + (key_bytes > tile_bytes ? key_bytes : tile_bytes);
};

/// Scores, in base 2, of the probe against `keys` keys: a warp has 16 queries, a lane of them rows l / 4 and
/// l / 4 + 8 and keys 8 j + l % 4 * 2 + e % 2.
template <int D>
using Scores = float[Shape<D>::keys / 8][4];

struct Task {
    int n, h, block;  // places
    const int32_t* list;
    float scale;  // log2(e) / sqrt(D)
    __device__ explicit Task(const Planning& p)
        : n(p.places()),
          h(static_cast<int>(blockIdx.y)),
          block(static_cast<int>(blockIdx.x)),
          list(p.list(h)),
          scale(1.4426950408889634f / sqrtf(static_cast<float>(p.d))) {}
    __device__ bool idle(const Planning& p) const { return !p.probes(n) || block * kPlanBlock >= n; }
    __device__ int position(int place) const { return list ? list[place] : place; }
};

template <int D>
__device__ void load_probe(const Planning& p, const Task& t, char* q_tile) {
    for (int at = static_cast<int>(threadIdx.x); at < kRows * D; at += kThreads) {
        const int r = at / D, c = at % D;
        const int64_t row = t.position(t.n - kRows + r);
        const float value = c < p.d ? load_value(p.q, p.q_type, row * p.q_stride + t.h * p.d + c) : 0.0f;
        *reinterpret_cast<__half*>(q_tile + r * Shape<D>::row_bytes + c * 2) = to_half(value);
    }
}

/// Keys from place `first` on, zeros after the last; then scores, -infinity where a query does not see a key.
template <int D, KvType type>
__device__ void multiply(const Planning& p, const Task& t, int first, const char* q_tile, char* k_tile,
                         Scores<D>& s) {
    using S = Shape<D>;
    constexpr int pieces = D / 8;
    const int64_t row_bytes = cached_row_bytes(type, p.d);
    const char* head = p.k + t.h / p.group * p.capacity * row_bytes;
    __syncthreads();
    for (int at = static_cast<int>(threadIdx.x); at < S::keys * pieces; at += kThreads) {
        const int row = at / pieces, piece = at % pieces;
        uint4 eight{0, 0, 0, 0};
        if (first + row < t.n)
            eight = cached_eight<type>(head + t.position(first + row) * row_bytes, piece * 8, p.d);
        *reinterpret_cast<uint4*>(k_tile + row * S::row_bytes + piece * 16) = eight;
    }
    __syncthreads();
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const uint32_t q_at = shared_address(q_tile) +
                          static_cast<uint32_t>((warp * 16 + lane % 16) * S::row_bytes + lane / 16 * 16);
    const uint32_t k_at =
        shared_address(k_tile) +
        static_cast<uint32_t>((lane % 8 + lane / 16 * 8) * S::row_bytes + lane / 8 % 2 * 16);
#pragma unroll
    for (auto& four : s) four[0] = four[1] = four[2] = four[3] = 0;
#pragma unroll
    for (int c = 0; c < D / 16; ++c) {
        uint32_t a[4];
        load_tiles(a, q_at + static_cast<uint32_t>(c * 32));
#pragma unroll
        for (int j = 0; j < S::keys / 16; ++j) {
            uint32_t b[4];
            load_tiles(b, k_at + static_cast<uint32_t>(j * 16 * S::row_bytes + c * 32));
            multiply_add<__half>(s[2 * j], a, b[0], b[1]);
            multiply_add<__half>(s[2 * j + 1], a, b[2], b[3]);
        }
    }
    const int my_place = t.n - kRows + warp * 16 + lane / 4;
#pragma unroll
    for (int j = 0; j < S::keys / 8; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            const int key = first + j * 8 + lane % 4 * 2 + e % 2;
            s[j][e] = key > my_place + e / 2 * 8 ? -INFINITY : s[j][e] * t.scale;
        }
}

/// First walk. blockIdx: (block of keys, head).
template <int D, KvType type>
__global__ void __launch_bounds__(kThreads) measure(const Planning p) {
    using S = Shape<D>;
    extern __shared__ __align__(128) char memory[];
    const Task t(p);
    if (t.idle(p)) return;
    char *q_tile = memory, *k_tile = memory + kRows * S::row_bytes;
    load_probe<D>(p, t, q_tile);
    float peak[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
    for (int first = t.block * kPlanBlock; first < (t.block + 1) * kPlanBlock; first += S::keys) {
        Scores<D> s;
        multiply<D, type>(p, t, first, q_tile, k_tile, s);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float top = peak[half];
#pragma unroll
            for (const auto& four : s) top = fmaxf(top, fmaxf(four[2 * half], four[2 * half + 1]));
            top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
            top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
            const float shift = top == -INFINITY ? 0 : top;  // nothing seen yet
            float part = 0;
#pragma unroll
            for (const auto& four : s)
                part += exp2_fast(four[2 * half] - shift) + exp2_fast(four[2 * half + 1] - shift);
            part += __shfl_xor_sync(~0u, part, 1);
            part += __shfl_xor_sync(~0u, part, 2);
            total[half] = total[half] * exp2_fast(peak[half] - shift) + part;
            peak[half] = top;
        }
    }
    const int lane = static_cast<int>(threadIdx.x) % 32,
              row = static_cast<int>(threadIdx.x) / 32 * 16 + lane / 4;
    if (lane % 4 > 0) return;
    float2* out = p.softmax + (static_cast<int64_t>(t.block) * p.heads + t.h) * kRows + row;
    out[0] = {peak[0], total[0]}, out[8] = {peak[1], total[1]};
}

/// Joins a head's blocks in order. blockIdx: head.
__global__ void __launch_bounds__(kRows) join_blocks(const Planning p) {
    const int n = p.places(), h = static_cast<int>(blockIdx.x), row = static_cast<int>(threadIdx.x);
    if (!p.probes(n)) return;
    const int blocks = (n + kPlanBlock - 1) / kPlanBlock;
    const float2* of = p.softmax + h * kRows + row;
    const int64_t step = static_cast<int64_t>(p.heads) * kRows;
    float peak = -INFINITY, total = 0;
#pragma unroll 8
    for (int b = 0; b < blocks; ++b) peak = fmaxf(peak, of[b * step].x);
#pragma unroll 8
    for (int b = 0; b < blocks; ++b) {
        const float2 part = of[b * step];
        total = fmaf(part.y, exp2f(part.x - peak), total);
    }
    p.against[h * kRows + row] = -(peak + log2f(total * kRows));
}

/// Second walk. blockIdx: (block of keys, head). Two blocks of keys share a distance: two sums onto zero come
/// out the same in either order.
template <int D, KvType type>
__global__ void __launch_bounds__(kThreads) share_out(const Planning p) {
    using S = Shape<D>;
    extern __shared__ __align__(128) char memory[];
    __shared__ float nearest[2 * kPlanBlock];  // of this block, by distance from the least
    const Task t(p);
    if (t.idle(p)) return;
    char *q_tile = memory, *k_tile = memory + kRows * S::row_bytes;
    float* tile = reinterpret_cast<float*>(k_tile);  // (kRows, tile_stride), once its keys were read
    load_probe<D>(p, t, q_tile);
    const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, row = thread / 32 * 16 + lane / 4;
    const float against[2] = {p.against[t.h * kRows + row], p.against[t.h * kRows + row + 8]};
    nearest[thread] = 0;
    for (int offset = 0; offset < kPlanBlock; offset += S::keys) {
        const int first = t.block * kPlanBlock + offset;
        Scores<D> s;
        multiply<D, type>(p, t, first, q_tile, k_tile, s);
        __syncthreads();
#pragma unroll
        for (int j = 0; j < S::keys / 8; ++j)
#pragma unroll
            for (int e = 0; e < 4; ++e)
                tile[(row + e / 2 * 8) * S::tile_stride + j * 8 + lane % 4 * 2 + e % 2] =
                    exp2_fast(s[j][e] + against[e / 2]);
        __syncthreads();
        if (thread < S::keys && first + thread < t.n) {
            float sum = 0;
            for (int r = 0; r < kRows; ++r) sum += tile[r * S::tile_stride + thread];
            p.vertical[static_cast<int64_t>(t.h) * p.length + first + thread] = sum;
        }
        // Distance of row r and key c of the block, less the block's least: r - c + kPlanBlock - 1.
        const int apart = thread - (kPlanBlock - 1) + offset;  // r - c', c' within the tile
        float sum = 0;
        for (int r = max(0, apart); r < min(kRows, S::keys + apart); ++r)
            sum += tile[r * S::tile_stride + r - apart];
        nearest[thread] += sum;
    }
    const int distance = t.n - kRows - t.block * kPlanBlock + thread - (kPlanBlock - 1);
    if (distance >= 0 && distance < t.n)
        atomicAdd(&p.slash[static_cast<int64_t>(t.h) * p.length + distance], nearest[thread]);
}

/// Mean of every block of keys. blockIdx: (block, plane).
template <KvType type>
__global__ void __launch_bounds__(kThreads) mean_keys(const Planning p) {
    __shared__ float sums[kThreads * 8];  // (rows at once, D)
    const int plane = static_cast<int>(blockIdx.y), h = plane * p.plane_heads, n = p.places();
    const int first = static_cast<int>(blockIdx.x) * kPlanBlock, count = min(kPlanBlock, n - first);
    if (count <= 0 || !p.probes(n)) return;
    const int pieces = p.d / 8, at_once = kThreads / pieces;
    const int row = static_cast<int>(threadIdx.x) / pieces, piece = static_cast<int>(threadIdx.x) % pieces;
    const int64_t row_bytes = cached_row_bytes(type, p.d);
    const char* head = p.k + h / p.group * p.capacity * row_bytes;
    const int32_t* list = p.list(h);
    float mine[8] = {};
    if (row < at_once) {
        for (int i = row; i < count; i += at_once) {
            const int position = list ? list[first + i] : first + i;
            const uint4 eight = cached_eight<type>(head + position * row_bytes, piece * 8, p.d);
            const auto* halves = reinterpret_cast<const __half*>(&eight);
#pragma unroll
            for (int e = 0; e < 8; ++e) mine[e] += __half2float(halves[e]);
        }
#pragma unroll
        for (int e = 0; e < 8; ++e) sums[row * p.d + piece * 8 + e] = mine[e];
    }
    __syncthreads();
    float* out = p.keys + (static_cast<int64_t>(plane) * p.blocks + blockIdx.x) * p.d;
    for (int c = static_cast<int>(threadIdx.x); c < p.d; c += kThreads) {
        float sum = 0;
        for (int r = 0; r < at_once; ++r) sum += sums[r * p.d + c];
        out[c] = sum / static_cast<float>(count);
    }
}

template <int D, KvType type>
void launch(CudaBackend& cuda, const Planning& p) {
    const dim3 grid(static_cast<unsigned>(p.blocks), static_cast<unsigned>(p.heads));
    const auto run = [&](auto kernel) {
        cuda.allow_shared(reinterpret_cast<const void*>(kernel), Shape<D>::shared_bytes);
        kernel<<<grid, kThreads, Shape<D>::shared_bytes, cuda.stream>>>(p);
    };
    run(measure<D, type>);
    join_blocks<<<static_cast<unsigned>(p.heads), kRows, 0, cuda.stream>>>(p);
    run(share_out<D, type>);
}

template <KvType type>
void launch(CudaBackend& cuda, const Planning& p) {
    if (p.d <= 64) return launch<64, type>(cuda, p);
    if (p.d <= 128) return launch<128, type>(cuda, p);
    launch<256, type>(cuda, p);
}

}  // namespace

void average_keys(CudaBackend& cuda, KvType type, const Planning& p) {
    const dim3 grid(static_cast<unsigned>(p.blocks), static_cast<unsigned>(p.heads / p.plane_heads));
    const auto kernel = type == KvType::f16 ? mean_keys<KvType::f16> : mean_keys<KvType::q8_0>;
    kernel<<<grid, kThreads, 0, cuda.stream>>>(p);
}

void probe_places(CudaBackend& cuda, KvType type, const Planning& p) {
    const uint64_t bytes = static_cast<uint64_t>(p.heads) * static_cast<uint64_t>(p.length) * sizeof(float);
    check(cudaMemsetAsync(p.slash, 0, bytes, cuda.stream), "clearing a profile");
    if (type == KvType::f16)
        launch<KvType::f16>(cuda, p);
    else
        launch<KvType::q8_0>(cuda, p);
}

}  // namespace longleaf::cuda
