// Attention of one query, bound by reading the cache. A block takes one kv head, a part of the keys and up to
// 8 of the query heads that share them. Each warp streams its keys, 16 at a time, through a ring of its own
// in shared memory and never waits for another; warps of all blocks take such tiles in turn, so that together
// they read a head from its begin to its end. The sums over D of a score, and those over keys of an output,
// may be taken in any order, so lanes read what lies in one piece. Heads are rows of the scores and columns
// of the outputs, so that what is under way of either is in the lane that goes on with it. The block that
// ends last joins what all found, in order. Copying is what takes the time (native/README.md has what was
// tried).
#include <algorithm>
#include <cmath>

#include "cuda/attend.h"
#include "cuda/chain.cuh"
#include "cuda/decode_ring.cuh"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kHeads = 8, kMostParts = 256;
constexpr int kLeastKeys = 8 * kTile;  // of a block

struct Split {
    const void* q;  // (H, D)
    DType q_type;
    const char *k, *v;
    int64_t capacity;
    int d, group, length;
    float scale;  // as Walk's
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

/// Queries as rows of the left factor, of which the last 8 are zeros. Of each eight values two go to each
/// half of two steps.
template <KvType type, int D>
__device__ void load_queries(const Split& w, int head0, int heads, uint32_t (&q)[D / 16][2]) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int step = 0; step < D / 16; ++step)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            const int c = Share<type, D>::key(step / 2) + step % 2 * 4 + i * 2;
            const int64_t from = (head0 + lane / 4) * w.d + c;
            const bool valid = lane / 4 < heads && c < w.d;
            const auto value = [&](int e) {
                return to_half(valid ? load_value(w.q, w.q_type, from + e) : 0.0f);
            };
            const __half2 pair = __halves2half2(value(0), value(1));
            q[step][i] = reinterpret_cast<const uint32_t&>(pair);
        }
}

/// Running softmax of 8 heads over one warp's keys. Of scores a lane has head l / 4, of sums heads l % 4 * 2
/// and the next.
template <KvType type, int D>
struct Softmax8 {
    float sum[D / 16][4] = {};  // value place(i, e) of head l % 4 * 2 + e % 2
    float peak = -INFINITY, total = 0;

    static __device__ int place(int i, int e) { return Share<type, D>::value(i / 4) + i % 4 * 2 + e / 2; }
    /// Scores to probabilities, in place; earlier sums shrink to the new peak.
    __device__ void absorb(float (&s)[kTile / 8][2], float scale) {
        float top = peak;
#pragma unroll
        for (const auto& keys : s) top = fmaxf(top, fmaxf(keys[0], keys[1]));
        top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
        top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
        const float shrink = exp2_fast((peak - top) * scale);
        float part = 0;
#pragma unroll
        for (auto& keys : s)
#pragma unroll
            for (float& key : keys) part += key = exp2_fast((key - top) * scale);
        total = fmaf(total, shrink, part);
        peak = top;
        if (!__any_sync(~0u, shrink != 1.0f)) return;
        const int from = static_cast<int>(threadIdx.x) % 4 * 8;
        const float by[2] = {__shfl_sync(~0u, shrink, from), __shfl_sync(~0u, shrink, from + 4)};
#pragma unroll
        for (auto& values : sum)
#pragma unroll
            for (int e = 0; e < 4; ++e) values[e] *= by[e % 2];
    }
};

