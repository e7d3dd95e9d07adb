// Attention of one query. A block takes one kv head, a stretch of keys and up to 16 of the query heads that
// share them, which are the rows of a tensor-core tile. K and V go from the cache straight to registers, 16
// bytes per lane: the sums over D of a score, and those over keys of an output, may be taken in any order, so
// each product numbers them the way the lanes happen to hold them.
#include <algorithm>
#include <cmath>

#include "cuda/attend.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 4, kHeads = 16, kTile = 32, kMaxParts = 64;

struct Split {
    const void* q;  // (H, D)
    DType q_type;
    const char *k, *v;
    int64_t capacity;
    int d, group, length, keys_per_part;
    float scale;   // log2(e) / sqrt(D)
    float* parts;  // (H, parts, D + 2): sums, peak, total
};

/// Values c .. c + 7 of a cached row as f16; zeros beyond d.
template <KvType type>
__device__ uint4 load_eight(const char* row, int c, int d) {
    if (c >= d) return {0, 0, 0, 0};
    if constexpr (type == KvType::f16)
        return __ldcs(reinterpret_cast<const uint4*>(row + c * 2));
    else
        return eight_of_q8_0(row, c);
}

/// Queries as the left factor. Of 32 values of D a lane of four holds eight, two for each half of two steps.
template <int D>
__device__ void load_queries(const Split& w, int head0, int heads, uint32_t (&q)[D / 16][4]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int step = 0; step < D / 16; ++step)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const int h = lane / 4 + i % 2 * 8;
            const int c = step / 2 * 32 + lane % 4 * 8 + step % 2 * 4 + i / 2 * 2;
            const int64_t from = (head0 + h) * w.d + c;
            const bool valid = h < heads && c < w.d;
            const auto value = [&](int e) {
                return to_half(valid ? load_value(w.q, w.q_type, from + e) : 0.0f);
            };
            const __half2 pair = __halves2half2(value(0), value(1));
            q[step][i] = reinterpret_cast<const uint32_t&>(pair);
        }
}

/// Running softmax of 16 heads over one warp's keys. Lane l: heads l / 4 and l / 4 + 8.
template <int D>
struct Running16 {
    static constexpr int chunks = D / 64;
    float sum[chunks][8][4] =
        {};  // value 64 * chunk + 8 * (lane % 4 * 2 + i % 2) + j of head l / 4 + i / 2 * 8
    float peak[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};

    /// Scores to probabilities, in place; earlier sums shrink to the new peak.
    __device__ void absorb(float (&s)[kTile / 8][4], float scale) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            float top = peak[half];
#pragma unroll
            for (auto& keys : s) top = fmaxf(top, fmaxf(keys[2 * half], keys[2 * half + 1]));
            top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
            top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
            const float shrink = exp2_fast((peak[half] - top) * scale);
            float part = 0;
#pragma unroll
            for (auto& keys : s)
#pragma unroll
                for (int e = 2 * half; e < 2 * half + 2; ++e)
                    part += keys[e] = exp2_fast((keys[e] - top) * scale);
            total[half] = fmaf(total[half], shrink, part);
            peak[half] = top;
            if (!__any_sync(~0u, shrink != 1.0f)) continue;
#pragma unroll
            for (auto& chunk : sum)
#pragma unroll
                for (auto& values : chunk) values[2 * half] *= shrink, values[2 * half + 1] *= shrink;
        }
    }
};

