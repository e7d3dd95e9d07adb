// Attention of one query, bound by reading the cache. A block takes one kv head, a part of the keys and up to
// 16 of the query heads that share them, which are the rows of a tensor-core tile. Each warp streams its
// keys, 16 at a time, through a ring of its own in shared memory and never waits for another; warps of all
// blocks take such tiles in turn, so that together they read a head from its begin to its end. f16 is copied
// in the pieces in which lanes will want them, since the sums over D of a score, and those over keys of
// an output, may be taken in any order. The block that ends last joins what all found, in order.
#include <algorithm>
#include <cmath>

#include "cuda/attend.h"
#include "cuda/chain.cuh"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kMostWarps = 8, kHeads = 16, kTile = 16, kStages = 3, kMostParts = 256;

struct Split {
    const void* q;  // (H, D)
    DType q_type;
    const char *k, *v;
    int64_t capacity;
    int d, group, length;
    float scale;    // as Walk's
    SoftCap cap;
    float* parts;   // (H, parts, D + 2): sums, peak, total
    int* arrivals;  // (G, heads at a time), zero between launches
    void* out;      // (H, D)
    DType out_type;

    __device__ int64_t row_bytes(KvType type) const { return cached_row_bytes(type, d); }
    __device__ float* part(int head, int number) const {
        return parts + (static_cast<int64_t>(head) * gridDim.x + number) * (d + 2);
    }
};

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

/// Tiles of keys and values on their way to one warp. key(j, c): values 32 c + l % 4 * 8 .. + 7 of key
/// 8 j + l / 4. value(i, c): 64 c + l / 4 * 8 .. + 7 of V of key l % 4 * 2 + i % 2 + i / 2 * 8.
template <KvType type, int D>
struct Ring {
    static constexpr bool pieces = type == KvType::f16;  // else whole rows as they are, from 16 bytes on
    static constexpr int half_bytes = pieces ? kTile * D * 2 : kTile * (D / 32 * 34) + 16;
    static constexpr int stage_bytes = 2 * half_bytes, bytes = kStages * stage_bytes;  // of a warp

    char* memory;  // of this warp
    const char *k, *v;
    int64_t row_bytes;
    int d, end, shift_k = 0, shift_v = 0;  // shifts: what the stage taken lies behind its start
    int asked = 0, taken = 0;              // stages

    __device__ int lane() const { return static_cast<int>(threadIdx.x) % 32; }

