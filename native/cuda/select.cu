// Token scores and per-head selection of Token Sparse Attention (arXiv 2602.03216 §2; token-sparse attention,
// §1.1 steps 3 to 8), all on the device: the host learns neither scores nor the count. Scores take two walks
// over K: softmax needs each query's maximum and sum first.
#include <cassert>
#include <cmath>

#include "cuda/device.cuh"
#include "cuda/select.h"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 8, kThreads = kWarps * 32;
constexpr int kQueries = kWarps * 16;  // of the window, per walk
constexpr int kKeys = 64;              // per tile
constexpr int kKeysPerChunk = 2048;    // per block; a fixed grid

/// What both walks are given. P = length - window.
struct Scoring {
    const void* q;  // (W, H * D)
    DType q_type;
    int64_t q_stride;
    const char* k;  // (G, capacity, D)
    int64_t capacity;
    int d, group, length, window, padded;  // padded: W in whole kQueries
    float scale;                           // log2(e) / sqrt(D)
    float *peaks, *totals;                 // (chunks, H, padded); after joining, chunk 0: peak, weight
    float* scores;                         // (H, P)
    int prefix() const { return length - window; }
};

/// Scores of 16 queries per warp against one tile of keys, in the layout of the tensor cores' result.
template <int D, KvType type>
struct Tile {
    static constexpr int row_bytes = D * 2 + 16;
    static constexpr int shared_bytes = 2 * kKeys * row_bytes;

    uint32_t q[D / 16][4];

    __device__ void load_queries(const Scoring& s, int h, int first) {
        const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
#pragma unroll
        for (int c = 0; c < D / 16; ++c)
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                const int row = first + warp * 16 + lane / 4 + i % 2 * 8;
                const int col = c * 16 + lane % 4 * 2 + i / 2 * 8;
                const int64_t at = row * s.q_stride + h * s.d + col;
                const bool valid = row < s.window;
                const auto value = [&](int e) {
                    return to_half(valid && col + e < s.d ? load_value(s.q, s.q_type, at + e) : 0.0f);
                };
                const __half2 pair = __halves2half2(value(0), value(1));
                q[c][i] = reinterpret_cast<const uint32_t&>(pair);
            }
    }

    static __device__ void load_keys(char* to, const char* head, int d, int first, int end) {
        for (int at = static_cast<int>(threadIdx.x); at < kKeys * (D / 8); at += kThreads) {
            const int row = at / (D / 8), piece = at % (D / 8);
            const bool valid = first + row < end && piece * 8 < d;
            const int64_t key = valid ? first + row : 0;
            char* place = to + row * row_bytes + piece * 16;
            if constexpr (type == KvType::f16) {
                copy_async(shared_address(place), head + (valid ? (key * d + piece * 8) * 2 : 0), valid);
            } else {
                *reinterpret_cast<uint4*>(place) =
                    valid ? eight_of_q8_0(head + key * (d / 32 * 34), piece * 8) : uint4{0, 0, 0, 0};
            }
        }
        copies_commit();
    }

    __device__ void multiply(const char* keys, float (&out)[kKeys / 8][4]) const {
        const int lane = static_cast<int>(threadIdx.x) % 32;
        const uint32_t at = shared_address(keys) +
                            static_cast<uint32_t>((lane % 8 + lane / 16 * 8) * row_bytes + lane / 8 % 2 * 16);
#pragma unroll
        for (auto& row : out) row[0] = row[1] = row[2] = row[3] = 0;
#pragma unroll
        for (int c = 0; c < D / 16; ++c)
#pragma unroll
            for (int j = 0; j < kKeys / 16; ++j) {
                uint32_t b[4];
                load_tiles(b, at + static_cast<uint32_t>(j * 16 * row_bytes + c * 32));
                multiply_add<__half>(out[2 * j], q[c], b[0], b[1]);
                multiply_add<__half>(out[2 * j + 1], q[c], b[2], b[3]);
            }
    }
};

/// use(first key of the tile, scores) for the tiles of blockIdx.x's chunk before `end`, keys double-buffered.
template <int D, KvType type, class Use>
__device__ void over_tiles(const Scoring& s, const Tile<D, type>& tile, int h, int end, char* memory,
                           Use&& use) {
    using T = Tile<D, type>;
    const int64_t head_bytes = s.capacity * (type == KvType::f16 ? s.d * 2 : s.d / 32 * 34);
    const char* head = s.k + h / s.group * head_bytes;
    const int begin = static_cast<int>(blockIdx.x) * kKeysPerChunk;
    end = min(end, begin + kKeysPerChunk);
    if (begin >= end) return;
    __syncthreads();
    T::load_keys(memory, head, s.d, begin, end);
    int buffer = 0;
    for (int first = begin; first < end; first += kKeys, buffer ^= 1) {
        T::load_keys(memory + (buffer ^ 1) * kKeys * T::row_bytes, head, s.d, first + kKeys, end);
        copies_wait<1>();
        __syncthreads();
        float scores[kKeys / 8][4];
        tile.multiply(memory + buffer * kKeys * T::row_bytes, scores);
        use(first, scores);
        __syncthreads();
    }
    copies_wait<0>();
}

