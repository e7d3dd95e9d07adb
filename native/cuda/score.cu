// Token scores: the mean over the window's queries of their softmax over all keys, of every head, in two
// walks over K, since softmax needs each query's maximum and sum first. A block holds the queries of a whole
// group of heads in shared memory and walks one part of their keys. Each warp takes 32 keys at a time into
// registers, straight from the cache, and multiplies all those queries by them, so K is read once per walk
// and warps never wait for each other. Both factors number the values of D the way 16-byte loads hand them
// out: sums over D may be taken in any order.
//
// At 128K tokens, 32 heads on 8, D = 128, W = 128: per walk 137 GFLOP, 0.54 G powers of 2 and 268 MB of K.
#include <algorithm>
#include <cmath>

#include "cuda/device.cuh"
#include "cuda/select.h"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 16, kThreads = kWarps * 32;
constexpr float kRoom = 0x1p40f;  // a reference serves until sums of 32 keys pass this

/// What both walks are given. Rows are a group's queries: head after head, W padded to whole kColumns.
struct Scoring {
    const void* q;  // (W, H * D)
    DType q_type;
    int64_t q_stride;
    const char* k;     // (G, capacity, D)
    int64_t capacity;  // positions
    int d, group, length, window, padded;
    int keys_per_part, rows_at_a_time;  // multiples of 32
    float scale;                        // log2(e) / sqrt(D)
    Softmax* softmax;                   // (parts, H, padded)
    float* scores;                      // (H, stride)
    int64_t stride;

    __device__ int prefix() const { return length - window; }
    __device__ int rows() const { return group * padded; }
    /// Place of a row of kv head g among all heads' rows, and number of all.
    __device__ int64_t place(int g, int row) const { return static_cast<int64_t>(g) * rows() + row; }
    __device__ int64_t places() const { return static_cast<int64_t>(gridDim.y) * rows(); }
};

/// Scores of kColumns queries against a warp's keys as tensor cores leave them: lane l has, of query
/// 16 m + l / 4 + e / 2 * 8, those of keys 8 n + l % 4 * 2 + e % 2, at [m][n][e].
template <int D>
using Block = float[kColumns / 16][D > 128 ? 2 : 4][4];

/// The right factor: 16 or 32 keys of a warp.
template <int D, KvType type>
struct Keys {
    static constexpr int tiles = D > 128 ? 2 : 4, count = tiles * 8;

    uint4 values[tiles][D / 32];  // l % 4 * 8 .. + 7 of each 32 values of key l / 4

    /// `head`: the cache of one kv head. Keys after `last` read it again.
    __device__ void load(const char* head, int d, int first, int last) {
        const int lane = static_cast<int>(threadIdx.x) % 32;
        const int64_t row_bytes = cached_row_bytes(type, d);
#pragma unroll
        for (int n = 0; n < tiles; ++n) {
            const char* row = head + min(first + n * 8 + lane / 4, last) * row_bytes;
#pragma unroll
            for (int c = 0; c < D / 32; ++c) values[n][c] = cached_eight<type>(row, c * 32 + lane % 4 * 8, d);
        }
    }

    /// Asks for the rows that load() will want next.
    static __device__ void expect(const char* head, int d, int first, int last) {
        const int64_t row_bytes = cached_row_bytes(type, d);
        const char* row = head + min(first + static_cast<int>(threadIdx.x) % count, last) * row_bytes;
#pragma unroll 1
        for (int64_t at = 0; at < row_bytes; at += 128) prefetch(row + at);
    }

