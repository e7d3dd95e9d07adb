// Attention of one query. A block takes one kv head, a stretch of keys and up to four of the query heads that
// share them; each of its warps walks tiles of 32 keys with its own running maximum, 16 bytes of a key per
// lane. Sums are f32.
#include <algorithm>
#include <cmath>

#include "cuda/attend.h"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 4, kHeads = 4, kTile = 32;

struct Split {
    const float* q;  // (H, D)
    const char *k, *v;
    int64_t capacity;
    int d, group, length, keys_per_part;
    float scale;   // log2(e) / sqrt(D)
    float* parts;  // (H, parts, D + 2): sums, peak, total
};

/// Eight values of one key from value `c` on; zeros beyond d.
template <KvType type>
__device__ void load_eight(const char* cache, int64_t key, int d, int c, float (&x)[8]) {
    if (c >= d) {
#pragma unroll
        for (float& value : x) value = 0;
    } else if constexpr (type == KvType::f16) {
        const uint4 words = *reinterpret_cast<const uint4*>(cache + (key * d + c) * 2);
        const auto* pairs = reinterpret_cast<const __half2*>(&words);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const float2 pair = __half22float2(pairs[i]);
            x[2 * i] = pair.x, x[2 * i + 1] = pair.y;
        }
    } else {
        const char* block = cache + (key * (d / 32) + c / 32) * 34;
        const float step = __half2float(*reinterpret_cast<const __half*>(block));
        const auto* q = reinterpret_cast<const uint16_t*>(block + 2 + c % 32);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            x[2 * i] = step * static_cast<float>(static_cast<int8_t>(q[i] & 0xff));
            x[2 * i + 1] = step * static_cast<float>(static_cast<int8_t>(q[i] >> 8));
        }
    }
}

/// The warps' sums, brought to one peak in order of warps, to the part's place.
template <int lanes>
__device__ void join_warps(const Split& w, int head0, int heads, const float (&sum)[kHeads][8],
                           const float (&peak)[kHeads], const float (&total)[kHeads]) {
    __shared__ float peaks[kWarps][kHeads], totals[kWarps][kHeads], sums[kWarps][kHeads][lanes * 8];
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
        if (lane == 0) peaks[warp][h] = peak[h], totals[warp][h] = total[h];
#pragma unroll
        for (int i = 0; i < 8; ++i) {
            float x = sum[h][i];
#pragma unroll
            for (int step = lanes; step < 32; step *= 2) x += __shfl_xor_sync(~0u, x, step);
            if (lane < lanes) sums[warp][h][lane * 8 + i] = x;
        }
    }
    __syncthreads();
    for (int h = 0; h < heads; ++h) {
        float top = -INFINITY, all = 0;
#pragma unroll
        for (int i = 0; i < kWarps; ++i) top = fmaxf(top, peaks[i][h]);
        float* part = w.parts + (static_cast<int64_t>(head0 + h) * gridDim.x + blockIdx.x) * (w.d + 2);
        float factor[kWarps];
#pragma unroll
        for (int i = 0; i < kWarps; ++i) {
            factor[i] = totals[i][h] > 0 ? exp2f(peaks[i][h] - top) : 0;
            all = fmaf(totals[i][h], factor[i], all);
        }
        for (int c = static_cast<int>(threadIdx.x); c < w.d; c += kWarps * 32) {
            float x = 0;
#pragma unroll
            for (int i = 0; i < kWarps; ++i) x = fmaf(sums[i][h][c], factor[i], x);
            part[c] = x;
        }
        if (threadIdx.x == 0) part[w.d] = top, part[w.d + 1] = all;
    }
}

