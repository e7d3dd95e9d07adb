// Token scores and per-head selection of Token Sparse Attention (arXiv 2602.03216 §2; token-sparse attention,
// §1.1 steps 3 to 8). Scores take two passes over K: softmax needs each query's maximum and sum first.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>

#include "cpu/attend.h"
#include "cpu/half.h"

namespace longleaf::cpu {
namespace {

constexpr int64_t kKeysPerTask = 2048;  // a fixed grid: results do not depend on the number of threads

/// The caller's scratch, sized for the widest tiles of any kernel set.
struct Room {
    Room(void* scratch, int64_t heads, int64_t length, int64_t window)
        : lanes_per_head(window + kMaxLanes), chunks(parts(length, kKeysPerTask)) {
        const int64_t prefix = std::max<int64_t>(length - window, 0);
        auto* bytes = static_cast<char*>(scratch);
        const auto take = [&](int64_t count, int64_t size) {
            char* from = bytes;
            used += round_up(count * size, 64);
            if (bytes) bytes += round_up(count * size, 64);
            return from;
        };
        ranked = reinterpret_cast<uint64_t*>(take(heads * prefix, 8));
        scores = reinterpret_cast<float*>(take(heads * prefix, 4));
        pooled = reinterpret_cast<float*>(take(heads * prefix, 4));
        layer = reinterpret_cast<float*>(take(prefix, 4));
        peaks = reinterpret_cast<float*>(take(chunks * heads * lanes_per_head, 4));
        totals = reinterpret_cast<float*>(take(chunks * heads * lanes_per_head, 4));
    }

    int64_t lanes_per_head, chunks, used = 0;
    uint64_t* ranked;        // (H, P)
    float *scores, *pooled;  // (H, P), P = S - W
    float* layer;            // (P)
    float *peaks, *totals;   // (chunks, H, lanes_per_head)
};

/// One call: the window's queries as lanes, tiles of one head only.
struct Scoring {
    Running& run;
    const KvLayer& kv;
    const Room& room;
    int64_t heads, group, d, rows, tiles, length, window;  // tiles per head; rows: D in whole product tiles
    float* q;                                              // (H, tiles, rows, lanes)

    int64_t prefix() const { return length - window; }
    int64_t lanes() const { return run.kernels().lanes; }
    int64_t local_floats() const { return kKeyBlock * (rows + lanes()); }
    int in_tile(int64_t tile) const { return static_cast<int>(std::min(lanes(), window - tile * lanes())); }
    float* partial(float* base, int64_t chunk, int64_t h) const {
        return base + (chunk * heads + h) * room.lanes_per_head;
    }
};

void load_window(const Scoring& s, const Matrix& q) {
    const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(s.d)));
    std::fill_n(s.q, s.heads * s.tiles * s.rows * s.lanes(), 0.0f);
    for (int64_t h = 0; h < s.heads; ++h)
        for (int64_t w = 0; w < s.window; ++w) {
            float* lane = s.q + (h * s.tiles + w / s.lanes()) * s.rows * s.lanes() + w % s.lanes();
            for (int64_t c = 0; c < s.d; ++c) lane[c * s.lanes()] = row(q, w)[h * s.d + c] * scale;
        }
}

/// use(scores (n, lanes), first key, n, head, tile, vectors) for every block of a chunk and every tile of the
/// group. n is not rounded up: padding keys stay out.
template <class Use>
void over_scores(const Scoring& s, int64_t g, int64_t first, int64_t end, float* scratch, Use&& use) {
    const Kernels& kn = s.run.kernels();
    float *keys = scratch, *scores = scratch + kKeyBlock * s.rows;
    std::fill_n(keys, kKeyBlock * s.rows, 0.0f);
    const Rows k = head_rows(s.kv.k, s.kv, g);
    for (; first < end && !s.run.cancelled(); first += kKeyBlock) {
        const int64_t n = std::min(kKeyBlock, end - first);
        kn.unpack(stored_as(s.kv.type), from_row(k, first), n, s.d, keys, s.rows);
        for (int64_t h = g * s.group; h < (g + 1) * s.group; ++h)
            for (int64_t tile = 0; tile < s.tiles; ++tile) {
                const int vectors = static_cast<int>(parts(s.in_tile(tile), kn.width));
                kn.product(keys, s.rows, round_up(n, kn.tile_rows),
                           s.q + (h * s.tiles + tile) * s.rows * s.lanes(), s.d, scores, vectors, false);
                use(scores, first, n, h, tile, vectors);
            }
    }
}