    /// queries: kColumns rows as load_queries() left them.
    __device__ void multiply(const uint4* queries, Block<D>& out) const {
        const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
        for (auto& row : out)
#pragma unroll
            for (auto& four : row) four[0] = four[1] = four[2] = four[3] = 0;
#pragma unroll
        for (int step = 0; step < D / 16; ++step)
#pragma unroll
            for (int m = 0; m < kColumns / 16; ++m) {
                const uint4 words = queries[(m * (D / 16) + step) * 32 + lane];
                const uint32_t a[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
                for (int n = 0; n < tiles; ++n) {
                    const uint4& b = values[n][step / 2];
                    multiply_add<__half>(out[m][n], a, step % 2 ? b.z : b.x, step % 2 ? b.w : b.y);
                }
            }
    }
};

/// `rows` rows of kv head g from row0 on as the left factor: for each 16 rows and each step of 16 values of
/// D, 16 bytes per lane. Of 32 values a lane of four holds eight, four in each of two steps. Zeros in rows
/// that only pad.
template <int D>
__device__ void load_queries(const Scoring& s, int g, int row0, int rows, uint4* to) {
    for (int at = static_cast<int>(threadIdx.x); at < rows * (D / 8); at += kThreads) {
        const int lane = at % 32, step = at / 32 % (D / 16);
        const int c = step / 2 * 32 + lane % 4 * 8 + step % 2 * 4;
        __half2 pair[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const int row = row0 + at / 32 / (D / 16) * 16 + lane / 4 + i % 2 * 8, w = row % s.padded;
            const int64_t from = w * s.q_stride + (g * s.group + row / s.padded) * s.d + c + i / 2 * 2;
            const auto value = [&](int e) {
                return to_half(w < s.window && c < s.d ? load_value(s.q, s.q_type, from + e) : 0.0f);
            };
            pair[i] = __halves2half2(value(0), value(1));
        }
        to[at] = reinterpret_cast<const uint4&>(pair);
    }
}

/// use(first key, row, scores) for all of this block's keys before `end`, a warp's at a time, and all `rows`
/// from row0 on; after a head's last, or the last of all, done(first key, row).
template <int D, KvType type, class Use, class Done>
__device__ void over_blocks(const Scoring& s, int end, const uint4* queries, int row0, int rows, Use&& use,
                            Done&& done) {
    using K = Keys<D, type>;
    const int64_t head_bytes = s.capacity * cached_row_bytes(type, s.d);
    const char* head = s.k + blockIdx.y * head_bytes;
    const int begin = static_cast<int>(blockIdx.x) * s.keys_per_part;
    end = min(end, begin + s.keys_per_part);
    K keys;
    for (int first = begin + static_cast<int>(threadIdx.x) / 32 * K::count; first < end;
         first += kWarps * K::count) {
        keys.load(head, s.d, first, s.length - 1);
        if (first + kWarps * K::count < end) K::expect(head, s.d, first + kWarps * K::count, s.length - 1);
        int head_end = s.padded - row0 % s.padded;
        for (int row = 0; row < rows; head_end += s.padded) {
            for (const int stop = min(head_end, rows); row < stop; row += kColumns) {
                Block<D> scores;
                keys.multiply(queries + row * (D / 8), scores);
                use(first, row, scores);
            }
            done(first, row - kColumns);
        }
    }
}

/// Joins N values of each lane over N lanes, those whose numbers differ in the bits of (N - 1) * Unit. Each
/// is left with the value that has its number among them.
template <int N, int Unit, class Join>
__device__ float join(float (&x)[N], Join&& both) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int n = N / 2; n > 0; n /= 2) {
        const bool upper = lane & (n * Unit);
#pragma unroll
        for (int i = 0; i < n; ++i) {
            const float given = upper ? x[i] : x[i + n], kept = upper ? x[i + n] : x[i];
            x[i] = both(kept, __shfl_xor_sync(~0u, given, n * Unit));
        }
    }
    return x[0];
}

/// One warp's running sums of 2^(score + against). `against` is the negated maximum of its scores when it
/// last had to change, so most blocks of scores need no maximum; infinite before the first.
struct Sums {
    float *against, *total;  // of kColumns rows, in shared memory

    template <int D>
    __device__ static void add_up(const Block<D>& scores, float scale, const float (&against)[4],
                                  float (&sum)[4]) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            sum[i] = 0;
#pragma unroll
            for (const auto& keys : scores[i / 2])
#pragma unroll
                for (int e = 0; e < 2; ++e) sum[i] += exp2_fast(fmaf(keys[i % 2 * 2 + e], scale, against[i]));
        }
    }

    template <int D>
    __device__ void absorb(const Block<D>& scores, float scale) {
        const int lane = static_cast<int>(threadIdx.x) % 32;
        const int mine = lane % 4 * 8 + lane / 4;  // what join() leaves this lane
        float reference[4], sum[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) reference[i] = against[i * 8 + lane / 4];
        add_up<D>(scores, scale, reference, sum);
        bool fits = true;
#pragma unroll
        for (const float x : sum) fits &= x < kRoom;
        if (!__all_sync(~0u, fits)) {
            float top[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                top[i] = -INFINITY;
#pragma unroll
                for (const auto& keys : scores[i / 2])
                    top[i] = fmaxf(top[i], fmaxf(keys[i % 2 * 2], keys[i % 2 * 2 + 1]));
            }
            const float peak = join<4, 1>(top, [](float a, float b) { return fmaxf(a, b); }) * scale;
            const float before = -against[mine];
            __syncwarp();
            if (peak > before) against[mine] = -peak, total[mine] *= exp2_fast(before - peak);
            __syncwarp();
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                const float x = against[i * 8 + lane / 4];
                reference[i] = x == INFINITY ? 0 : x;  // nothing seen yet: all these scores are -infinity
            }
            add_up<D>(scores, scale, reference, sum);
        }
        total[mine] += join<4, 1>(sum, [](float a, float b) { return a + b; });
    }
};

