// Which blocks of keys each block of queries attends to: FlexPrefill's plan (arXiv 2502.20766), with the
// decisions stated at BlockOptions. A head is one task: at the lengths a CPU reads, planning is little beside
// attention.
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "cpu/attend.h"
#include "cpu/half.h"

namespace longleaf::cpu {
namespace {

static_assert(kKeyBlock == kPlanBlock, "attention walks the plan's blocks");

/// One head's part of the caller's scratch. N places in nb blocks.
struct Room {
    Room(void* scratch, int64_t length, int64_t head_dim, int64_t head) {
        const int64_t blocks = parts(length, kPlanBlock);
        const int64_t floats = round_up(4 * length + 2 * blocks * (head_dim + 2) + head_dim, 16);
        bytes = floats * static_cast<int64_t>(sizeof(float));
        auto* at = static_cast<float*>(scratch) + (scratch ? head * floats : 0);
        vertical = at, slash = vertical + length, sorted = slash + length;
        keys = sorted + 2 * length, queries = keys + blocks * head_dim, probe = queries + blocks * head_dim;
        columns = probe + head_dim, diagonals = columns + blocks;
    }
    int64_t bytes;
    float *vertical, *slash;     // (N) mass of a key; of a distance
    float* sorted;               // (2 N)
    float *keys, *queries;       // (nb, D) means of blocks
    float* probe;                // (D) mean of the probing queries
    float *columns, *diagonals;  // (nb) mass of a block of keys; of a block diagonal
};

/// A head to plan.
struct Head {
    Running& run;
    const Matrix& q;
    const int32_t* list;  // positions by place, or null
    Keys keys;
    int64_t h, n, d;  // n places
    Room room;

    int64_t blocks() const { return parts(n, kPlanBlock); }
    int64_t in_block(int64_t b) const { return std::min<int64_t>(kPlanBlock, n - b * kPlanBlock); }
    const float* query(int64_t place) const { return row(q, list ? list[place] : place) + h * d; }
};

/// out (D) = mean of the queries at `count` places.
void mean_query(const Head& head, int64_t first, int64_t count, float* out) {
    std::fill_n(out, head.d, 0.0f);
    for (int64_t i = first; i < first + count; ++i)
        for (int64_t c = 0; c < head.d; ++c) out[c] += head.query(i)[c];
    for (int64_t c = 0; c < head.d; ++c) out[c] /= static_cast<float>(count);
}

void mean_keys(const float* keys, int64_t stride, int64_t count, int64_t d, float* out) {
    std::fill_n(out, d, 0.0f);
    for (int64_t i = 0; i < count; ++i)
        for (int64_t c = 0; c < d; ++c) out[c] += keys[i * stride + c];
    for (int64_t c = 0; c < d; ++c) out[c] /= static_cast<float>(count);
}

/// The probing queries as lanes, and the softmax of each.
struct Probe {
    Probe(const Head& of, float* scratch)
        : head(of), kn(of.run.kernels()), lanes(kn.lanes), rows(round_up(of.d, kn.tile_rows)) {
        tiles = parts(kPlanBlock, lanes);
        q = scratch, k = q + tiles * rows * lanes, s = k + kPlanBlock * rows;
        peak = s + kPlanBlock * lanes, total = peak + tiles * lanes, shrink = total + tiles * lanes;
        std::fill(q, k, 0.0f);
        std::fill(k, s, 0.0f);
        std::fill(peak, total, -std::numeric_limits<float>::infinity());
        std::fill(total, shrink, 0.0f);
        const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(of.d)));
        for (int64_t i = 0; i < kPlanBlock; ++i)
            for (int64_t c = 0; c < of.d; ++c)
                q[(i / lanes * rows + c) * lanes + i % lanes] = of.query(of.n - kPlanBlock + i)[c] * scale;
    }
    static int64_t floats(const Kernels& kn, int64_t d) {
        const int64_t rows = round_up(d, kn.tile_rows), tiles = parts(kPlanBlock, kn.lanes);
        return (tiles * kn.lanes + kPlanBlock) * rows + kPlanBlock * kn.lanes + (2 * tiles + 1) * kn.lanes;
    }
    int in_tile(int64_t tile) const {
        return static_cast<int>(std::min<int64_t>(lanes, kPlanBlock - tile * lanes));
    }