/// First pass: every query's maximum and sum over one chunk of keys.
void measure(const Scoring& s, int64_t g, int64_t chunk, float* scratch) {
    const int64_t begin = chunk * kKeysPerTask, end = std::min(s.length, begin + kKeysPerTask);
    for (int64_t h = g * s.group; h < (g + 1) * s.group; ++h) {
        std::fill_n(s.partial(s.room.peaks, chunk, h), s.room.lanes_per_head,
                    -std::numeric_limits<float>::infinity());
        std::fill_n(s.partial(s.room.totals, chunk, h), s.room.lanes_per_head, 0.0f);
    }
    over_scores(
        s, g, begin, end, scratch,
        [&](float* scores, int64_t first, int64_t n, int64_t h, int64_t tile, int vectors) {
            for (int64_t j = std::max<int64_t>(0, s.prefix() + tile * s.lanes() + 1 - first); j < n; ++j) {
                const int64_t hidden = first + j - s.prefix() - tile * s.lanes();  // queries before this key
                std::fill_n(scores + j * s.lanes(), std::min(hidden, s.lanes()),
                            -std::numeric_limits<float>::infinity());
            }
            s.run.kernels().softmax_sum(scores, n, vectors,
                                        s.partial(s.room.peaks, chunk, h) + tile * s.lanes(),
                                        s.partial(s.room.totals, chunk, h) + tile * s.lanes());
        });
}

/// Joins the chunks in order. Chunk 0 then holds each query's peak and its weight in the mean of W queries.
void join_chunks(const Scoring& s, int64_t h) {
    float *peaks = s.partial(s.room.peaks, 0, h), *weights = s.partial(s.room.totals, 0, h);
    for (int64_t w = 0; w < s.room.lanes_per_head; ++w) {
        if (w >= s.window) {  // an empty lane: harmless peak, no weight
            peaks[w] = weights[w] = 0;
            continue;
        }
        float peak = -std::numeric_limits<float>::infinity(), total = 0;
        const int64_t seen = std::min(s.room.chunks, (s.prefix() + w) / kKeysPerTask + 1);
        for (int64_t c = 0; c < seen; ++c) peak = std::max(peak, s.partial(s.room.peaks, c, h)[w]);
        for (int64_t c = 0; c < seen; ++c)
            total += s.partial(s.room.totals, c, h)[w] * std::exp2(s.partial(s.room.peaks, c, h)[w] - peak);
        peaks[w] = peak;
        weights[w] = 1 / (total * static_cast<float>(s.window));
    }
}

/// Second pass: mean probability of every prefix key of one chunk.
void score(const Scoring& s, int64_t g, int64_t chunk, float* scratch) {
    const int64_t begin = chunk * kKeysPerTask, end = std::min(s.prefix(), begin + kKeysPerTask);
    over_scores(s, g, begin, end, scratch,
                [&](float* scores, int64_t first, int64_t n, int64_t h, int64_t tile, int vectors) {
                    float* out = s.room.scores + h * s.prefix() + first;
                    if (tile == 0) std::fill_n(out, n, 0.0f);
                    s.run.kernels().softmax_mass(scores, n, vectors,
                                                 s.partial(s.room.peaks, 0, h) + tile * s.lanes(),
                                                 s.partial(s.room.totals, 0, h) + tile * s.lanes(), out);
                });
}

void score_tokens(Running& run, const Matrix& q, const KvLayer& kv, int length, const Room& room) {
    const Kernels& kn = run.kernels();
    const int64_t d = kv.head_dim, heads = q.cols / d, rows = round_up(d, kn.tile_rows);
    Scoring s{run,    kv,     room,   heads, heads / kv.kv_heads, d, rows, parts(q.rows, kn.lanes),
              length, q.rows, nullptr};
    s.q = run.shared(heads * s.tiles * rows * kn.lanes);
    load_window(s, q);
    run.reserve_local(s.local_floats());
    run.parallel(kv.kv_heads * room.chunks, [&](int64_t task, int thread) {
        measure(s, task / room.chunks, task % room.chunks, run.local(thread));
    });
    run.parallel(heads, [&](int64_t h, int) { join_chunks(s, h); });
    run.parallel(kv.kv_heads * room.chunks, [&](int64_t task, int thread) {
        score(s, task / room.chunks, task % room.chunks, run.local(thread));
    });
}

/// Average pool of odd width, zeros beyond both ends of the prefix (edges are divided by the full width too).
void pool_scores(const float* scores, int64_t n, int width, float* out) {
    for (int64_t i = 0; i < n; ++i) {
        float sum = 0;
        for (int64_t j = std::max<int64_t>(0, i - width / 2); j <= std::min(n - 1, i + width / 2); ++j)
            sum += scores[j];
        out[i] = sum / static_cast<float>(width);
    }
}

