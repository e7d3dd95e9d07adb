// FlexPrefill's plan on the device (arXiv 2502.20766; decisions at BlockOptions): the host learns neither
// patterns nor budgets nor, among selected tokens, how many places there are. Cuts through masses descend
// over the bits of non-negative numbers, which order as the numbers do; sums are in a fixed order.
#include "cuda/plan.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <type_traits>

#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 256, kHeadThreads = 1024, kHeadWarps = kHeadThreads / 32;
constexpr int kRowsAtOnce = 8;  // of the plan, by one block of threads

/// Takes the caller's scratch in whole 256 bytes, or counts it.
uint64_t lay_out(Planning& p, void* scratch) {
    auto* bytes = static_cast<char*>(scratch);
    int64_t used = 0;
    const auto take = [&](auto*& to, int64_t count) {
        to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(bytes ? bytes + used : nullptr);
        used += round_up(count * static_cast<int64_t>(sizeof *to), 256);
    };
    const int64_t heads = p.heads, blocks = p.blocks;
    take(p.vertical, heads * p.length);
    take(p.slash, heads * p.length);
    take(p.softmax, blocks * heads * kPlanBlock);
    take(p.against, heads * kPlanBlock);
    take(p.keys, heads * blocks * p.d);
    take(p.columns, heads * blocks);
    take(p.diagonals, heads * blocks);
    take(p.estimates, heads * blocks);
    take(p.column_bits, heads * p.words);
    take(p.diagonal_bits, heads * p.words);
    take(p.by_rows, heads);
    return static_cast<uint64_t>(used);
}

/// Sum over a block of kHeadThreads, known to all, in a fixed order.
__device__ float sum_of_all(float mine, float* shared) {  // (kHeadWarps)
    mine = warp_sum(mine);
    __syncthreads();
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = mine;
    __syncthreads();
    float all = 0;
#pragma unroll
    for (int i = 0; i < kHeadWarps; ++i) all += shared[i];
    return all;
}
__device__ float maximum_of_all(float mine, float* shared) {
    mine = warp_max(mine);
    __syncthreads();
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = mine;
    __syncthreads();
    float all = shared[0];
#pragma unroll
    for (int i = 1; i < kHeadWarps; ++i) all = fmaxf(all, shared[i]);
    return all;
}

/// Queries from place `first` on, averaged: value c of D.
__device__ float mean_query(const Planning& p, const int32_t* list, int h, int first, int count, int c) {
    float sum = 0;
#pragma unroll 8
    for (int i = first; i < first + count; ++i) {
        const int64_t row = list ? list[i] : i;
        sum += load_value(p.q, p.q_type, row * p.q_stride + h * p.d + c);
    }
    return sum / static_cast<float>(count);
}

/// Step 3: how many of the heaviest entries stay within gamma, and one more, in whole blocks. Four bits of
/// the cut at a time: the largest value from which on the mass is more than gamma.
__device__ int budget(const float* profile, int n, float gamma, float* shared) {
    unsigned cut = 0;
    for (int shift = 28; shift >= 0; shift -= 4) {
        float mass[15] = {};
#pragma unroll 4
        for (int i = static_cast<int>(threadIdx.x); i < n; i += kHeadThreads) {
            const float value = profile[i];
            const unsigned bits = __float_as_uint(value);
#pragma unroll
            for (unsigned digit = 1; digit < 16; ++digit)
                mass[digit - 1] += bits >= (cut | digit << shift) ? value : 0.0f;
        }
        unsigned best = 0;
#pragma unroll
        for (unsigned digit = 1; digit < 16; ++digit)
            if (sum_of_all(mass[digit - 1], shared) > gamma) best = digit;
        cut |= best << shift;
    }
    float mass = 0, count = 0;
    for (int i = static_cast<int>(threadIdx.x); i < n; i += kHeadThreads)
        if (__float_as_uint(profile[i]) > cut) mass += profile[i], count += 1;
    mass = sum_of_all(mass, shared), count = sum_of_all(count, shared);
    const float each = __uint_as_float(cut);
    const float equal = each > 0 ? floorf((gamma - mass) / each) : static_cast<float>(n);
    const int within = min(static_cast<int>(count) + static_cast<int>(fminf(fmaxf(equal, 0.0f), 1e9f)), n);
    return (within + 1) / kPlanBlock + 1;
}

/// Bits of the `budget` heaviest of n masses, the lower number first; those before `forced` always. By whole
/// warps: a warp makes a word.
__device__ void take_heaviest(const float* mass, int n, int words, int budget, int forced, uint32_t* bits) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    for (int word = static_cast<int>(threadIdx.x) / 32; word < words; word += kHeadWarps) {
        const int i = word * 32 + lane;
        const auto key = [&](int j) { return j < forced ? ~0u : __float_as_uint(mass[j]); };
        int before = n;
        if (i < n) {
            const unsigned mine = key(i);
            before = 0;
            for (int j = 0; j < n; ++j) {
                const unsigned other = key(j);
                before += other > mine || (other == mine && j < i);
            }
        }
        const uint32_t taken = __ballot_sync(~0u, i < n && before < budget);
        if (lane == 0) bits[word] = taken;
    }
}