    /// use(tile, n): scores of the block's n keys and a tile of queries lie in s; hidden ones are -infinity.
    template <class Use>
    void scores(int64_t block, Use&& use) const {
        const int64_t first = block * kPlanBlock, n = head.in_block(block), probe_at = head.n - kPlanBlock;
        for (int64_t tile = 0; tile < tiles; ++tile) {
            const int vectors = static_cast<int>(parts(in_tile(tile), kn.width));
            kn.product(k, rows, round_up(n, kn.tile_rows), q + tile * rows * lanes, head.d, s, vectors,
                       false);
            for (int64_t j = std::max<int64_t>(0, probe_at + tile * lanes + 1 - first); j < n; ++j)
                std::fill_n(s + j * lanes, std::min(first + j - probe_at - tile * lanes, lanes),
                            -std::numeric_limits<float>::infinity());
            use(tile, n, vectors);
        }
    }
    void load(int64_t block) const {
        kn.unpack(head.keys.type, from_row(head.keys.k, block * kPlanBlock), head.in_block(block), head.d, k,
                  rows);
    }

    const Head& head;
    const Kernels& kn;
    int64_t lanes, rows, tiles;
    float *q, *k, *s;              // (tiles, rows, lanes), (block, rows), (block, lanes)
    float *peak, *total, *shrink;  // (tiles, lanes), (tiles, lanes), (lanes)
};

/// Steps 1 and 2, and the means of blocks: where the probing queries look, by key and by distance.
void measure(const Head& head, float* scratch) {
    const Probe probe(head, scratch);
    const Room& room = head.room;
    for (int64_t b = 0; b < head.blocks() && !head.run.cancelled(); ++b) {
        probe.load(b);
        mean_keys(probe.k, probe.rows, head.in_block(b), head.d, room.keys + b * head.d);
        probe.scores(b, [&](int64_t tile, int64_t n, int vectors) {
            probe.kn.softmax_sum(probe.s, n, vectors, probe.peak + tile * probe.lanes,
                                 probe.total + tile * probe.lanes);
        });
    }
    std::fill_n(room.vertical, head.n, 0.0f);
    std::fill_n(room.slash, head.n, 0.0f);
    float weight[kMaxLanes], ignored[kMaxLanes];
    for (int64_t b = 0; b < head.blocks() && !head.run.cancelled(); ++b) {
        probe.load(b);
        probe.scores(b, [&](int64_t tile, int64_t n, int vectors) {
            const int count = probe.in_tile(tile);
            for (int i = 0; i < count; ++i)
                weight[i] = 1 / (probe.total[tile * probe.lanes + i] * static_cast<float>(kPlanBlock));
            std::fill_n(ignored, probe.lanes, 0.0f);
            probe.kn.softmax(probe.s, n, vectors, probe.peak + tile * probe.lanes, ignored, probe.shrink);
            for (int64_t j = 0; j < n; ++j) {
                const float* p = probe.s + j * probe.lanes;
                const int64_t nearest = head.n - kPlanBlock + tile * probe.lanes - (b * kPlanBlock + j);
                float sum = 0;
                for (int i = static_cast<int>(std::max<int64_t>(0, -nearest)); i < count; ++i) {
                    sum += p[i] * weight[i];
                    room.slash[nearest + i] += p[i] * weight[i];
                }
                room.vertical[b * kPlanBlock + j] += sum;
            }
        });
    }
}

/// By bits, which order what is not negative, and place NaN too.
bool heavier(float a, float b) { return bits_of_float(a) > bits_of_float(b); }

/// Step 3: how many of the heaviest entries stay within gamma, and one more, in whole blocks.
int64_t budget(const float* profile, int64_t n, float gamma, float* sorted) {
    std::copy_n(profile, n, sorted);
    std::sort(sorted, sorted + n, heavier);
    double sum = 0;
    int64_t count = 0;
    while (count < n && (sum += static_cast<double>(sorted[count])) <= static_cast<double>(gamma)) ++count;
    return (count + 1) / kPlanBlock + 1;
}

