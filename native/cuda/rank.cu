// The highest logits of a row, in three launches of which greedy sampling needs the first: the highest one
// and the mass; a count of how far below it the others lie, in 1/32; and the whole bins that have room
// together, sorted by the block that ends last. Sums are taken in a fixed order.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "cuda/chain.cuh"
#include "cuda/device.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kThreads = 256, kMostBlocks = 128, kBins = 2048, kPerBin = kBins / kThreads;
constexpr float kBinsPerUnit = 32;
static_assert(kMostBlocks <= kThreads && Ranking::capacity % kThreads == 0);

using Key = unsigned long long;  // orders as logits do, of equals the lower token first; never 0

struct Work {
    Key highest[kMostBlocks];
    double mass[kMostBlocks];  // of a block's share, relative to its highest
    int bins[kBins];
    Key picked[Ranking::capacity];
    int arrivals[2], picks;  // zero between calls
    float top;
};

__device__ Key key_of(float logit, int token) {
    const unsigned bits = __float_as_uint(logit + 0.0f);  // -0 as 0
    return static_cast<Key>(bits >> 31 ? ~bits : bits | 0x80000000u) << 32 | ~static_cast<unsigned>(token);
}
__device__ float logit_of(Key key) {
    const auto order = static_cast<unsigned>(key >> 32);
    return __uint_as_float(order >> 31 ? order & 0x7fffffffu : ~order);
}
__device__ int token_of(Key key) { return static_cast<int>(~static_cast<unsigned>(key)); }

__device__ float valid(float x) { return isnan(x) ? -INFINITY : x; }
/// e^((x - top) / temperature); equal infinities differ by nothing.
__device__ double weight(float x, float top, float scale) {
    return x == top ? 1.0 : exp2f((x - top) * scale);
}
__device__ int bin_of(float x, float top) {
    if (x == top) return 0;
    const float down = (top - x) * kBinsPerUnit;
    return down < kBins - 1 ? static_cast<int>(down) : kBins - 1;  // infinity and NaN too
}

/// Sum and maximum over the block, in every thread.
__device__ double block_sum(double x) {
    __shared__ double parts[kThreads / 32];
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = x;
    __syncthreads();
    double sum = 0;
#pragma unroll
    for (const double part : parts) sum += part;
    return sum;
}
__device__ Key block_max(Key x) {
    __shared__ Key parts[kThreads / 32];
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        const Key other = __shfl_xor_sync(~0u, x, step);
        x = other > x ? other : x;
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = x;
    __syncthreads();
#pragma unroll
    for (const Key part : parts) x = part > x ? part : x;
    return x;
}

__global__ void penalise(float* logits, const int32_t* tokens, int count, float penalty) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= count) return;
    float& logit = logits[tokens[i]];
    logit = logit > 0 ? logit / penalty : logit * penalty;
}

/// The first entry, the mass where `scale`, log2(e) / temperature, is not 0; and empty bins.
__global__ void __launch_bounds__(kThreads)
    find_highest(const float* logits, int vocab, float scale, Work* work, Ranking* out) {
    wait_for_earlier();
    let_next_begin();
    const int thread = static_cast<int>(threadIdx.x), blocks = static_cast<int>(gridDim.x);
    const int first = static_cast<int>(blockIdx.x) * kThreads + thread, step = blocks * kThreads;
    Key highest = 0;
    for (int i = first; i < vocab; i += step) {
        const Key key = key_of(valid(logits[i]), i);
        highest = key > highest ? key : highest;
    }
    highest = block_max(highest);
    double mass = 0;
    if (scale > 0) {
        for (int i = first; i < vocab; i += step) mass += weight(valid(logits[i]), logit_of(highest), scale);
        mass = block_sum(mass);
    }
    if (thread == 0) work->highest[blockIdx.x] = highest, work->mass[blockIdx.x] = mass;
    if (!arrives_last(&work->arrivals[0])) return;

    const Key mine = thread < blocks ? __ldcg(&work->highest[thread]) : 0;
    highest = block_max(mine);
    const float top = logit_of(highest);
    mass =
        thread < blocks && scale > 0 ? __ldcg(&work->mass[thread]) * weight(logit_of(mine), top, scale) : 0;
    mass = block_sum(mass);
    for (int i = thread; i < kBins; i += kThreads) work->bins[i] = 0;
    if (thread > 0) return;
    work->top = top, work->picks = 0;
    out->mass = mass, out->count = 1, out->vocab = vocab;
    out->top[0] = {top, token_of(highest)};
}

__global__ void __launch_bounds__(kThreads) count_bins(const float* logits, int vocab, Work* work) {
    __shared__ int bins[kBins];
    for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kThreads) bins[i] = 0;
    __syncthreads();
    wait_for_earlier();
    let_next_begin();
    const float top = work->top;
    for (int i = static_cast<int>(blockIdx.x * kThreads + threadIdx.x); i < vocab;
         i += static_cast<int>(gridDim.x) * kThreads)
        atomicAdd(&bins[bin_of(valid(logits[i]), top)], 1);
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kThreads)
        if (bins[i] > 0) atomicAdd(&work->bins[i], bins[i]);
}