/// Step 4. A distance falls into two block diagonals, into each in proportion to its pairs of places there.
__device__ void pool_profiles(const Planning& p, int h, int n, int blocks) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float *vertical = p.vertical + static_cast<int64_t>(h) * p.length,
                *slash = p.slash + static_cast<int64_t>(h) * p.length;
    for (int b = static_cast<int>(threadIdx.x) / 32; b < blocks; b += kHeadWarps) {
        float column = 0, diagonal = 0;
        for (int i = lane; i < kPlanBlock; i += 32) {
            const int at = b * kPlanBlock + i;
            const float beyond = static_cast<float>(i) / kPlanBlock;
            if (at < n) column += vertical[at], diagonal += slash[at] * (1 - beyond);
            if (b > 0) diagonal += slash[at - kPlanBlock] * beyond;
        }
        column = warp_sum(column), diagonal = warp_sum(diagonal);
        if (lane > 0) continue;
        p.columns[h * p.blocks + b] = column, p.diagonals[h * p.blocks + b] = diagonal;
    }
}

/// Step 5: root of the Jensen-Shannon divergence of the probe's estimate and its profile, in nats.
__device__ float divergence(const Planning& p, int h, int n, int blocks, float* query, float* shared) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int32_t* list = p.list(h);
    for (int c = static_cast<int>(threadIdx.x); c < p.d; c += kHeadThreads)
        query[c] = mean_query(p, list, h, n - kPlanBlock, kPlanBlock, c);
    __syncthreads();
    float* estimates = p.estimates + h * p.blocks;
    const float* keys = p.keys + static_cast<int64_t>(h / p.plane_heads) * p.blocks * p.d;
    const float scale = rsqrtf(static_cast<float>(p.d));
    for (int b = static_cast<int>(threadIdx.x) / 32; b < blocks; b += kHeadWarps) {
        float dot = 0;
        for (int c = lane; c < p.d; c += 32) dot += query[c] * keys[static_cast<int64_t>(b) * p.d + c];
        dot = warp_sum(dot);
        if (lane == 0) estimates[b] = dot * scale;
    }
    __syncthreads();
    float peak = -INFINITY, total = 0;
    for (int b = static_cast<int>(threadIdx.x); b < blocks; b += kHeadThreads)
        peak = fmaxf(peak, estimates[b]);
    peak = maximum_of_all(peak, shared);
    for (int b = static_cast<int>(threadIdx.x); b < blocks; b += kHeadThreads)
        total += expf(estimates[b] - peak);
    total = sum_of_all(total, shared);
    float sum = 0;
    for (int b = static_cast<int>(threadIdx.x); b < blocks; b += kHeadThreads) {
        const float x = expf(estimates[b] - peak) / total, y = p.columns[h * p.blocks + b],
                    middle = (x + y) / 2;
        if (x > 0) sum += x * logf(x / middle) / 2;
        if (y > 0) sum += y * logf(y / middle) / 2;
    }
    return sqrtf(fmaxf(0.0f, sum_of_all(sum, shared)));
}

/// What a head is, and which columns and diagonals it takes. blockIdx: head.
__global__ void __launch_bounds__(kHeadThreads) choose(const Planning p) {
    __shared__ float shared[kHeadWarps], query[256];
    const int n = p.places(), h = static_cast<int>(blockIdx.x), blocks = (n + kPlanBlock - 1) / kPlanBlock;
    if (!p.probes(n)) return;
    pool_profiles(p, h, n, blocks);
    __syncthreads();
    const int least = min(blocks, (p.options.min_tokens + kPlanBlock - 1) / kPlanBlock);
    const bool by_rows = p.listed() || divergence(p, h, n, blocks, query, shared) < p.options.similarity;
    int columns = least, diagonals = least;
    if (!by_rows) {
        const int64_t at = static_cast<int64_t>(h) * p.length;
        columns = min(max(budget(p.vertical + at, n, p.options.gamma, shared), least), blocks);
        diagonals = min(max(budget(p.slash + at, n, p.options.gamma, shared), least), blocks);
    }
    if (p.listed()) diagonals = min(2, blocks);
    take_heaviest(p.columns + h * p.blocks, blocks, p.words, columns, 1, p.column_bits + h * p.words);
    take_heaviest(p.diagonals + h * p.blocks, blocks, p.words, diagonals, p.listed() ? 2 : 1,
                  p.diagonal_bits + h * p.words);
    if (threadIdx.x == 0) p.by_rows[h] = by_rows;
}