    /// Of f16: `to` and `row` of a piece, from value c on.
    __device__ void copy(char* to, const char* rows, int key, int c) const {
        const bool valid = c < d;
        copy_async(shared_address(to), rows + min(key, end - 1) * row_bytes + (valid ? c * 2 : 0), valid);
    }
    /// Of q8_0: rows from `first` on, from the 16 bytes that their first byte is in.
    __device__ void copy_rows(char* to, const char* rows, int first) const {
        const char *from = rows + first * row_bytes, *last = rows + end * row_bytes;
        from -= reinterpret_cast<uintptr_t>(from) % 16;
        for (int at = lane() * 16; at < half_bytes; at += 512) {
            const int64_t there = min(max(last - from - at, int64_t{0}), int64_t{16});
            copy_async_some(shared_address(to + at), there > 0 ? from + at : from, static_cast<int>(there));
        }
    }
    /// Asks for the keys from `first` on, if there are any; rows after `end` are another's or zeros.
    __device__ void ask(int first) {
        char *key = memory + asked * stage_bytes, *value = key + half_bytes;
        if (first < end) {
            if constexpr (pieces) {
                constexpr int at_once = D > 128 ? 2 : 8;  // more would not leave enough registers
#pragma unroll at_once
                for (int i = 0; i < kTile * D / 256; ++i) {  // whole lines at a time, for other lanes too
                    const int number = i * 32 + lane(), row = number / (D / 8), eight = number % (D / 8);
                    const int piece = row / 8 * (D / 32) + eight / 4;
                    copy(key + (piece * 32 + row % 8 * 4 + eight % 4) * 16, k, first + row, eight * 8);
                }
#pragma unroll
                for (int i = 0; i < 4; ++i)
#pragma unroll
                    for (int c = 0; c < D / 64; ++c)
                        copy(value + ((i * (D / 64) + c) * 32 + lane()) * 16, v,
                             first + lane() % 4 * 2 + i % 2 + i / 2 * 8, c * 64 + lane() / 4 * 8);
            } else {
                copy_rows(key, k, first), copy_rows(value, v, first);
            }
        }
        copies_commit();
        asked = asked + 1 == kStages ? 0 : asked + 1;
    }
    /// Brings the tile from `first` on closer, without reading it.
    __device__ void expect(int first) const {
        if (first + lane() % kTile >= end) return;
        const char* row = (lane() < kTile ? k : v) + (first + lane() % kTile) * row_bytes;
        for (int at = 0; at < row_bytes; at += 128) prefetch(row + at);
    }
    /// Waits for the oldest tile, whose first key is `first`.
    __device__ void take(int first) {
        copies_wait<kStages - 2>();
        __syncwarp();  // what other lanes copied is there, and they have read the stage dropped last
        if constexpr (!pieces) {
            shift_k = static_cast<int>(reinterpret_cast<uintptr_t>(k + first * row_bytes) % 16);
            shift_v = static_cast<int>(reinterpret_cast<uintptr_t>(v + first * row_bytes) % 16);
        }
    }
    __device__ void drop() { taken = taken + 1 == kStages ? 0 : taken + 1; }
    __device__ uint4 key(int j, int c) const {
        const char* from = memory + taken * stage_bytes;
        if constexpr (pieces)
            return reinterpret_cast<const uint4*>(from)[(j * (D / 32) + c) * 32 + lane()];
        else
            return cached_eight<type>(from + shift_k + (j * 8 + lane() / 4) * row_bytes,
                                      c * 32 + lane() % 4 * 8, d);
    }
    __device__ uint4 value(int i, int c) const {
        const char* from = memory + taken * stage_bytes + half_bytes;
        if constexpr (pieces)
            return reinterpret_cast<const uint4*>(from)[(i * (D / 64) + c) * 32 + lane()];
        else
            return cached_eight<type>(from + shift_v + (lane() % 4 * 2 + i % 2 + i / 2 * 8) * row_bytes,
                                      c * 64 + lane() / 4 * 8, d);
    }
};

/// Running softmax of 16 heads over one warp's keys. Lane l: heads l / 4 and l / 4 + 8.
template <int D>
struct Softmax16 {
    float sum[D / 64][8][4] = {};  // value 64 c + 8 (l % 4 * 2 + i % 2) + j of head l / 4 + i / 2 * 8
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

/// The warps' sums, brought to one peak and added in order of warps, to the part's place. `memory`: all
/// rings.
template <int D>
__device__ void join_warps(const Split& w, int head0, int heads, Softmax16<D>& r, char* memory) {
    constexpr int stride = D + 1;  // so that heads lie in different banks
    __shared__ float peaks[kMostWarps][kHeads], totals[kMostWarps][kHeads];
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int warps = static_cast<int>(blockDim.x) / 32;
    auto* sums = reinterpret_cast<float*>(memory);  // (warps, heads, stride)
    __syncthreads();
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        float& total = r.total[half];
        total += __shfl_xor_sync(~0u, total, 1);
        total += __shfl_xor_sync(~0u, total, 2);
        const int h = lane / 4 + half * 8;
        if (lane % 4 == 0) peaks[warp][h] = r.peak[half] * w.scale, totals[warp][h] = total;
        if (h >= heads) continue;
        float* row = sums + (warp * heads + h) * stride;
#pragma unroll
        for (int chunk = 0; chunk < D / 64; ++chunk)
#pragma unroll
            for (int j = 0; j < 8; ++j)
#pragma unroll
                for (int e = 0; e < 2; ++e)
                    row[chunk * 64 + (lane % 4 * 2 + e) * 8 + j] = r.sum[chunk][j][2 * half + e];
    }
    __syncthreads();
    for (int at = static_cast<int>(threadIdx.x); at < heads * D; at += static_cast<int>(blockDim.x)) {
        const int h = at / D, c = at % D;
        float top = -INFINITY, x = 0, total = 0;
        for (int i = 0; i < warps; ++i) top = fmaxf(top, peaks[i][h]);
        for (int i = 0; i < warps; ++i) {
            const float factor = totals[i][h] > 0 ? exp2f(peaks[i][h] - top) : 0;
            x = fmaf(sums[(i * heads + h) * stride + c], factor, x);
            total = fmaf(totals[i][h], factor, total);
        }
        float* part = w.part(head0 + h, static_cast<int>(blockIdx.x));
        if (c < w.d) part[c] = x;
        if (c == 0) part[w.d] = top, part[w.d + 1] = total;
    }
}