/// Step 4. A distance falls into two block diagonals, into each in proportion to its pairs of places there.
void pool_profiles(const Head& head) {
    const Room& room = head.room;
    const int64_t blocks = head.blocks();
    std::fill_n(room.columns, blocks, 0.0f);
    std::fill_n(room.diagonals, blocks, 0.0f);
    for (int64_t i = 0; i < head.n; ++i) {
        room.columns[i / kPlanBlock] += room.vertical[i];
        const float beyond = static_cast<float>(i % kPlanBlock) / static_cast<float>(kPlanBlock);
        room.diagonals[i / kPlanBlock] += room.slash[i] * (1 - beyond);
        if (i / kPlanBlock + 1 < blocks) room.diagonals[i / kPlanBlock + 1] += room.slash[i] * beyond;
    }
}

/// probabilities (count) = softmax of the products of a mean query and mean keys, over sqrt(D).
void estimate(const Head& head, const float* query, int64_t count, float* probabilities) {
    float peak = -std::numeric_limits<float>::infinity(), total = 0;
    for (int64_t b = 0; b < count; ++b) {
        float dot = 0;
        for (int64_t c = 0; c < head.d; ++c) dot += query[c] * head.room.keys[b * head.d + c];
        probabilities[b] = dot / std::sqrt(static_cast<float>(head.d));
        peak = std::max(peak, probabilities[b]);
    }
    for (int64_t b = 0; b < count; ++b) total += probabilities[b] = std::exp(probabilities[b] - peak);
    for (int64_t b = 0; b < count; ++b) probabilities[b] /= total;
}

/// Step 5: root of the Jensen-Shannon divergence of two distributions, in nats; 0 log 0 = 0.
double divergence(const float* p, const float* q, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
        const double a = static_cast<double>(p[i]), b = static_cast<double>(q[i]), middle = (a + b) / 2;
        if (a > 0) sum += a * std::log(a / middle) / 2;
        if (b > 0) sum += b * std::log(b / middle) / 2;
    }
    return std::sqrt(std::max(0.0, sum));
}

/// order (n) by falling mass, the lower number first.
void rank(const float* mass, int64_t n, int32_t* order) {
    std::iota(order, order + n, 0);
    std::stable_sort(order, order + n, [&](int32_t a, int32_t b) { return heavier(mass[a], mass[b]); });
}

/// The head's rows of the plan.
struct Mask {
    uint32_t* rows;  // (blocks, words)
    int64_t words;
    void set(int64_t r, int64_t c) const { rows[r * words + c / 32] |= 1u << c % 32; }
};

/// Steps 7 to 9. A mass that was forced is infinite.
void mark_profiles(const Head& head, int64_t columns, int64_t diagonals, const Mask& mask) {
    const Room& room = head.room;
    const int64_t blocks = head.blocks();
    auto* order = reinterpret_cast<int32_t*>(room.sorted);
    room.columns[0] = room.diagonals[0] = std::numeric_limits<float>::infinity();
    rank(room.columns, blocks, order);
    for (int64_t i = 0; i < columns; ++i)
        for (int64_t r = order[i]; r < blocks; ++r) mask.set(r, order[i]);
    rank(room.diagonals, blocks, order);
    for (int64_t i = 0; i < diagonals; ++i)
        for (int64_t r = order[i]; r < blocks; ++r) mask.set(r, r - order[i]);
}

/// Step 10, row by row: of each row's blocks the fewest that cover gamma of its estimate.
void mark_rows(const Head& head, float gamma, const Mask& mask) {
    float* probabilities = head.room.diagonals;
    auto* order = reinterpret_cast<int32_t*>(head.room.sorted);
    for (int64_t r = 0; r < head.blocks() && !head.run.cancelled(); ++r) {
        float* query = head.room.queries + r * head.d;
        mean_query(head, r * kPlanBlock, head.in_block(r), query);
        estimate(head, query, r + 1, probabilities);
        rank(probabilities, r + 1, order);
        double sum = 0;
        for (int64_t i = 0; i <= r && sum < static_cast<double>(gamma); ++i) {
            mask.set(r, order[i]);
            sum += static_cast<double>(probabilities[order[i]]);
        }
    }
}