/// Sets the bits of the fewest of `count` probabilities that cover gamma, the lower number first. By a warp.
__device__ void cover(const float* probabilities, int count, float gamma, uint32_t* bits) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    unsigned cut = 0;  // the largest value from which on the mass is gamma or more
    for (int bit = 30; bit >= 0; --bit) {
        float mass = 0;
        for (int c = lane; c < count; c += 32)
            if (__float_as_uint(probabilities[c]) >= (cut | 1u << bit)) mass += probabilities[c];
        if (warp_sum(mass) >= gamma) cut |= 1u << bit;
    }
    float above = 0;
    for (int c = lane; c < count; c += 32)
        if (__float_as_uint(probabilities[c]) > cut) above += probabilities[c];
    above = warp_sum(above);
    const float each = __uint_as_float(cut);
    int wanted = above >= gamma ? 0
                 : each > 0     ? static_cast<int>(fminf(ceilf((gamma - above) / each), 1e9f))
                                : count;
    for (int first = 0; first < count; first += 32) {
        const int c = first + lane;
        const unsigned mine = c < count ? __float_as_uint(probabilities[c]) : 0;
        const uint32_t equal = __ballot_sync(~0u, c < count && mine == cut);
        const int before = __popc(equal & ((1u << lane) - 1));
        const bool taken = c < count && (mine > cut || (mine == cut && before < wanted));
        const uint32_t word = __ballot_sync(~0u, taken);
        if (lane == 0) bits[first / 32] |= word;
        wanted -= min(wanted, __popc(equal));
    }
}

/// probabilities (rows, count), of rows first .. first + rows - 1: their estimates, softmax over blocks up to
/// their own.
__device__ void estimate_rows(const Planning& p, int h, int n, int first, int rows, int stride,
                              float* queries, float* probabilities) {
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int32_t* list = p.list(h);
    for (int at = static_cast<int>(threadIdx.x); at < rows * p.d; at += kThreads) {
        const int place = (first + at / p.d) * kPlanBlock;
        queries[at] = mean_query(p, list, h, place, min(kPlanBlock, n - place), at % p.d);
    }
    __syncthreads();
    const float* keys = p.keys + static_cast<int64_t>(h / p.plane_heads) * p.blocks * p.d;
    const float scale = rsqrtf(static_cast<float>(p.d));
    for (int c = warp; c < first + rows; c += kThreads / 32) {
        float key[8];
#pragma unroll
        for (int i = 0; i < 8; ++i)
            key[i] = i * 32 + lane < p.d ? keys[static_cast<int64_t>(c) * p.d + i * 32 + lane] : 0.0f;
        for (int r = 0; r < rows; ++r) {
            float dot = 0;
#pragma unroll
            for (int i = 0; i < 8; ++i)
                if (i * 32 + lane < p.d) dot += queries[r * p.d + i * 32 + lane] * key[i];
            dot = warp_sum(dot);
            if (lane == 0) probabilities[r * stride + c] = dot * scale;
        }
    }
    __syncthreads();
    for (int r = warp; r < rows; r += kThreads / 32) {
        float *row = probabilities + r * stride, peak = -INFINITY, total = 0;
        const int count = first + r + 1;
        for (int c = lane; c < count; c += 32) peak = fmaxf(peak, row[c]);
        peak = warp_max(peak);
        for (int c = lane; c < count; c += 32) total += row[c] = expf(row[c] - peak);
        total = warp_sum(total);
        for (int c = lane; c < count; c += 32) row[c] /= total;
        __syncwarp();
    }
    __syncthreads();
}

/// One word of row r by pattern alone.
__device__ uint32_t pattern_word(const Planning& p, int h, int n, int r, int word) {
    const int blocks = (n + kPlanBlock - 1) / kPlanBlock;
    if (r >= blocks || word * 32 > r) return 0;
    const uint32_t causal = r - word * 32 >= 31 ? ~0u : (2u << (r - word * 32)) - 1;
    if (p.whole(n) || r >= (n - kPlanBlock) / kPlanBlock) return causal;
    if (p.options.pattern == BlockPattern::stripes) {
        const int sinks = (p.options.sinks + kPlanBlock - 1) / kPlanBlock,
                  local = (p.options.local + kPlanBlock - 1) / kPlanBlock;
        uint32_t bits = 0;
        for (int i = 0; i < 32; ++i)
            if (word * 32 + i < sinks || word * 32 + i >= r - local) bits |= 1u << i;
        return bits & causal;
    }
    uint32_t bits = p.column_bits[h * p.words + word];
    const uint32_t* diagonals = p.diagonal_bits + h * p.words;
    for (int i = 0; i < 32 && word * 32 + i <= r; ++i) {
        const int apart = r - word * 32 - i;
        bits |= (diagonals[apart / 32] >> apart % 32 & 1) << i;
    }
    return bits & causal;
}

