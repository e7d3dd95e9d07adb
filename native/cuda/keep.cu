// Budget and selection. Both are radix selects over the order of non-negative numbers, so nothing is sorted.
// The layer's distribution is held in units of 2^-48: integer sums do not depend on their order, and what the
// units lose (2^-49 per token) is far below any coverage asked for.
#include <cassert>

#include "cuda/device.cuh"
#include "cuda/select.h"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 1024, kWarps = kThreads / 32, kDigits = 256;
using Wide = unsigned long long;

/// Average pool of odd width, zeros beyond both ends of the prefix (edges are divided by the full width too),
/// and the layer's mass of each token.
__global__ void pool_scores(const Scores s, int width) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= s.prefix) return;
    double mass = 0;
    for (int h = 0; h < s.heads; ++h) {
        const float* row = s.scores + static_cast<int64_t>(h) * s.prefix;
        float sum = 0;
        for (int j = max(0, i - width / 2); j <= min(s.prefix - 1, i + width / 2); ++j) sum += row[j];
        sum /= static_cast<float>(width);
        s.pooled[static_cast<int64_t>(h) * s.prefix + i] = sum;
        mass += static_cast<double>(sum);
    }
    const double units = mass * 0x1p48;
    s.layer[i] = units >= 0 && units < 0x1p62 ? static_cast<Wide>(llrint(units)) : 0;  // NaN has none
}

/// The block's sum, for every thread.
__device__ Wide block_sum(Wide x, Wide* shared) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
    __syncthreads();
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = x;
    __syncthreads();
    Wide total = 0;
    for (int i = 0; i < kWarps; ++i) total += shared[i];
    return total;
}

/// *count = K: the window and all but the lightest tokens that together stay below tau of the mass; 0 when
/// there are none. One block. Descends by digits: of each group of equal leading digits the whole mass is
/// taken while it stays below the limit.
__global__ void __launch_bounds__(kThreads)
    set_budget(const Scores s, double tau, int min_tokens, int window, int32_t* count) {
    __shared__ Wide mass[kDigits], warp_sums[kWarps];
    __shared__ unsigned tokens[kDigits];
    __shared__ Wide taken, prefix;
    __shared__ unsigned light;
    Wide total = 0;
    for (int i = static_cast<int>(threadIdx.x); i < s.prefix; i += kThreads) total += s.layer[i];
    total = block_sum(total, warp_sums);
    const double limit = tau * static_cast<double>(total);
    if (threadIdx.x == 0) taken = prefix = 0, light = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        if (threadIdx.x < kDigits) mass[threadIdx.x] = 0, tokens[threadIdx.x] = 0;
        __syncthreads();
        for (int i = static_cast<int>(threadIdx.x); i < s.prefix; i += kThreads) {
            const Wide value = s.layer[i];
            if (shift < 56 && value >> (shift + 8) != prefix) continue;
            const int digit = static_cast<int>(value >> shift & 255);
            // Most tokens of a warp share a leading digit: one of them counts for all.
            const unsigned peers = __match_any_sync(__activemask(), digit);
            if (static_cast<int>(threadIdx.x % 32) == __ffs(static_cast<int>(peers)) - 1)
                atomicAdd(&tokens[digit], static_cast<unsigned>(__popc(peers)));
            atomicAdd(&mass[digit], value);
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            int digit = 0;
            while (digit < kDigits - 1 && static_cast<double>(taken + mass[digit]) < limit) {
                taken += mass[digit], light += tokens[digit];
                ++digit;
            }
            prefix = prefix << 8 | static_cast<Wide>(digit);
            // The rest are equal: as many as fit one by one.
            if (shift == 0)
                for (unsigned i = 0; i < tokens[digit] && static_cast<double>(taken + prefix) < limit; ++i)
                    taken += prefix, ++light;
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        const int keep = min(max(min_tokens, s.prefix - static_cast<int>(light) - 1), s.prefix);
        *count = light == 0 ? 0 : keep + window;
    }
}

/// How many of this block's threads before this one have `flag`, and `all` of them.
__device__ int rank_in_block(bool flag, int* shared, int& all) {
    const unsigned votes = __ballot_sync(~0u, flag);
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    __syncthreads();
    if (lane == 0) shared[warp] = __popc(votes);
    __syncthreads();
    int before = 0;
    all = 0;
    for (int i = 0; i < kWarps; ++i) {
        if (i < warp) before += shared[i];
        all += shared[i];
    }
    return before + __popc(votes & ((1u << lane) - 1));
}

/// One block per head: its best tokens (by score, then the lower index) and the window, ascending.
__global__ void __launch_bounds__(kThreads)
    pick(const Scores s, int window, const int32_t* count, int32_t* index, int64_t capacity) {
    __shared__ unsigned tokens[kDigits], least;
    __shared__ int wanted, scan[kWarps];
    const int keep = *count - window;
    if (*count == 0) return;
    const auto* bits =
        reinterpret_cast<const unsigned*>(s.pooled) + static_cast<int64_t>(blockIdx.x) * s.prefix;
    int32_t* out = index + blockIdx.x * capacity;
    // `least`: the score of the last one kept; `wanted` of those equal to it are.
    if (threadIdx.x == 0) least = 0, wanted = keep;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (threadIdx.x < kDigits) tokens[threadIdx.x] = 0;
        __syncthreads();
        for (int i = static_cast<int>(threadIdx.x); i < s.prefix; i += kThreads) {
            if (shift < 24 && bits[i] >> (shift + 8) != least) continue;
            const int digit = static_cast<int>(bits[i] >> shift & 255);
            const unsigned peers = __match_any_sync(__activemask(), digit);
            if (static_cast<int>(threadIdx.x % 32) == __ffs(static_cast<int>(peers)) - 1)
                atomicAdd(&tokens[digit], static_cast<unsigned>(__popc(peers)));
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            int digit = kDigits - 1;
            while (digit > 0 && wanted > static_cast<int>(tokens[digit]))
                wanted -= static_cast<int>(tokens[digit--]);
            least = least << 8 | static_cast<unsigned>(digit);
        }
        __syncthreads();
    }
    int kept = 0, equal_before = 0;
    for (int first = 0; first < s.prefix; first += kThreads) {
        const int i = first + static_cast<int>(threadIdx.x);
        const bool equal = i < s.prefix && bits[i] == least;
        int equals, all;
        const int place = rank_in_block(equal, scan, equals);
        const bool keeps = i < s.prefix && (bits[i] > least || (equal && equal_before + place < wanted));
        const int at = rank_in_block(keeps, scan, all);
        if (keeps) out[kept + at] = i;
        kept += all, equal_before += equals;
    }
    for (int i = static_cast<int>(threadIdx.x); i < window; i += kThreads) out[keep + i] = s.prefix + i;
}

}  // namespace

void keep_tokens(cudaStream_t stream, const Scores& s, const SelectOptions& o, const Selection& out) {
    assert(s.prefix + o.window <= out.capacity && "select: the selection holds every token");
    pool_scores<<<parts(s.prefix, 256), 256, 0, stream>>>(s, o.pool);
    set_budget<<<1, kThreads, 0, stream>>>(s, static_cast<double>(o.tau), o.min_tokens, o.window, out.count);
    pick<<<static_cast<unsigned>(s.heads), kThreads, 0, stream>>>(s, o.window, out.count, out.index,
                                                                  out.capacity);
}

}  // namespace longleaf::cuda