/// First walk: every query's maximum and sum over one part of the keys. blockIdx: (part, kv head).
template <int D, KvType type>
__global__ void __launch_bounds__(kThreads, 1) measure(const Scoring s) {
    using K = Keys<D, type>;
    extern __shared__ __align__(128) char memory[];
    auto* queries = reinterpret_cast<uint4*>(memory);
    auto* against = reinterpret_cast<float*>(queries + s.rows_at_a_time * (D / 8));  // (kWarps, rows)
    float* total = against + kWarps * s.rows_at_a_time;                              // likewise
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int g = static_cast<int>(blockIdx.y);
    for (int row0 = 0; row0 < s.rows(); row0 += s.rows_at_a_time) {
        const int rows = min(s.rows_at_a_time, s.rows() - row0);
        __syncthreads();
        load_queries<D>(s, g, row0, rows, queries);
        for (int i = static_cast<int>(threadIdx.x); i < kWarps * s.rows_at_a_time; i += kThreads)
            against[i] = INFINITY, total[i] = 0;
        __syncthreads();
        const auto use = [&](int first, int row, Block<D>& scores) {
            if (first + K::count > s.prefix()) {
                const int w = (row0 + row) % s.padded + lane / 4, key = first + lane % 4 * 2 - s.prefix();
#pragma unroll
                for (int m = 0; m < kColumns / 16; ++m)
#pragma unroll
                    for (int n = 0; n < K::tiles; ++n)
#pragma unroll
                        for (int e = 0; e < 4; ++e)
                            if (key + n * 8 + e % 2 > w + m * 16 + e / 2 * 8) scores[m][n][e] = -INFINITY;
            }
            const int at = warp * s.rows_at_a_time + row;
            Sums{against + at, total + at}.template absorb<D>(scores, s.scale);
        };
        over_blocks<D, type>(s, s.length, queries, row0, rows, use, [](int, int) {});
        __syncthreads();
        for (int row = static_cast<int>(threadIdx.x); row < rows; row += kThreads) {
            Softmax all{-INFINITY, 0};
            for (int i = 0; i < kWarps; ++i) all.peak = fmaxf(all.peak, -against[i * s.rows_at_a_time + row]);
            for (int i = 0; i < kWarps; ++i) {
                const int at = i * s.rows_at_a_time + row;
                if (against[at] != INFINITY)
                    all.total = fmaf(total[at], exp2f(-against[at] - all.peak), all.total);
            }
            s.softmax[blockIdx.x * s.places() + s.place(g, row0 + row)] = all;
        }
    }
}

/// The parts in order. What to add to a score so that 2^it is the query's share of the mean.
__device__ float share(const Scoring& s, int g, int row, int count) {
    if (row % s.padded >= s.window) return -INFINITY;
    const Softmax* of = s.softmax + s.place(g, row);
    float peak = -INFINITY, total = 0;
#pragma unroll 8
    for (int i = 0; i < count; ++i) peak = fmaxf(peak, of[i * s.places()].peak);
#pragma unroll 8
    for (int i = 0; i < count; ++i) {
        const Softmax part = of[i * s.places()];
        total = fmaf(part.total, exp2f(part.peak - peak), total);
    }
    return -(peak + log2f(total * static_cast<float>(s.window)));
}