/// The mask of `rows` rows a block. blockIdx: (rows, head).
__global__ void __launch_bounds__(kThreads) mark(const Planning p, int rows) {
    extern __shared__ __align__(128) char memory[];
    auto* bits = reinterpret_cast<uint32_t*>(memory);                 // (rows, words)
    auto* queries = reinterpret_cast<float*>(bits + rows * p.words);  // (rows, D)
    float* probabilities = queries + rows * p.d;                      // (rows, blocks)
    const int n = p.places(), h = static_cast<int>(blockIdx.y), blocks = (n + kPlanBlock - 1) / kPlanBlock;
    const int first = static_cast<int>(blockIdx.x) * rows, own = min(rows, p.blocks - first);
    for (int at = static_cast<int>(threadIdx.x); at < own * p.words; at += kThreads)
        bits[at] = pattern_word(p, h, n, first + at / p.words, at % p.words);
    const int planned = min(own, blocks - first);
    if (planned > 0 && p.probes(n) && p.by_rows[h]) {
        estimate_rows(p, h, n, first, planned, p.blocks, queries, probabilities);
        for (int r = static_cast<int>(threadIdx.x) / 32; r < planned; r += kThreads / 32)
            cover(probabilities + r * p.blocks, first + r + 1, p.options.gamma, bits + r * p.words);
    }
    __syncthreads();
    unsigned set = 0;
    uint32_t* out = p.mask + (static_cast<int64_t>(h) * p.blocks + first) * p.words;
    for (int at = static_cast<int>(threadIdx.x); at < own * p.words; at += kThreads) {
        out[at] = bits[at];
        set += static_cast<unsigned>(__popc(bits[at]));
    }
    set = __reduce_add_sync(~0u, set);
    if (p.marked && threadIdx.x % 32 == 0 && set > 0) atomicAdd(p.marked, set);
}

Planning shape_of(int heads, int length, int head_dim) {
    Planning p{};
    p.heads = heads, p.length = length, p.d = head_dim;
    p.blocks = static_cast<int>(parts(length, kPlanBlock)), p.words = (p.blocks + 31) / 32;
    return p;
}

/// As many rows as their probabilities leave room for in shared memory.
void launch_mark(CudaBackend& cuda, const Planning& p) {
    const int row_bytes = (p.words + p.d + p.blocks) * 4;
    const int rows = std::clamp(std::min(cuda.block_bytes, 48 << 10) / row_bytes, 1, kRowsAtOnce);
    const int bytes = rows * row_bytes;
    if (bytes > cuda.block_bytes)
        throw EngineError(ErrorCode::bad_request, "The text is too long to plan attention by blocks.",
                          "Choose a lower level.");
    cuda.allow_shared(reinterpret_cast<const void*>(mark), bytes);
    const dim3 grid(parts(p.blocks, rows), static_cast<unsigned>(p.heads));
    mark<<<grid, kThreads, static_cast<size_t>(bytes), cuda.stream>>>(p, rows);
}

}  // namespace

uint64_t plan_scratch_bytes(int heads, int length, int head_dim) {
    Planning p = shape_of(heads, length, head_dim);
    return lay_out(p, nullptr);
}

void plan_blocks(Backend& backend, Matrix q, KvLayer kv, int length, const BlockOptions& options,
                 Selection chosen, void* scratch, BlockPlan out) {
    Running run(backend);
    if (run.cancelled()) return;
    assert(q.rows == length && "plan_blocks: q holds every query");
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    Planning p = shape_of(heads, length, kv.head_dim);
    assert(p.blocks == out.blocks && "plan_blocks: the plan is as long as the text");
    lay_out(p, scratch);
    p.q = q.data, p.q_type = q.type, p.q_stride = q.stride;
    p.k = static_cast<const char*>(kv.k), p.capacity = kv.capacity, p.group = heads / kv.kv_heads;
    p.index = chosen.index, p.count = chosen.count, p.index_capacity = chosen.capacity;
    p.plane_heads = chosen.index && !chosen.per_group ? 1 : p.group;
    p.options = options, p.mask = out.mask, p.marked = out.marked;
    const cudaStream_t stream = run.cuda.stream;
    if (p.marked) check(cudaMemsetAsync(p.marked, 0, sizeof *p.marked, stream), "clearing a count");
    if (options.pattern == BlockPattern::flex && !options.whole(length)) {
        average_keys(run.cuda, kv.type, p);
        probe_places(run.cuda, kv.type, p);
        choose<<<static_cast<unsigned>(heads), kHeadThreads, 0, stream>>>(p);
    }
    launch_mark(run.cuda, p);
    run.end("plan_blocks", 64);
}

}  // namespace longleaf::cuda