/// The warps' sums, brought to one peak and added in order of warps, to the part's place.
template <int D>
__device__ void join_warps(const Split& w, int head0, int heads, Running16<D>& r) {
    __shared__ float peaks[kWarps][kHeads], totals[kWarps][kHeads], sums[kHeads][D];
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        float& total = r.total[half];
        total += __shfl_xor_sync(~0u, total, 1);
        total += __shfl_xor_sync(~0u, total, 2);
        const int h = lane / 4 + half * 8;
        if (lane % 4 == 0) peaks[warp][h] = r.peak[half] * w.scale, totals[warp][h] = total;
    }
    __syncthreads();
    const auto top_of = [&](int h) {
        float top = -INFINITY;
        for (int i = 0; i < kWarps; ++i) top = fmaxf(top, peaks[i][h]);
        return top;
    };
    for (int turn = 0; turn < kWarps; ++turn) {
        if (warp == turn)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int h = lane / 4 + half * 8;
                const float factor = totals[warp][h] > 0 ? exp2f(peaks[warp][h] - top_of(h)) : 0;
#pragma unroll
                for (int chunk = 0; chunk < D / 64; ++chunk)
#pragma unroll
                    for (int j = 0; j < 8; ++j)
#pragma unroll
                        for (int e = 0; e < 2; ++e) {
                            float& to = sums[h][chunk * 64 + (lane % 4 * 2 + e) * 8 + j];
                            const float mine = r.sum[chunk][j][2 * half + e] * factor;
                            to = turn == 0 ? mine : to + mine;
                        }
            }
        __syncthreads();
    }
    for (int h = 0; h < heads; ++h) {
        float* part = w.parts + (static_cast<int64_t>(head0 + h) * gridDim.x + blockIdx.x) * (w.d + 2);
        for (int c = static_cast<int>(threadIdx.x); c < w.d; c += kWarps * 32) part[c] = sums[h][c];
        if (threadIdx.x > 0) continue;
        const float top = top_of(h);
        float all = 0;
        for (int i = 0; i < kWarps; ++i)
            if (totals[i][h] > 0) all = fmaf(totals[i][h], exp2f(peaks[i][h] - top), all);
        part[w.d] = top, part[w.d + 1] = all;
    }
}

/// blockIdx: (part of the keys, kv head, 16 heads of its group).
template <KvType type, int D>
__global__ void __launch_bounds__(kWarps * 32, D > 128 ? 1 : 3) attend_part(const Split w) {
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32, d = w.d;
    const int head0 = static_cast<int>(blockIdx.y) * w.group + static_cast<int>(blockIdx.z) * kHeads;
    const int heads = min(kHeads, w.group - static_cast<int>(blockIdx.z) * kHeads);
    const int64_t row_bytes = type == KvType::f16 ? d * 2 : d / 32 * 34;
    const char *k = w.k + blockIdx.y * w.capacity * row_bytes, *v = w.v + blockIdx.y * w.capacity * row_bytes;
    uint32_t q[D / 16][4];
    load_queries<D>(w, head0, heads, q);
    Running16<D> r;
    const int begin = static_cast<int>(blockIdx.x) * w.keys_per_part;
    const int end = min(begin + w.keys_per_part, w.length);
    for (int first = begin + warp * kTile; first < end; first += kWarps * kTile) {
        float s[kTile / 8][4] = {};
#pragma unroll
        for (int j = 0; j < kTile / 8; ++j) {
            const char* row = k + min(first + j * 8 + lane / 4, end - 1) * row_bytes;
#pragma unroll
            for (int c = 0; c < D / 32; ++c) {
                const uint4 words = load_eight<type>(row, c * 32 + lane % 4 * 8, d);
                multiply_add<__half>(s[j], q[2 * c], words.x, words.y);
                multiply_add<__half>(s[j], q[2 * c + 1], words.z, words.w);
            }
#pragma unroll
            for (int e = 0; e < 4; ++e)
                if (first + j * 8 + lane % 4 * 2 + e % 2 >= end) s[j][e] = -INFINITY;
        }
        r.absorb(s, w.scale);
#pragma unroll
        for (int j = 0; j < kTile / 16; ++j) {
            const uint32_t p[4] = {
                pack_halves(s[2 * j][0], s[2 * j][1]), pack_halves(s[2 * j][2], s[2 * j][3]),
                pack_halves(s[2 * j + 1][0], s[2 * j + 1][1]), pack_halves(s[2 * j + 1][2], s[2 * j + 1][3])};
#pragma unroll
            for (int chunk = 0; chunk < D / 64; ++chunk) {
                uint4 rows[4];  // of keys 2n, 2n + 1, 2n + 8 and 2n + 9, n = lane % 4
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const int key = first + j * 16 + lane % 4 * 2 + i % 2 + i / 2 * 8;
                    rows[i] =
                        load_eight<type>(v + min(key, end - 1) * row_bytes, chunk * 64 + lane / 4 * 8, d);
                }
#pragma unroll
                for (int i = 0; i < 8; ++i) {
                    const unsigned pick = i % 2 ? 0x7632 : 0x5410;
                    multiply_add<__half>(r.sum[chunk][i], p,
                                         __byte_perm((&rows[0].x)[i / 2], (&rows[1].x)[i / 2], pick),
                                         __byte_perm((&rows[2].x)[i / 2], (&rows[3].x)[i / 2], pick));
                }
            }
        }
    }
    join_warps<D>(w, head0, heads, r);
}