/// Dynamic Token Coverage: how many of the lightest tokens together stay below tau of the layer's mass. Sums
/// are double where the reference uses fp32: the count must not depend on rounding.
int64_t count_light(const Room& room, int64_t heads, int64_t n, float tau) {
    double total = 0;
    for (int64_t i = 0; i < n; ++i) {
        double mass = 0;
        for (int64_t h = 0; h < heads; ++h) mass += static_cast<double>(room.pooled[h * n + i]);
        room.layer[i] = static_cast<float>(mass);
        total += mass;
    }
    // Not negative, so their bits order them; NaN has a place too.
    std::sort(room.layer, room.layer + n,
              [](float a, float b) { return bits_of_float(a) < bits_of_float(b); });
    int64_t count = 0;
    for (double sum = 0; count < n; ++count) {
        sum += static_cast<double>(room.layer[count]) / total;
        if (!(sum < static_cast<double>(tau))) break;
    }
    return count;
}

/// Prefix tokens that stay; all of them when the layer is to be dense.
int64_t budget(const Room& room, int64_t heads, int64_t n, const SelectOptions& options) {
    int64_t keep = options.fixed_keep(n);
    if (keep == 0) {
        const int64_t light = count_light(room, heads, n, options.tau);
        if (light == 0) return n;
        keep = n - (light + 1);
    }
    return std::clamp<int64_t>(std::max<int64_t>({options.min_tokens, options.sinks, keep}), 0, n);
}

/// Greater is better: score first, then the lower index.
uint64_t rank_of(float score, int64_t index) {
    return static_cast<uint64_t>(bits_of_float(score)) << 32 | (0xffffffffu - static_cast<uint32_t>(index));
}

/// Sums the pooled scores of a kv head's heads into those of its first, and of the first tokens makes the
/// greatest there are.
void prefer(const Room& room, int64_t first, int64_t group, int64_t n, int64_t sinks) {
    float* sum = room.pooled + first * n;
    for (int64_t h = first + 1; h < first + group; ++h)
        for (int64_t i = 0; i < n; ++i) sum[i] += room.pooled[h * n + i];
    std::fill_n(sum, std::min(sinks, n), std::numeric_limits<float>::infinity());
}

/// index (keep + window) = the best `keep` prefix tokens and the window, ascending.
void pick(const float* pooled, uint64_t* ranked, int64_t n, int64_t keep, int64_t window, int32_t* index) {
    for (int64_t i = 0; i < n; ++i) ranked[i] = rank_of(pooled[i], i);
    if (keep > 0) {
        std::nth_element(ranked, ranked + keep - 1, ranked + n, std::greater<>());
        const uint64_t least = ranked[keep - 1];
        for (int64_t i = 0; i < n; ++i)
            if (rank_of(pooled[i], i) >= least) *index++ = static_cast<int32_t>(i);
    }
    for (int64_t i = n; i < n + window; ++i) *index++ = static_cast<int32_t>(i);
}

}  // namespace

uint64_t select_scratch_bytes(int heads, int length, const SelectOptions& options) {
    return static_cast<uint64_t>(Room(nullptr, heads, length, options.window).used);
}

void select(Backend& backend, Matrix q, KvLayer kv, int length, const SelectOptions& options, void* scratch,
            Selection out) {
    Running run(backend);
    *out.count = 0;
    if (!options.drops(length)) return;
    assert(q.rows == options.window && "select: q holds the window's queries");
    const int64_t heads = q.cols / kv.head_dim, n = length - options.window;
    const Room room(scratch, heads, length, options.window);
    score_tokens(run, q, kv, length, room);
    run.parallel(heads, [&](int64_t h, int) {
        pool_scores(room.scores + h * n, n, options.pool, room.pooled + h * n);
    });
    if (run.cancelled()) return;
    const int64_t keep = budget(room, heads, n, options);
    if (keep == n) return;
    assert(keep + options.window <= out.capacity && "select: the selection holds the kept tokens");
    assert(out.per_group == options.per_group);
    const int64_t group = options.per_group ? heads / kv.kv_heads : 1;
    run.parallel(heads / group, [&](int64_t list, int) {
        const int64_t h = list * group;
        prefer(room, h, group, n, options.sinks);
        pick(room.pooled + h * n, room.ranked + h * n, n, keep, options.window,
             out.index + list * out.capacity);
    });
    *out.count = static_cast<int32_t>(keep + options.window);
}

}  // namespace longleaf::cpu
