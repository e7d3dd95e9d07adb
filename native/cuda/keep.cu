// Budget and selection. Both are radix descents over the bits of non-negative numbers, which order as the
// numbers do, so nothing is sorted: a pass counts the undecided by their next digit, and every block of the
// next kernel finds for itself which digit that decides. What is counted are integers, so no result depends
// on the order of blocks. The layer's mass is summed in units of 2^-48, whose loss (2^-49 per token) is far
// below any coverage asked for.
//
// At 128K tokens and 32 heads: 17 MB of scores, read seven times and written once, mostly in L2.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "cuda/device.cuh"
#include "cuda/select.h"

namespace longleaf::cuda {
namespace {

constexpr int kLayerThreads = 1024;  // one token each: three sums of 18 bits must not overflow 32
constexpr int kThreads = 512, kWarps = kThreads / 32, kEach = kTokensPerSlice / kThreads;
constexpr int kDigitBits = 11, kPieceBits = 18;

/// Of 32 bits the top 10, the next 11 and the last 11, one per pass.
__device__ constexpr int shift_of(int pass) { return (kPasses - 1 - pass) * kDigitBits; }
__device__ unsigned digit_of(unsigned bits, int pass) { return bits >> shift_of(pass) & (kDigits - 1); }
__device__ bool undecided(unsigned bits, int pass, unsigned leading) {
    return pass == 0 || bits >> shift_of(pass - 1) == leading;
}

/// Sum over the threads before this one, in order; `all`: over all. For whole warps.
template <int Threads, class T>
__device__ T sum_before(T mine, T* shared, T& all) {  // (Threads / 32)
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    T sum = mine;
#pragma unroll
    for (int step = 1; step < 32; step *= 2) {
        const T other = __shfl_up_sync(~0u, sum, step);
        if (lane >= step) sum += other;
    }
    __syncthreads();
    if (lane == 31) shared[warp] = sum;
    __syncthreads();
    T before = 0;
    all = 0;
#pragma unroll
    for (int i = 0; i < Threads / 32; ++i) {
        if (i < warp) before += shared[i];
        all += shared[i];
    }
    return before + sum - mine;
}

/// Mass in the budget's units. NaN has none.
__device__ Wide units_of(float mass) {
    const double units = static_cast<double>(mass) * 0x1p48;  // below 2^54 for up to 64 heads
    return units >= 0 && units < 0x1p54 ? static_cast<Wide>(llrint(units)) : 0;
}

/// Average pool of odd width, zeros beyond both ends of the prefix (edges are divided by the full width too),
/// summed over the `group` heads that share a list, in which the first `sinks` tokens come first; and the
/// layer's mass of each token. Width 0: `any`.
template <int Width>
__global__ void __launch_bounds__(256)
    pool_scores(const Room room, int heads, int group, int sinks, int prefix, int any) {
    __shared__ Wide sums[8];
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    const int width = Width > 0 ? Width : any;
    Wide units = 0;
    if (i < prefix) {
        double mass = 0;
        float shared = 0;
#pragma unroll 4
        for (int h = 0; h < heads; ++h) {
            const float* row = room.scores + h * room.stride;
            float sum = 0;
#pragma unroll
            for (int j = i - width / 2; j <= i + width / 2; ++j)
                if (j >= 0 && j < prefix) sum += row[j];
            sum /= static_cast<float>(width);
            shared = h % group == 0 ? sum : shared + sum;
            if (h % group == group - 1)
                room.pooled[h / group * room.stride + i] = i < sinks ? INFINITY : shared;
            mass += static_cast<double>(sum);
        }
        const float rounded = static_cast<float>(mass);
        units = units_of(rounded);
        room.layer[i] = rounded >= 0 ? rounded : 0;  // not NaN
    }
    Wide all;
    sum_before<256>(units, sums, all);
    if (threadIdx.x == 0) atomicAdd(&room.budget->total, all);
}

/// What pass `pass` over the layer has decided. From the lightest digit on, the whole mass of each is taken
/// while the sum stays below the limit; the first that does not is divided further. For kLayerThreads.
__device__ Division divide_at(const Budget& b, int pass, double limit) {
    __shared__ Wide mass_sums[32];
    __shared__ unsigned token_sums[32];
    __shared__ Division decided;
    const Division so_far = pass > 0 ? b.division[pass - 1] : Division{};
    constexpr int each = kDigits / kLayerThreads;
    Wide mass[each], mine = 0, all;
    unsigned tokens[each], count = 0, everyone;
    const int first = static_cast<int>(threadIdx.x) * each;
    for (int i = 0; i < each; ++i) {
        mine += mass[i] = b.mass[pass][first + i];
        count += tokens[i] = b.tokens[pass][first + i];
    }
    Wide taken = so_far.taken + sum_before<kLayerThreads>(mine, mass_sums, all);
    unsigned light = so_far.light + sum_before<kLayerThreads>(count, token_sums, everyone);
    for (int i = 0; i < each; ++i) {  // one thread finds the digit at which the limit is reached
        const bool below = static_cast<double>(taken) < limit || first + i == 0;
        const bool fits = static_cast<double>(taken + mass[i]) < limit && first + i < kDigits - 1;
        if (below && !fits)
            decided = {taken, light, so_far.leading << kDigitBits | static_cast<unsigned>(first + i)};
        taken += mass[i], light += tokens[i];
    }
    __syncthreads();
    return decided;
}

/// Mass and number of the layer's undecided tokens by their next digit.
__global__ void __launch_bounds__(kLayerThreads) divide(const Room room, int prefix, double tau, int pass) {
    __shared__ unsigned pieces[4][kDigits];  // mass in three pieces of bits, and tokens
    Budget& budget = *room.budget;
    Division division{};
    if (pass > 0) {
        division = divide_at(budget, pass - 1, tau * static_cast<double>(budget.total));
        if (blockIdx.x == 0 && threadIdx.x == 0) budget.division[pass - 1] = division;
    }
    for (int digit = static_cast<int>(threadIdx.x); digit < kDigits; digit += kLayerThreads)
        for (auto& piece : pieces) piece[digit] = 0;
    __syncthreads();
    const int i = static_cast<int>(blockIdx.x * kLayerThreads + threadIdx.x);
    if (i < prefix) {
        const float mass = room.layer[i];
        const unsigned bits = __float_as_uint(mass);
        if (undecided(bits, pass, division.leading)) {
            const unsigned digit = digit_of(bits, pass);
            const Wide units = units_of(mass);
            for (int p = 0; p < 3; ++p)
                atomicAdd(&pieces[p][digit],
                          static_cast<unsigned>(units >> (p * kPieceBits)) & ((1u << kPieceBits) - 1));
            atomicAdd(&pieces[3][digit], 1u);
        }
    }
    __syncthreads();
    for (int digit = static_cast<int>(threadIdx.x); digit < kDigits; digit += kLayerThreads) {
        if (pieces[3][digit] == 0) continue;
        Wide mass = 0;
        for (int p = 0; p < 3; ++p) mass += static_cast<Wide>(pieces[p][digit]) << (p * kPieceBits);
        atomicAdd(&budget.mass[pass][digit], mass);
        atomicAdd(&budget.tokens[pass][digit], pieces[3][digit]);
    }
}

/// *count = K: the window and all but the light tokens, or `fixed` where that is not 0; 0: the layer is
/// dense.
__global__ void __launch_bounds__(kLayerThreads)
    set_count(const Room room, int prefix, double tau, int fixed, int least, int window, int32_t* count) {
    if (fixed > 0) {
        const int keep = min(max(least, fixed), prefix);
        if (threadIdx.x == 0) *count = keep == prefix ? 0 : keep + window;
        return;
    }
    const Budget& budget = *room.budget;
    const double limit = tau * static_cast<double>(budget.total);
    const Division at = divide_at(budget, kPasses - 1, limit);
    if (threadIdx.x > 0) return;
    // All that are left weigh the same: as many as fit one by one.
    const Wide each = units_of(__uint_as_float(at.leading));
    unsigned fit = 0, more = budget.tokens[kPasses - 1][at.leading & (kDigits - 1)];
    while (fit < more) {
        const unsigned middle = fit + (more - fit + 1) / 2;
        if (static_cast<double>(at.taken + middle * each) < limit)
            fit = middle;
        else
            more = middle - 1;
    }
    const int light = static_cast<int>(at.light + fit);
    const int keep = light == 0 ? prefix : min(max(least, prefix - light - 1), prefix);
    *count = keep == prefix ? 0 : keep + window;
}

/// What pass `pass` over a head's tokens has decided: from the best digit on, all are kept until `wanted`
/// are; the digit that has too many is divided further. For kThreads.
__device__ Threshold threshold_at(const Room& room, int heads, int h, int pass, int keep) {
    __shared__ int sums[kWarps];
    __shared__ Threshold decided;
    const Threshold so_far = pass > 0 ? room.thresholds[(pass - 1) * heads + h] : Threshold{0, keep};
    const unsigned* tally = room.tallies + (static_cast<int64_t>(pass) * heads + h) * kDigits;
    constexpr int each = kDigits / kThreads;
    int tokens[each], mine = 0, all;
    const int first = kDigits - 1 - static_cast<int>(threadIdx.x) * each;  // downwards
    for (int i = 0; i < each; ++i) mine += tokens[i] = static_cast<int>(tally[first - i]);
    int kept = sum_before<kThreads>(mine, sums, all);
    for (int i = 0; i < each; ++i) {  // one thread finds the digit that completes the wanted
        const bool short_of = kept < so_far.wanted || first - i == kDigits - 1;
        const bool enough = kept + tokens[i] >= so_far.wanted || first - i == 0;
        if (short_of && enough)
            decided = {so_far.leading << kDigitBits | static_cast<unsigned>(first - i), so_far.wanted - kept};
        kept += tokens[i];
    }
    __syncthreads();
    return decided;
}

/// A slice of a head's pooled scores. blockIdx: (slice, head).
struct Slice {
    const unsigned* bits;  // of its first token
    int first, count;
    __device__ Slice(const Room& room, int prefix)
        : bits(reinterpret_cast<const unsigned*>(room.pooled + blockIdx.y * room.stride) +
               blockIdx.x * kTokensPerSlice),
          first(static_cast<int>(blockIdx.x) * kTokensPerSlice),
          count(min(kTokensPerSlice, prefix - first)) {}
};

/// A head's undecided tokens by their next digit.
__global__ void __launch_bounds__(kThreads)
    tally(const Room room, int prefix, int window, const int32_t* count, int pass) {
    __shared__ unsigned tokens[kDigits];
    if (*count == 0) return;
    const int heads = static_cast<int>(gridDim.y), h = static_cast<int>(blockIdx.y);
    unsigned leading = 0;
    if (pass > 0) {
        const Threshold so_far = threshold_at(room, heads, h, pass - 1, *count - window);
        if (blockIdx.x == 0 && threadIdx.x == 0) room.thresholds[(pass - 1) * heads + h] = so_far;
        leading = so_far.leading;
    }
    for (int digit = static_cast<int>(threadIdx.x); digit < kDigits; digit += kThreads) tokens[digit] = 0;
    __syncthreads();
    const Slice slice(room, prefix);
#pragma unroll
    for (int n = 0; n < kEach; ++n) {
        const int i = n * kThreads + static_cast<int>(threadIdx.x);
        const unsigned bits = i < slice.count ? slice.bits[i] : 0;
        if (i < slice.count && undecided(bits, pass, leading)) atomicAdd(&tokens[digit_of(bits, pass)], 1u);
    }
    __syncthreads();
    unsigned* to = room.tallies + (static_cast<int64_t>(pass) * heads + h) * kDigits;
    for (int digit = static_cast<int>(threadIdx.x); digit < kDigits; digit += kThreads)
        if (tokens[digit] > 0) atomicAdd(&to[digit], tokens[digit]);
}

/// A warp's share of a slice, in order: lane l has token n * 32 + l at [n].
struct Stretch {
    unsigned bits[kEach];
    int first, count;  // of the slice