/// blockIdx: (part of the keys, kv head, four heads of its group). `lanes` hold one key: 32 / lanes keys at
/// once.
template <KvType type, int lanes>
__global__ void __launch_bounds__(kWarps * 32) attend_part(const Split w) {
    constexpr int together = 32 / lanes, steps = kTile / together;
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int own = lane / lanes, c = lane % lanes * 8, d = w.d;
    const int head0 = static_cast<int>(blockIdx.y) * w.group + static_cast<int>(blockIdx.z) * kHeads;
    const int heads = min(kHeads, w.group - static_cast<int>(blockIdx.z) * kHeads);
    const int64_t head_bytes = w.capacity * (type == KvType::f16 ? d * 2 : d / 32 * 34);
    const char *k = w.k + blockIdx.y * head_bytes, *v = w.v + blockIdx.y * head_bytes;

    float q[kHeads][8], sum[kHeads][8] = {}, peak[kHeads], total[kHeads] = {};
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
        peak[h] = -INFINITY;
#pragma unroll
        for (int i = 0; i < 8; ++i)
            q[h][i] = h < heads && c + i < d ? w.q[(head0 + h) * d + c + i] * w.scale : 0.0f;
    }
    const int begin = static_cast<int>(blockIdx.x) * w.keys_per_part;
    const int end = min(begin + w.keys_per_part, w.length);
    for (int first = begin + warp * kTile; first < end; first += kWarps * kTile) {
        // Lane l gets the scores of key first + (l % lanes < steps ? ...): step l % steps, of the keys taken
        // together number l / steps.
        float score[kHeads];
#pragma unroll
        for (int h = 0; h < kHeads; ++h) score[h] = -INFINITY;
#pragma unroll 4
        for (int step = 0; step < steps; ++step) {
            const int key = first + step * together + own;
            float x[8];
            load_eight<type>(k, min(key, end - 1), d, c, x);
#pragma unroll
            for (int h = 0; h < kHeads; ++h) {
                float dot = 0;
#pragma unroll
                for (int i = 0; i < 8; ++i) dot = fmaf(q[h][i], x[i], dot);
#pragma unroll
                for (int s = lanes / 2; s > 0; s /= 2) dot += __shfl_xor_sync(~0u, dot, s);
                // steps == lanes: the lane of this key's row that keeps it.
                if (lane % lanes == step && key < end) score[h] = dot;
            }
        }
#pragma unroll
        for (int h = 0; h < kHeads; ++h) {
            const float top = fmaxf(peak[h], warp_max(score[h])), shrink = exp2f(peak[h] - top);
            score[h] = exp2f(score[h] - top);
            total[h] = fmaf(total[h], shrink, warp_sum(score[h]));
            peak[h] = top;
#pragma unroll
            for (int i = 0; i < 8; ++i) sum[h][i] *= shrink;
        }
#pragma unroll 4
        for (int step = 0; step < steps; ++step) {
            const int key = first + step * together + own;
            float x[8];
            load_eight<type>(v, min(key, end - 1), d, c, x);
#pragma unroll
            for (int h = 0; h < kHeads; ++h) {
                const float p = __shfl_sync(~0u, score[h], own * lanes + step);
#pragma unroll
                for (int i = 0; i < 8; ++i) sum[h][i] = fmaf(p, x[i], sum[h][i]);
            }
        }
    }
    join_warps<lanes>(w, head0, heads, sum, peak, total);
}

/// out (D) of head blockIdx.x: the parts in order, brought to one peak.
__global__ void join_parts(const float* parts, int count, int d, float* out) {
    const float* mine = parts + static_cast<int64_t>(blockIdx.x) * count * (d + 2);
    float top = -INFINITY, total = 0;
    for (int i = 0; i < count; ++i) top = fmaxf(top, mine[i * (d + 2) + d]);
    for (int i = 0; i < count; ++i)
        total = fmaf(mine[i * (d + 2) + d + 1], exp2f(mine[i * (d + 2) + d] - top), total);
    for (int c = static_cast<int>(threadIdx.x); c < d; c += static_cast<int>(blockDim.x)) {
        float x = 0;
        for (int i = 0; i < count; ++i)
            x = fmaf(mine[i * (d + 2) + c], exp2f(mine[i * (d + 2) + d] - top), x);
        out[blockIdx.x * d + c] = x / total;
    }
}

}  // namespace

void decode(Running& run, const Matrix& q, const KvLayer& kv, int length, const Matrix& out) {
    const int d = kv.head_dim, heads = static_cast<int>(q.cols) / d;
    Split w{};
    w.q = data(q), w.k = static_cast<const char*>(kv.k), w.v = static_cast<const char*>(kv.v);
    w.capacity = kv.capacity, w.d = d, w.group = heads / kv.kv_heads, w.length = length;
    w.scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(d)));
    // At most 64 parts: enough blocks for any device, few enough to join in one go.
    w.keys_per_part = static_cast<int>(round_up(std::max(256, static_cast<int>(parts(length, 64))), 128));
    const unsigned count = parts(length, w.keys_per_part);
    w.parts = static_cast<float*>(
        run.cuda.parts.reserve(static_cast<uint64_t>(heads) * count * static_cast<uint64_t>(d + 2) * 4));
    const dim3 grid(count, static_cast<unsigned>(kv.kv_heads), parts(w.group, kHeads));
    const auto launch = [&](auto f16_kernel, auto q8_kernel) {
        (kv.type == KvType::f16 ? f16_kernel : q8_kernel)<<<grid, kWarps * 32, 0, run.cuda.stream>>>(w);
    };
    if (d <= 64)
        launch(attend_part<KvType::f16, 8>, attend_part<KvType::q8_0, 8>);
    else if (d <= 128)
        launch(attend_part<KvType::f16, 16>, attend_part<KvType::q8_0, 16>);
    else
        launch(attend_part<KvType::f16, 32>, attend_part<KvType::q8_0, 32>);
    join_parts<<<static_cast<unsigned>(heads), 128, 0, run.cuda.stream>>>(w.parts, static_cast<int>(count), d,
                                                                          data(out));
}

}  // namespace longleaf::cuda