/// out: the parts in order, brought to one peak. A warp finds the parts' factors, all the sums.
__device__ void join_parts(const Split& w, int head0, int heads, char* memory) {
    const int lane = static_cast<int>(threadIdx.x) % 32, count = static_cast<int>(gridDim.x);
    auto* factors = reinterpret_cast<float*>(memory);  // (heads, parts)
    for (int h = static_cast<int>(threadIdx.x) / 32; h < heads; h += static_cast<int>(blockDim.x) / 32) {
        float top = -INFINITY, total = 0;
        for (int i = lane; i < count; i += 32) top = fmaxf(top, __ldcg(w.part(head0 + h, i) + w.d));
        top = warp_max(top);
        for (int i = lane; i < count; i += 32) {
            const float factor = exp2f(__ldcg(w.part(head0 + h, i) + w.d) - top);
            factors[h * count + i] = factor;
            total = fmaf(__ldcg(w.part(head0 + h, i) + w.d + 1), factor, total);
        }
        total = warp_sum(total);
        for (int i = lane; i < count; i += 32) factors[h * count + i] /= total;
    }
    __syncthreads();
    for (int at = static_cast<int>(threadIdx.x); at < heads * w.d; at += static_cast<int>(blockDim.x)) {
        const int h = at / w.d, c = at % w.d;
        float x = 0;
#pragma unroll 8
        for (int i = 0; i < count; ++i) x = fmaf(__ldcg(w.part(head0 + h, i) + c), factors[h * count + i], x);
        store_value(w.out, w.out_type, static_cast<int64_t>(head0 + h) * w.d + c, x);
    }
}

/// blockIdx: (part of the keys, kv head, 16 heads of its group).
template <KvType type, int D>
__global__ void __launch_bounds__(kMostWarps * 32, 1) attend_part(const Split w) {
    extern __shared__ __align__(128) char memory[];
    using R = Ring<type, D>;
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int head0 = static_cast<int>(blockIdx.y) * w.group + static_cast<int>(blockIdx.z) * kHeads;
    const int heads = min(kHeads, w.group - static_cast<int>(blockIdx.z) * kHeads);
    const int64_t head_bytes = w.capacity * w.row_bytes(type);
    R ring{memory + warp * R::bytes,
           w.k + blockIdx.y * head_bytes,
           w.v + blockIdx.y * head_bytes,
           w.row_bytes(type),
           w.d,
           w.length};
    const int warps = static_cast<int>(blockDim.x) / 32, step = static_cast<int>(gridDim.x) * warps * kTile;
    int first = (static_cast<int>(blockIdx.x) * warps + warp) * kTile, ahead = first;
    let_next_begin();
    for (int i = 1; i < kStages; ++i) ring.expect(first + (i - 1) * step);
    wait_for_earlier();
    for (int i = 1; i < kStages; ++i, ahead += step) ring.ask(ahead);
    uint32_t q[D / 16][4];
    load_queries<D>(w, head0, heads, q);
    Softmax16<D> r;
    for (; first < ring.end; first += step, ahead += step) {
        ring.take(first);
        ring.ask(ahead);  // into the stage dropped last
        float s[kTile / 8][4] = {};
#pragma unroll
        for (int c = 0; c < D / 32; ++c)
#pragma unroll
            for (int j = 0; j < kTile / 8; ++j) {
                const uint4 words = ring.key(j, c);
                multiply_add<__half>(s[j], q[2 * c], words.x, words.y);
                multiply_add<__half>(s[j], q[2 * c + 1], words.z, words.w);
            }
        if (w.cap.most > 0)
#pragma unroll
            for (auto& keys : s)
#pragma unroll
                for (float& score : keys) w.cap.soften(score);
        if (first + kTile > ring.end)
#pragma unroll
            for (int j = 0; j < kTile / 8; ++j)
#pragma unroll
                for (int e = 0; e < 4; ++e)
                    if (first + j * 8 + lane % 4 * 2 + e % 2 >= ring.end) s[j][e] = -INFINITY;
        r.absorb(s, w.scale);
        const uint32_t p[4] = {pack_halves(s[0][0], s[0][1]), pack_halves(s[0][2], s[0][3]),
                               pack_halves(s[1][0], s[1][1]), pack_halves(s[1][2], s[1][3])};
#pragma unroll
        for (int chunk = 0; chunk < D / 64; ++chunk) {
            uint4 rows[4];  // of keys 2n, 2n + 1, 2n + 8 and 2n + 9, n = lane % 4
#pragma unroll
            for (int i = 0; i < 4; ++i) rows[i] = ring.value(i, chunk);
#pragma unroll
            for (int i = 0; i < 8; ++i) {
                const unsigned pick = i % 2 ? 0x7632 : 0x5410;
                multiply_add<__half>(r.sum[chunk][i], p,
                                     __byte_perm((&rows[0].x)[i / 2], (&rows[1].x)[i / 2], pick),
                                     __byte_perm((&rows[2].x)[i / 2], (&rows[3].x)[i / 2], pick));
            }
        }
        ring.drop();
    }
    copies_wait<0>();
    join_warps<D>(w, head0, heads, r, memory);
    if (arrives_last(w.arrivals + blockIdx.y * gridDim.z + blockIdx.z)) join_parts(w, head0, heads, memory);
}