    __device__ explicit Stretch(const Slice& slice)
        : first(static_cast<int>(threadIdx.x) / 32 * 32 * kEach), count(slice.count - first) {
#pragma unroll
        for (int n = 0; n < kEach; ++n) {
            const int i = n * 32 + static_cast<int>(threadIdx.x) % 32;
            bits[n] = i < count ? slice.bits[first + i] : 0;
        }
    }
    __device__ bool has(int n) const { return n * 32 + static_cast<int>(threadIdx.x) % 32 < count; }
    __device__ Passing passing(unsigned threshold) const {
        Passing p{0, 0};
#pragma unroll
        for (int n = 0; n < kEach; ++n) {
            p.above += __popc(__ballot_sync(~0u, has(n) && bits[n] > threshold));
            p.equal += __popc(__ballot_sync(~0u, has(n) && bits[n] == threshold));
        }
        return p;
    }
};

/// How many of each slice pass their head's threshold.
__global__ void __launch_bounds__(kThreads)
    count_passing(const Room room, int prefix, int window, const int32_t* count) {
    __shared__ Passing warps[kWarps];
    if (*count == 0) return;
    const int heads = static_cast<int>(gridDim.y), h = static_cast<int>(blockIdx.y);
    const Stretch stretch(Slice(room, prefix));
    const Threshold t = threshold_at(room, heads, h, kPasses - 1, *count - window);
    const Passing mine = stretch.passing(t.leading);
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = mine;
    __syncthreads();
    if (threadIdx.x > 0) return;
    Passing all{0, 0};
    for (const Passing& p : warps) all.above += p.above, all.equal += p.equal;
    room.passing[h * room.slices + blockIdx.x] = all;
    if (blockIdx.x == 0) room.thresholds[(kPasses - 1) * heads + h] = t;
}

/// Writes the tokens each head keeps, ascending, and the window behind them. Of tokens equal to the threshold
/// the first `wanted` stay.
__global__ void __launch_bounds__(kThreads)
    write_kept(const Room room, int prefix, int window, const int32_t* count, int32_t* index,
               int64_t capacity) {
    __shared__ int above_sums[kWarps], equal_sums[kWarps];
    if (*count == 0) return;
    const int heads = static_cast<int>(gridDim.y), h = static_cast<int>(blockIdx.y);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const Slice slice(room, prefix);
    const Stretch stretch(slice);
    const Threshold t = room.thresholds[(kPasses - 1) * heads + h];
    const Passing mine = stretch.passing(t.leading);
    // Before this warp: the warps before it, and, shared out over the block, the slices before.
    Passing before{0, 0};
    for (int i = static_cast<int>(threadIdx.x); i < static_cast<int>(blockIdx.x); i += kThreads) {
        const Passing p = room.passing[h * room.slices + i];
        before.above += p.above, before.equal += p.equal;
    }
    int above, equal, all;
    sum_before<kThreads>(before.above, above_sums, above);
    sum_before<kThreads>(before.equal, equal_sums, equal);
    above += __shfl_sync(~0u, sum_before<kThreads>(lane == 0 ? mine.above : 0, above_sums, all), 0);
    equal += __shfl_sync(~0u, sum_before<kThreads>(lane == 0 ? mine.equal : 0, equal_sums, all), 0);
    int32_t* out = index + h * capacity;
    const unsigned earlier = (1u << lane) - 1;
#pragma unroll
    for (int n = 0; n < kEach; ++n) {
        const bool is_above = stretch.has(n) && stretch.bits[n] > t.leading;
        const bool is_equal = stretch.has(n) && stretch.bits[n] == t.leading;
        const unsigned aboves = __ballot_sync(~0u, is_above), equals = __ballot_sync(~0u, is_equal);
        const int equal_before = equal + __popc(equals & earlier);
        if (is_above || (is_equal && equal_before < t.wanted))
            out[above + __popc(aboves & earlier) + min(equal_before, t.wanted)] =
                slice.first + stretch.first + n * 32 + lane;
        above += __popc(aboves), equal += __popc(equals);
    }
    if (blockIdx.x > 0) return;
    for (int i = static_cast<int>(threadIdx.x); i < window; i += kThreads)
        out[*count - window + i] = prefix + i;
}

}  // namespace

void keep_tokens(cudaStream_t stream, const Room& room, int heads, int lists, int length,
                 const SelectOptions& o, const Selection& out) {
    const int prefix = length - o.window, group = heads / lists;
    const int fixed = static_cast<int>(o.fixed_keep(prefix));
    const double tau = o.tau;
    check(cudaMemsetAsync(room.budget, 0, room.counter_bytes, stream), "clearing counters");
    const auto pool = o.pool == 7 ? pool_scores<7> : pool_scores<0>;
    pool<<<parts(prefix, 256), 256, 0, stream>>>(room, heads, group, o.sinks, prefix, o.pool);
    for (int pass = 0; fixed == 0 && pass < kPasses; ++pass)
        divide<<<parts(prefix, kLayerThreads), kLayerThreads, 0, stream>>>(room, prefix, tau, pass);
    set_count<<<1, kLayerThreads, 0, stream>>>(room, prefix, tau, fixed, std::max(o.min_tokens, o.sinks),
                                               o.window, out.count);
    const dim3 grid(static_cast<unsigned>(room.slices), static_cast<unsigned>(lists));
    for (int pass = 0; pass < kPasses; ++pass)
        tally<<<grid, kThreads, 0, stream>>>(room, prefix, o.window, out.count, pass);
    count_passing<<<grid, kThreads, 0, stream>>>(room, prefix, o.window, out.count);
    write_kept<<<grid, kThreads, 0, stream>>>(room, prefix, o.window, out.count, out.index, out.capacity);
}

}  // namespace longleaf::cuda