/// First walk: every query's maximum and sum over one chunk. blockIdx: (chunk, head, kQueries of the window).
template <int D, KvType type>
__global__ void __launch_bounds__(kThreads) measure(const Scoring s) {
    extern __shared__ __align__(128) char memory[];
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int h = static_cast<int>(blockIdx.y), first_query = static_cast<int>(blockIdx.z) * kQueries;
    Tile<D, type> tile;
    tile.load_queries(s, h, first_query);
    const int row = first_query + warp * 16 + lane / 4;
    float peak[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
    over_tiles(s, tile, h, s.length, memory, [&](int first, float(&scores)[kKeys / 8][4]) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int sees = min(s.length - s.window + row + half * 8, s.length - 1);  // its last key
            float top = peak[half], sum = 0;
#pragma unroll
            for (int j = 0; j < kKeys / 8; ++j)
#pragma unroll
                for (int e = 2 * half; e < 2 * half + 2; ++e) {
                    scores[j][e] =
                        first + j * 8 + lane % 4 * 2 + e % 2 > sees ? -INFINITY : scores[j][e] * s.scale;
                    top = fmaxf(top, scores[j][e]);
                }
            if (top == -INFINITY) continue;
#pragma unroll
            for (int j = 0; j < kKeys / 8; ++j)
#pragma unroll
                for (int e = 2 * half; e < 2 * half + 2; ++e) sum += exp2_fast(scores[j][e] - top);
            total[half] = fmaf(total[half], exp2_fast(peak[half] - top), sum);
            peak[half] = top;
        }
    });
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        float top = peak[half];
        top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
        top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
        float sum = peak[half] == -INFINITY ? 0 : total[half] * exp2_fast(peak[half] - top);
        sum += __shfl_xor_sync(~0u, sum, 1);
        sum += __shfl_xor_sync(~0u, sum, 2);
        const int64_t at = (static_cast<int64_t>(blockIdx.x) * gridDim.y + h) * s.padded + row + half * 8;
        if (lane % 4 == 0) s.peaks[at] = top, s.totals[at] = sum;
    }
}

/// Joins the chunks in order; chunk 0 then holds each query's peak and its weight in the mean.
__global__ void join_chunks(const Scoring s, int heads, int chunks) {
    const int w = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (w >= heads * s.padded) return;
    const int64_t step = static_cast<int64_t>(heads) * s.padded;
    float top = -INFINITY, total = 0;
    for (int c = 0; c < chunks; ++c) top = fmaxf(top, s.peaks[c * step + w]);
    for (int c = 0; c < chunks; ++c) {
        const float peak = s.peaks[c * step + w];
        if (peak != -INFINITY) total = fmaf(s.totals[c * step + w], exp2f(peak - top), total);
    }
    const bool real = w % s.padded < s.window;  // an empty lane: harmless peak, no weight
    s.peaks[w] = real ? top : 0;
    s.totals[w] = real ? 1.0f / (total * static_cast<float>(s.window)) : 0;
}

/// Second walk: mean probability of every prefix key of one chunk. blockIdx: (chunk, head).
template <int D, KvType type>
__global__ void __launch_bounds__(kThreads) score(const Scoring s) {
    extern __shared__ __align__(128) char memory[];
    __shared__ float mass[kWarps][kKeys];
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int h = static_cast<int>(blockIdx.y);
    float* out = s.scores + static_cast<int64_t>(h) * (s.length - s.window);
    for (int first_query = 0; first_query < s.padded; first_query += kQueries) {
        Tile<D, type> tile;
        tile.load_queries(s, h, first_query);
        const int row = h * s.padded + first_query + warp * 16 + lane / 4;
        const float peak[2] = {s.peaks[row], s.peaks[row + 8]},
                    weight[2] = {s.totals[row], s.totals[row + 8]};
        const int prefix = s.length - s.window;
        over_tiles(s, tile, h, prefix, memory, [&](int first, float(&scores)[kKeys / 8][4]) {
#pragma unroll
            for (int j = 0; j < kKeys / 8; ++j)
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    float sum = exp2_fast(fmaf(scores[j][e], s.scale, -peak[0])) * weight[0];
                    sum = fmaf(exp2_fast(fmaf(scores[j][2 + e], s.scale, -peak[1])), weight[1], sum);
#pragma unroll
                    for (int step = 4; step < 32; step *= 2) sum += __shfl_xor_sync(~0u, sum, step);
                    if (lane < 4) mass[warp][j * 8 + lane * 2 + e] = sum;
                }
            __syncthreads();
            const int key = static_cast<int>(threadIdx.x);
            if (key < kKeys && first + key < prefix) {
                float sum = first_query == 0 ? 0 : out[first + key];
#pragma unroll
                for (int i = 0; i < kWarps; ++i) sum += mass[i][key];
                out[first + key] = sum;
            }
        });
    }
}