/// Second walk: mean probability of every prefix key of one part. blockIdx: (part, kv head).
template <int D, KvType type>
__global__ void __launch_bounds__(kThreads, 1) score(const Scoring s) {
    using K = Keys<D, type>;
    extern __shared__ __align__(128) char memory[];
    auto* queries = reinterpret_cast<uint4*>(memory);
    auto* against = reinterpret_cast<float*>(queries + s.rows_at_a_time * (D / 8));  // (rows)
    const int lane = static_cast<int>(threadIdx.x) % 32, g = static_cast<int>(blockIdx.y);
    for (int row0 = 0; row0 < s.rows(); row0 += s.rows_at_a_time) {
        const int rows = min(s.rows_at_a_time, s.rows() - row0);
        __syncthreads();
        load_queries<D>(s, g, row0, rows, queries);
        for (int row = static_cast<int>(threadIdx.x); row < rows; row += kThreads)
            against[row] = share(s, g, row0 + row, static_cast<int>(gridDim.x));
        __syncthreads();
        float sum[8] = {};  // of keys 8 (i / 2) + l % 4 * 2 + i % 2 over this lane's queries
        const auto use = [&](int, int row, Block<D>& scores) {
#pragma unroll
            for (int m = 0; m < kColumns / 16; ++m) {
                const float* shares = against + row + m * 16 + lane / 4;
                const float low = shares[0], high = shares[8];
#pragma unroll
                for (int n = 0; n < K::tiles; ++n)
#pragma unroll
                    for (int e = 0; e < 4; ++e)
                        sum[n * 2 + e % 2] += exp2_fast(fmaf(scores[m][n][e], s.scale, e < 2 ? low : high));
            }
        };
        const auto done = [&](int first, int row) {
            const float mass = join<8, 4>(sum, [](float a, float b) { return a + b; });
            const int key = first + lane / 8 * 8 + lane % 4 * 2 + lane / 4 % 2, h = (row0 + row) / s.padded;
            if (lane / 8 < K::tiles && key < s.prefix()) {
                float* out = s.scores + (g * s.group + h) * s.stride + key;
                *out = h * s.padded < row0 ? *out + mass : mass;  // begun by an earlier pass
            }
#pragma unroll
            for (float& x : sum) x = 0;
        };
        over_blocks<D, type>(s, s.prefix(), queries, row0, rows, use, done);
    }
}

/// Fewest passes over the rows that shared memory allows, as equal as can be.
int rows_at_a_time(int all, int bytes_per_row, int bytes) {
    const int most = bytes / bytes_per_row / kColumns * kColumns, passes = (all + most - 1) / most;
    return static_cast<int>(round_up((all + passes - 1) / passes, kColumns));
}

template <int D, KvType type>
void launch(CudaBackend& cuda, Scoring s, const dim3& grid) {
    const auto run = [&](auto kernel, int bytes_per_row) {
        s.rows_at_a_time = rows_at_a_time(s.group * s.padded, bytes_per_row, cuda.block_bytes);
        const int shared = s.rows_at_a_time * bytes_per_row;
        cuda.allow_shared(reinterpret_cast<const void*>(kernel), shared);
        kernel<<<grid, kThreads, shared, cuda.stream>>>(s);
    };
    run(measure<D, type>, D * 2 + kWarps * 8);
    run(score<D, type>, D * 2 + 4);
}

template <KvType type>
void launch(CudaBackend& cuda, const Scoring& s, const dim3& grid) {
    if (s.d <= 64) return launch<64, type>(cuda, s, grid);
    if (s.d <= 96) return launch<96, type>(cuda, s, grid);
    if (s.d <= 128) return launch<128, type>(cuda, s, grid);
    launch<256, type>(cuda, s, grid);
}

}  // namespace

void score_tokens(CudaBackend& cuda, const Matrix& q, const KvLayer& kv, int length, const Room& room) {
    const int heads = static_cast<int>(q.cols) / kv.head_dim;
    Scoring s{};
    s.q = q.data, s.q_type = q.type, s.q_stride = q.stride;
    s.k = static_cast<const char*>(kv.k), s.capacity = kv.capacity;
    s.d = kv.head_dim, s.group = heads / kv.kv_heads, s.length = length;
    s.window = static_cast<int>(q.rows), s.padded = static_cast<int>(room.padded);
    s.scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(kv.head_dim)));
    s.softmax = room.softmax, s.scores = room.scores, s.stride = room.stride;
    // Two waves of blocks, one to a multiprocessor: 8 kv heads leave a part of 132 idle in one.
    const int wanted = std::min(
        {2 * cuda.multiprocessors / kv.kv_heads, kMaxParts, static_cast<int>(parts(length, kLeastKeys))});
    const int each = (length + std::max(wanted, 1) - 1) / std::max(wanted, 1);
    s.keys_per_part = static_cast<int>(round_up(each, 32));
    const dim3 grid(parts(length, s.keys_per_part), static_cast<unsigned>(kv.kv_heads));
    if (kv.type == KvType::f16)
        launch<KvType::f16>(cuda, s, grid);
    else
        launch<KvType::q8_0>(cuda, s, grid);
}

}  // namespace longleaf::cuda