template <KvType type, int D>
void launch(CudaBackend& cuda, const dim3& grid, const Split& w) {
    using R = Ring<type, D>;
    // Beside the rings there are a few arrays of fixed size.
    const int warps = std::clamp((cuda.block_bytes - 2048) / R::bytes, 1, kMostWarps);
    const int bytes = std::max(warps * R::bytes, kHeads * kMostParts * 4);
    cuda.allow_shared(reinterpret_cast<const void*>(attend_part<type, D>), bytes);
    launch_chained(cuda, attend_part<type, D>, grid, warps * 32, bytes, w);
}

}  // namespace

void decode(Running& run, const Matrix& q, const KvLayer& kv, int length, const Matrix& out) {
    CudaBackend& cuda = run.cuda;
    const int d = kv.head_dim, heads = static_cast<int>(q.cols) / d;
    Split w{};
    w.q = q.data, w.q_type = q.type, w.out = out.data, w.out_type = out.type;
    // Keys before a window are as if they were not there.
    const int64_t before = kv.window > 0 ? std::max<int64_t>(0, length - kv.window) : 0;
    length -= static_cast<int>(before);
    w.k = static_cast<const char*>(kv.k) + before * cached_row_bytes(kv.type, d);
    w.v = static_cast<const char*>(kv.v) + before * cached_row_bytes(kv.type, d);
    w.capacity = kv.capacity, w.d = d, w.group = heads / kv.kv_heads, w.length = length;
    w.scale = SoftCap::scale(kv), w.cap = SoftCap(kv);
    // One block to a multiprocessor, with a tile for each of its warps at least.
    const unsigned heads_at_a_time = parts(w.group, kHeads);
    const int most =
        std::clamp(cuda.multiprocessors / (kv.kv_heads * static_cast<int>(heads_at_a_time)), 1, kMostParts);
    const int wanted = std::min(most, static_cast<int>(parts(length, kMostWarps * kTile)));
    w.parts = static_cast<float*>(cuda.parts.reserve(static_cast<uint64_t>(heads) * most * (d + 2) * 4));
    w.arrivals = static_cast<int*>(
        cuda.arrivals.reserve_zeros(cuda.stream, uint64_t{4} * kv.kv_heads * heads_at_a_time));
    const dim3 grid(static_cast<unsigned>(wanted), static_cast<unsigned>(kv.kv_heads), heads_at_a_time);
    const bool f16 = kv.type == KvType::f16;
    const auto run_on = d <= 64    ? (f16 ? launch<KvType::f16, 64> : launch<KvType::q8_0, 64>)
                        : d <= 128 ? (f16 ? launch<KvType::f16, 128> : launch<KvType::q8_0, 128>)
                                   : (f16 ? launch<KvType::f16, 256> : launch<KvType::q8_0, 256>);
    run_on(cuda, grid, w);
}

}  // namespace longleaf::cuda