template <int D, KvType type>
void launch(cudaStream_t stream, const Scoring& s, int heads) {
    using T = Tile<D, type>;
    check(
        cudaFuncSetAttribute(measure<D, type>, cudaFuncAttributeMaxDynamicSharedMemorySize, T::shared_bytes),
        "preparing scores");
    check(cudaFuncSetAttribute(score<D, type>, cudaFuncAttributeMaxDynamicSharedMemorySize, T::shared_bytes),
          "preparing scores");
    const unsigned chunks = parts(s.length, kKeysPerChunk);
    const auto h = static_cast<unsigned>(heads);
    measure<D, type><<<dim3(chunks, h, parts(s.window, kQueries)), kThreads, T::shared_bytes, stream>>>(s);
    join_chunks<<<parts(heads * s.padded, 128), 128, 0, stream>>>(s, heads, static_cast<int>(chunks));
    score<D, type><<<dim3(chunks, h), kThreads, T::shared_bytes, stream>>>(s);
}

template <KvType type>
void launch(cudaStream_t stream, const Scoring& s, int heads) {
    if (s.d <= 64) return launch<64, type>(stream, s, heads);
    if (s.d <= 96) return launch<96, type>(stream, s, heads);
    if (s.d <= 128) return launch<128, type>(stream, s, heads);
    launch<256, type>(stream, s, heads);
}

/// The caller's scratch.
struct Room {
    Room(void* scratch, int64_t heads, int64_t length, int64_t window)
        : padded(round_up(window, kQueries)), chunks(parts(length, kKeysPerChunk)) {
        const int64_t prefix = length > window ? length - window : 0;
        auto* bytes = static_cast<char*>(scratch);
        const auto take = [&](int64_t count, int64_t size) {
            char* from = bytes;
            used += round_up(count * size, 256);
            if (bytes) bytes += round_up(count * size, 256);
            return from;
        };
        budget = reinterpret_cast<Budget*>(take(1, sizeof(Budget)));
        layer = reinterpret_cast<Wide*>(take(prefix, 8));
        scores = reinterpret_cast<float*>(take(heads * prefix, 4));
        pooled = reinterpret_cast<float*>(take(heads * prefix, 4));
        peaks = reinterpret_cast<float*>(take(chunks * heads * padded, 4));
        totals = reinterpret_cast<float*>(take(chunks * heads * padded, 4));
    }
    int64_t padded, chunks, used = 0;
    Budget* budget;
    Wide* layer;             // (P)
    float *scores, *pooled;  // (H, P)
    float *peaks, *totals;   // (chunks, H, padded)
};

}  // namespace

uint64_t select_scratch_bytes(int heads, int length, const SelectOptions& options) {
    return static_cast<uint64_t>(Room(nullptr, heads, length, options.window).used);
}

void select(Backend& backend, Matrix q, KvLayer kv, int length, const SelectOptions& options, void* scratch,
            Selection out) {
    Running run(backend);
    if (run.cancelled()) return;
    const cudaStream_t stream = run.cuda.stream;
    if (!(options.tau > 0) || length <= options.min_tokens + options.window || options.window < 1) {
        check(cudaMemsetAsync(out.count, 0, sizeof(int32_t), stream), "clearing a count");
        return;
    }
    assert(q.rows == options.window && "select: q holds the window's queries");
    assert(kv.type != KvType::f32 && "select: this cache holds f16 or q8_0");
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    const Room room(scratch, heads, length, options.window);
    Scoring s{};
    s.q = q.data, s.q_type = q.type, s.q_stride = q.stride, s.k = static_cast<const char*>(kv.k),
    s.capacity = kv.capacity;
    s.d = kv.head_dim, s.group = heads / kv.kv_heads, s.length = length, s.window = options.window;
    s.padded = static_cast<int>(room.padded);
    s.scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(kv.head_dim)));
    s.peaks = room.peaks, s.totals = room.totals, s.scores = room.scores;
    if (kv.type == KvType::f16)
        launch<KvType::f16>(stream, s, heads);
    else
        launch<KvType::q8_0>(stream, s, heads);
    keep_tokens(stream, {room.scores, room.pooled, room.layer, room.budget, heads, s.prefix()}, options, out);
    run.end("select", 16);
}

}  // namespace longleaf::cuda