void plan_flex(const Head& head, const BlockOptions& o, const Mask& mask, float* scratch) {
    const int64_t blocks = head.blocks(), least = std::min(blocks, parts(o.min_tokens, kPlanBlock));
    const Room& room = head.room;
    measure(head, scratch);
    if (head.run.cancelled()) return;
    pool_profiles(head);
    int64_t columns = std::clamp(budget(room.vertical, head.n, o.gamma, room.sorted), least, blocks);
    int64_t diagonals = std::clamp(budget(room.slash, head.n, o.gamma, room.sorted), least, blocks);
    mean_query(head, head.n - kPlanBlock, kPlanBlock, room.probe);
    estimate(head, room.probe, blocks, room.sorted);
    const bool by_rows =
        head.list || divergence(room.sorted, room.columns, blocks) < static_cast<double>(o.similarity);
    if (by_rows) columns = diagonals = least;
    if (head.list)
        diagonals = std::min<int64_t>(2, blocks), room.diagonals[1] = std::numeric_limits<float>::infinity();
    mark_profiles(head, columns, diagonals, mask);
    if (by_rows) mark_rows(head, o.gamma, mask);
}

void plan_stripes(const Head& head, const BlockOptions& o, const Mask& mask) {
    const int64_t sinks = parts(o.sinks, kPlanBlock), local = parts(o.local, kPlanBlock);
    for (int64_t r = 0; r < head.blocks(); ++r)
        for (int64_t c = 0; c <= r; ++c)
            if (c < sinks || c >= r - local) mask.set(r, c);
}

void mark_all(const Head& head, int64_t from, const Mask& mask) {
    for (int64_t r = from; r < head.blocks(); ++r)
        for (int64_t c = 0; c <= r; ++c) mask.set(r, c);
}

}  // namespace

uint64_t plan_scratch_bytes(int heads, int length, int head_dim) {
    return static_cast<uint64_t>(Room(nullptr, length, head_dim, 0).bytes) * static_cast<uint64_t>(heads);
}

void plan_blocks(Backend& backend, Matrix q, KvLayer kv, int length, const BlockOptions& options,
                 Selection chosen, void* scratch, BlockPlan out) {
    Running run(backend);
    assert(q.rows == length && parts(length, kPlanBlock) == out.blocks);
    const int64_t d = kv.head_dim, heads = q.cols / d, group = heads / kv.kv_heads;
    const bool listed = chosen.index && *chosen.count > 0;
    const int64_t n = listed ? *chosen.count : length;
    run.reserve_local(Probe::floats(run.kernels(), d));
    run.parallel(heads, [&](int64_t h, int thread) {
        const int64_t g = h / group;
        const int32_t* list = listed ? chosen.index + (chosen.per_group ? g : h) * chosen.capacity : nullptr;
        const Keys keys{stored_as(kv.type), head_rows(kv.k, kv, g, list), head_rows(kv.v, kv, g, list), d};
        const Head head{run, q, list, keys, h, n, d, Room(scratch, length, d, h)};
        const Mask mask{out.mask + h * out.blocks * out.words(), out.words()};
        std::fill_n(mask.rows, out.blocks * out.words(), 0u);
        if (options.whole(n)) return mark_all(head, 0, mask);
        if (options.pattern == BlockPattern::stripes)
            plan_stripes(head, options, mask);
        else
            plan_flex(head, options, mask, run.local(thread));
        mark_all(head, (n - kPlanBlock) / kPlanBlock, mask);
    });
    if (!out.marked) return;
    *out.marked = 0;
    for (int64_t i = 0; i < heads * out.blocks * out.words(); ++i)
        *out.marked += static_cast<uint32_t>(std::popcount(out.mask[i]));
}

}  // namespace longleaf::cpu