/// The bins, from the highest on, whose logits are at most `most` together.
__device__ int whole_bins(const int* bins, int most) {
    __shared__ int sums[kThreads], fit;
    const int thread = static_cast<int>(threadIdx.x);
    int mine[kPerBin], sum = 0;
#pragma unroll
    for (int i = 0; i < kPerBin; ++i) sum += mine[i] = bins[thread * kPerBin + i];
    sums[thread] = sum;
    if (thread == 0) fit = 0;
    __syncthreads();
    for (int step = 1; step < kThreads; step *= 2) {
        const int other = thread >= step ? sums[thread - step] : 0;
        __syncthreads();
        sums[thread] += other;
        __syncthreads();
    }
    int before = sums[thread] - sum, last = 0;
#pragma unroll
    for (int i = 0; i < kPerBin; ++i) {
        before += mine[i];
        if (before <= most) last = thread * kPerBin + i + 1;
    }
    atomicMax(&fit, last);
    __syncthreads();
    return fit;
}

/// Bitonic, the highest first; zeros sink.
__device__ void sort_down(Key* keys) {
    for (int size = 2; size <= Ranking::capacity; size *= 2)
        for (int apart = size / 2; apart > 0; apart /= 2) {
            __syncthreads();
            for (int n = static_cast<int>(threadIdx.x); n < Ranking::capacity / 2; n += kThreads) {
                const int i = n / apart * 2 * apart + n % apart, j = i + apart;
                const Key a = keys[i], b = keys[j];
                if ((a < b) == ((i & size) == 0)) keys[i] = b, keys[j] = a;
            }
        }
    __syncthreads();
}

/// All of the entries, where those that belong together have room.
__global__ void __launch_bounds__(kThreads)
    pick_highest(const float* logits, int vocab, int most, Work* work, Ranking* out) {
    __shared__ Key keys[Ranking::capacity];
    wait_for_earlier();
    let_next_begin();
    const int thread = static_cast<int>(threadIdx.x), fit = whole_bins(work->bins, Ranking::capacity);
    const float top = work->top;
    for (int i = static_cast<int>(blockIdx.x) * kThreads + thread; i < vocab;
         i += static_cast<int>(gridDim.x) * kThreads) {
        const float x = valid(logits[i]);
        if (bin_of(x, top) < fit) work->picked[atomicAdd(&work->picks, 1)] = key_of(x, i);
    }
    if (!arrives_last(&work->arrivals[1])) return;
    const int count = *static_cast<volatile int*>(&work->picks);
    if (count == 0) return;
    for (int i = thread; i < Ranking::capacity; i += kThreads)
        keys[i] = i < count ? __ldcg(&work->picked[i]) : 0;
    sort_down(keys);
    for (int i = thread; i < min(count, most); i += kThreads)
        out->top[i] = {logit_of(keys[i]), token_of(keys[i])};
    if (thread == 0) out->count = min(count, most);
}

/// The row with its penalties, in work space of the backend.
const float* penalised_row(CudaBackend& cuda, const Matrix& logits, const RankOptions& options, void* room) {
    const auto bytes = static_cast<size_t>(logits.cols) * sizeof(float);
    const auto count = static_cast<int>(options.penalised.size());
    auto* row = static_cast<float*>(room);
    auto* tokens = reinterpret_cast<int32_t*>(row + logits.cols);
    check(cudaMemcpyAsync(row, logits.data, bytes, cudaMemcpyDeviceToDevice, cuda.stream), "copying logits");
    check(cudaMemcpyAsync(tokens, options.penalised.data(), options.penalised.size_bytes(),
                          cudaMemcpyHostToDevice, cuda.stream),
          "uploading tokens");
    penalise<<<parts(count, kThreads), kThreads, 0, cuda.stream>>>(row, tokens, count, options.penalty);
    return row;
}

}  // namespace

void rank(Backend& backend, Matrix logits, const RankOptions& options, Ranking* out) {
    Running run(backend);
    CudaBackend& cuda = run.cuda;
    assert(logits.rows == 1 && logits.cols > 0 &&
           options.penalised.size() <= static_cast<size_t>(logits.cols));
    const int vocab = static_cast<int>(logits.cols);
    const int most = std::clamp(options.most, 1, Ranking::capacity);
    auto* work = static_cast<Work*>(cuda.ranking.reserve_zeros(cuda.stream, sizeof(Work)));
    const float* row = data(logits);
    if (!options.penalised.empty()) {
        void* room = cuda.penalised.reserve(static_cast<uint64_t>(vocab) * 2 * sizeof(float));
        row = penalised_row(cuda, logits, options, room);
    }
    const float scale = options.temperature > 0 ? 1.44269504f / options.temperature : 0.0f;
    const unsigned blocks = std::min(parts(vocab, kThreads), static_cast<unsigned>(kMostBlocks));
    launch_chained(cuda, find_highest, blocks, kThreads, 0, row, vocab, scale, work, out);
    if (most > 1) {
        launch_chained(cuda, count_bins, blocks, kThreads, 0, row, vocab, work);
        launch_chained(cuda, pick_highest, blocks, kThreads, 0, row, vocab, most, work, out);
    }
    run.end("rank");
}

}  // namespace longleaf::cuda