/// The warps' sums, brought to one peak and added in order of warps, to the part's place. `memory`: all
/// rings.
template <KvType type, int D>
__device__ void join_warps(const Split& w, int head0, int heads, Softmax8<type, D>& r, char* memory) {
    constexpr int stride = D + 1;  // so that heads lie in different banks
    __shared__ float peaks[kMostWarps][kHeads], totals[kMostWarps][kHeads];
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int warps = static_cast<int>(blockDim.x) / 32;
    auto* sums = reinterpret_cast<float*>(memory);  // (warps, heads, stride)
    __syncthreads();
    r.total += __shfl_xor_sync(~0u, r.total, 1);
    r.total += __shfl_xor_sync(~0u, r.total, 2);
    if (lane % 4 == 0) peaks[warp][lane / 4] = r.peak * w.scale, totals[warp][lane / 4] = r.total;
#pragma unroll
    for (int i = 0; i < D / 16; ++i)
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            const int h = lane % 4 * 2 + e % 2;
            if (h < heads) sums[(warp * heads + h) * stride + r.place(i, e)] = r.sum[i][e];
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

/// blockIdx: (part of the keys, kv head, 8 heads of its group).
template <KvType type, int D>
__global__ void __launch_bounds__(Ring<type, D>::most_warps * 32, 1) attend_part(const Split w) {
    extern __shared__ __align__(128) char memory[];
    using R = Ring<type, D>;
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int head0 = static_cast<int>(blockIdx.y) * w.group + static_cast<int>(blockIdx.z) * kHeads;
    const int heads = min(kHeads, w.group - static_cast<int>(blockIdx.z) * kHeads);
    const int64_t head_bytes = w.capacity * w.row_bytes(type);
    R ring{memory + warp * R::bytes,
           w.k + blockIdx.y * head_bytes,
           w.v + blockIdx.y * head_bytes,
           static_cast<int>(w.row_bytes(type)),
           w.d,
           w.length};
    const int warps = static_cast<int>(blockDim.x) / 32, step = static_cast<int>(gridDim.x) * warps * kTile;
    int first = (static_cast<int>(blockIdx.x) * warps + warp) * kTile, ahead = first;
    let_next_begin();
    for (int i = 1; i < kStages; ++i) ring.expect(first + (i - 1) * step);
    wait_for_earlier();
    for (int i = 1; i < kStages; ++i, ahead += step) ring.ask(ahead);
    uint32_t q[D / 16][2];
    load_queries<type, D>(w, head0, heads, q);
    Softmax8<type, D> r;
    for (; first < ring.end; first += step, ahead += step) {
        ring.take(first);
        ring.ask(ahead);        // into the stage dropped last
        float s[kTile / 8][2];  // of head l / 4: columns l % 4 * 2 and the next
#pragma unroll
        for (int j = 0; j < kTile / 8; ++j) {
            uint4 words[D / 32];
            ring.keys(j, words);
            float sums[2][4] = {};  // of even steps and of odd ones
#pragma unroll
            for (int c = 0; c < D / 32; ++c) {
                const uint32_t even[4] = {q[2 * c][0], 0, q[2 * c][1], 0};
                const uint32_t odd[4] = {q[2 * c + 1][0], 0, q[2 * c + 1][1], 0};
                multiply_add<__half>(sums[0], even, words[c].x, words[c].y);
                multiply_add<__half>(sums[1], odd, words[c].z, words[c].w);
            }
#pragma unroll
            for (int e = 0; e < 2; ++e) {
                s[j][e] = sums[0][e] + sums[1][e];
                if (w.cap.most > 0) w.cap.soften(s[j][e]);
                if (first + R::S::row(j, lane % 4 * 2 + e) >= ring.end) s[j][e] = -INFINITY;
            }
        }
        r.absorb(s, w.scale);
        const uint32_t p[2] = {pack_halves(s[0][0], s[0][1]), pack_halves(s[1][0], s[1][1])};
        uint4 rows[4][D / 64];  // of the keys of columns 2n, 2n + 1, 2n + 8 and 2n + 9, n = lane % 4
#pragma unroll
        for (int i = 0; i < 4; ++i) ring.values(i, rows[i]);
#pragma unroll
        for (int i = 0; i < D / 16; ++i) {
            const auto pairs = [&](int of, unsigned pick) {  // the same value of two keys
                return __byte_perm((&rows[of][i / 4].x)[i % 4], (&rows[of + 1][i / 4].x)[i % 4], pick);
            };
            const uint32_t values[4] = {pairs(0, 0x5410), pairs(0, 0x7632), pairs(2, 0x5410),
                                        pairs(2, 0x7632)};
            multiply_add<__half>(r.sum[i], values, p[0], p[1]);
        }
        ring.drop();
    }
    copies_wait<0>();
    join_warps(w, head0, heads, r, memory);
    if (arrives_last(w.arrivals + blockIdx.y * gridDim.z + blockIdx.z)) join_parts(w, head0, heads, memory);
}

template <KvType type, int D>
void launch(CudaBackend& cuda, const dim3& grid, const Split& w) {
    using R = Ring<type, D>;
    // Beside the rings there are a few arrays of fixed size.
    const int warps = std::clamp((cuda.block_bytes - 2048) / R::bytes, 1, R::most_warps);
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
    // One block to a multiprocessor, if there are keys enough.
    const unsigned heads_at_a_time = parts(w.group, kHeads);
    const int most =
        std::clamp(cuda.multiprocessors / (kv.kv_heads * static_cast<int>(heads_at_a_time)), 1, kMostParts);
    const int wanted = std::min(most, static_cast<int>(parts(length, kLeastKeys)));
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