/// out (D) of head blockIdx.x: the parts in order, brought to one peak.
__global__ void join_parts(const float* parts, int count, int d, void* out, DType out_type) {
    __shared__ float factors[kMaxParts];
    const float* mine = parts + static_cast<int64_t>(blockIdx.x) * count * (d + 2);
    float top = -INFINITY;
    for (int i = 0; i < count; ++i) top = fmaxf(top, mine[i * (d + 2) + d]);
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x))
        factors[i] = exp2f(mine[i * (d + 2) + d] - top);
    __syncthreads();
    float total = 0;
    for (int i = 0; i < count; ++i) total = fmaf(mine[i * (d + 2) + d + 1], factors[i], total);
    for (int c = static_cast<int>(threadIdx.x); c < d; c += static_cast<int>(blockDim.x)) {
        float x = 0;
#pragma unroll 8
        for (int i = 0; i < count; ++i) x = fmaf(mine[i * (d + 2) + c], factors[i], x);
        store_value(out, out_type, blockIdx.x * d + c, x / total);
    }
}

template <int D>
void launch(cudaStream_t stream, KvType type, const dim3& grid, const Split& w) {
    const auto kernel = type == KvType::f16 ? attend_part<KvType::f16, D> : attend_part<KvType::q8_0, D>;
    kernel<<<grid, kWarps * 32, 0, stream>>>(w);
}

}  // namespace

void decode(Running& run, const Matrix& q, const KvLayer& kv, int length, const Matrix& out) {
    const int d = kv.head_dim, heads = static_cast<int>(q.cols) / d;
    Split w{};
    w.q = q.data, w.q_type = q.type, w.k = static_cast<const char*>(kv.k),
    w.v = static_cast<const char*>(kv.v);
    w.capacity = kv.capacity, w.d = d, w.group = heads / kv.kv_heads, w.length = length;
    w.scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(d)));
    // One wave of blocks, three to a multiprocessor.
    const unsigned heads_at_a_time = parts(w.group, kHeads);
    const int wanted = 3 * run.cuda.multiprocessors / (kv.kv_heads * static_cast<int>(heads_at_a_time));
    const int most = std::clamp(wanted, 1, kMaxParts);
    w.keys_per_part = static_cast<int>(round_up(std::max(256, (length + most - 1) / most), kWarps * kTile));
    const unsigned count = parts(length, w.keys_per_part);
    w.parts = static_cast<float*>(
        run.cuda.parts.reserve(static_cast<uint64_t>(heads) * kMaxParts * static_cast<uint64_t>(d + 2) * 4));
    const dim3 grid(count, static_cast<unsigned>(kv.kv_heads), heads_at_a_time);
    const auto run_on = d <= 64 ? launch<64> : d <= 128 ? launch<128> : launch<256>;
    run_on(run.cuda.stream, kv.type, grid, w);
    join_parts<<<static_cast<unsigned>(heads), 128, 0, run.cuda.stream>>>(w.parts, static_cast<int>(count), d,
                                                                          out.data, out.type);
}

}  // namespace longleaf::cuda
