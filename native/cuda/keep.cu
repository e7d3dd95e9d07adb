// Budget and selection. Both are radix selects over the order of non-negative numbers, so nothing is sorted.
// The layer's distribution is held in units of 2^-48: integer sums do not depend on their order, and what the
// units lose (2^-49 per token) is far below any coverage asked for.
#include <cassert>

#include "cuda/device.cuh"
#include "cuda/select.h"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 1024, kWarps = kThreads / 32;

constexpr int kTokensPerBlock = 1024;  // at most 2^14: three sums of 18 bits each must not overflow
constexpr int kPieceBits = 18, kTopDigit = 48;

/// Average pool of odd width, zeros beyond both ends of the prefix (edges are divided by the full width too),
/// and the layer's mass of each token.
__global__ void __launch_bounds__(256) pool_scores(const Scores s, int width, Budget* budget) {
    __shared__ Wide warp_sums[8];
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    Wide units = 0;
    if (i < s.prefix) {
        double mass = 0;
        for (int h = 0; h < s.heads; ++h) {
            const float* row = s.scores + static_cast<int64_t>(h) * s.prefix;
            float sum = 0;
            for (int j = max(0, i - width / 2); j <= min(s.prefix - 1, i + width / 2); ++j) sum += row[j];
            sum /= static_cast<float>(width);
            s.pooled[static_cast<int64_t>(h) * s.prefix + i] = sum;
            mass += static_cast<double>(sum);
        }
        // Below 2^54 for up to 64 heads of probabilities; NaN has none.
        mass *= 0x1p48;
        units = mass >= 0 && mass < 0x1p54 ? static_cast<Wide>(llrint(mass)) : 0;
        s.layer[i] = units;
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) units += __shfl_xor_sync(~0u, units, step);
    if (threadIdx.x % 32 == 0) warp_sums[threadIdx.x / 32] = units;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int w = 1; w < 8; ++w) units += warp_sums[w];
    atomicAdd(&budget->total, units);
}

/// Of each group of equal leading digits, from the lightest, the whole mass is taken while it stays below the
/// limit; the first that does not is the group to divide further. One thread.
__device__ void choose_digit(Budget& b, double limit, int shift) {
    int digit = 0;
    while (digit < kDigits - 1 && static_cast<double>(b.taken + b.mass[digit]) < limit) {
        b.taken += b.mass[digit], b.light += b.tokens[digit];
        ++digit;
    }
    b.leading = b.leading << 8 | static_cast<Wide>(digit);
    if (shift == 0)  // all that are left are equal: as many as fit one by one
        for (unsigned i = 0; i < b.tokens[digit] && static_cast<double>(b.taken + b.leading) < limit; ++i)
            b.taken += b.leading, ++b.light;
    for (int i = 0; i < kDigits; ++i) b.mass[i] = 0, b.tokens[i] = 0;
    b.blocks_done = 0;
}

/// Mass and number of the undecided tokens by their next digit. The last block to finish decides.
__global__ void __launch_bounds__(kThreads) divide(const Scores s, Budget* budget, double tau, int shift) {
    __shared__ unsigned pieces[4][kDigits];  // mass in three pieces of bits, and tokens
    __shared__ bool last;
    if (threadIdx.x < kDigits)
        for (auto& piece : pieces) piece[threadIdx.x] = 0;
    __syncthreads();
    const int i = static_cast<int>(blockIdx.x * kTokensPerBlock + threadIdx.x);
    const Wide value = i < s.prefix ? s.layer[i] : 0;
    if (i < s.prefix && (shift == kTopDigit || value >> (shift + 8) == budget->leading)) {
        const int digit = static_cast<int>(value >> shift & 255);
        for (int p = 0; p < 3; ++p)
            atomicAdd(&pieces[p][digit],
                      static_cast<unsigned>(value >> (p * kPieceBits) & ((1u << kPieceBits) - 1)));
        atomicAdd(&pieces[3][digit], 1u);
    }
    __syncthreads();
    if (threadIdx.x < kDigits && pieces[3][threadIdx.x] > 0) {
        Wide mass = 0;
        for (int p = 0; p < 3; ++p) mass += static_cast<Wide>(pieces[p][threadIdx.x]) << (p * kPieceBits);
        atomicAdd(&budget->mass[threadIdx.x], mass);
        atomicAdd(&budget->tokens[threadIdx.x], pieces[3][threadIdx.x]);
    }
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(&budget->blocks_done, 1u) == gridDim.x - 1;
    __syncthreads();
    if (!last || threadIdx.x > 0) return;
    __threadfence();
    choose_digit(*budget, tau * static_cast<double>(budget->total), shift);
}

/// *count = K: the window and all but the light tokens; 0 when there are none.
__global__ void set_count(const Budget* budget, int prefix, int min_tokens, int window, int32_t* count) {
    const int light = static_cast<int>(budget->light);
    const int keep = min(max(min_tokens, prefix - light - 1), prefix);
    *count = light == 0 ? 0 : keep + window;
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
    check(cudaMemsetAsync(s.budget, 0, sizeof(Budget), stream), "clearing a budget");
    pool_scores<<<parts(s.prefix, 256), 256, 0, stream>>>(s, o.pool, s.budget);
    const unsigned blocks = parts(s.prefix, kTokensPerBlock);
    for (int shift = kTopDigit; shift >= 0; shift -= 8)
        divide<<<blocks, kThreads, 0, stream>>>(s, s.budget, static_cast<double>(o.tau), shift);
    set_count<<<1, 1, 0, stream>>>(s.budget, s.prefix, o.min_tokens, o.window, out.count);
    pick<<<static_cast<unsigned>(s.heads), kThreads, 0, stream>>>(s, o.window, out.count, out.index,
                                                                  out.capacity);
}

}  // namespace longleaf::cuda
