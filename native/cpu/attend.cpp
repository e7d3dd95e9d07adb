// Flash attention on tiles whose lanes are queries (kernels.h): K and V blocks are unpacked to f32 once and
// serve all tiles of a task, scores and softmax stay in L1, and softmax needs no sums across a vector.
#include "cpu/attend.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace longleaf::cpu {
namespace {

/// A task's views into its thread's scratch.
struct Work {
    Work(const Kernels& kn, int64_t head_dim, int64_t queries, float* scratch)
        : kernels(kn), d(head_dim), rows(round_up(head_dim, kn.tile_rows)), tiles(parts(queries, kn.lanes)) {
        k = scratch;
        v = k + kKeyBlock * rows;
        scores = v + kKeyBlock * rows;
        q = scores + kKeyBlock * kn.lanes;
        sums = q + tiles * rows * kn.lanes;
        peak = sums + tiles * rows * kn.lanes;
        total = peak + tiles * kn.lanes;
        shrink = total + tiles * kn.lanes;
        end = shrink + kn.lanes;
    }

    const Kernels& kernels;
    int64_t d, rows, tiles;  // rows: D rounded up to whole product tiles, zeros beyond D
    float *k, *v;            // (kKeyBlock, rows)
    float* scores;           // (kKeyBlock, lanes)
    float *q, *sums;         // (tiles, rows, lanes)
    float *peak, *total;     // (tiles, lanes)
    float *shrink, *end;     // (lanes)
};

/// Queries to lanes, scaled so that scores come out in base 2.
void load_queries(const Work& work, const Query* queries, int64_t count) {
    const int64_t lanes = work.kernels.lanes;
    const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(work.d)));
    std::fill(work.q, work.peak, 0.0f);  // q and sums
    std::fill(work.peak, work.total, -std::numeric_limits<float>::infinity());
    std::fill(work.total, work.end, 0.0f);
    for (int64_t i = 0; i < count; ++i) {
        float* lane = work.q + i / lanes * work.rows * lanes + i % lanes;
        for (int64_t c = 0; c < work.d; ++c) lane[c * lanes] = queries[i].q[c] * scale;
    }
}

void store_results(const Work& work, const Query* queries, int64_t count) {
    const int64_t lanes = work.kernels.lanes;
    for (int64_t i = 0; i < count; ++i) {
        const float* lane = work.sums + i / lanes * work.rows * lanes + i % lanes;
        const float inverse = 1 / work.total[i];
        for (int64_t c = 0; c < work.d; ++c) queries[i].out[c] = lane[c * lanes] * inverse;
    }
}

/// Unpacks keys first .. first + n - 1 into k and v, zero rows up to a whole product tile.
void load_keys(const Work& work, const Keys& keys, int64_t first, int64_t n) {
    const Kernels& kn = work.kernels;
    kn.unpack(keys.type, from_row(keys.k, first), n, work.d, work.k, work.rows);
    kn.unpack(keys.type, from_row(keys.v, first), n, work.d, work.v, work.rows);
    const int64_t whole = round_up(n, kn.tile_rows);
    std::fill(work.k + n * work.rows, work.k + whole * work.rows, 0.0f);
    std::fill(work.v + n * work.rows, work.v + whole * work.rows, 0.0f);
}

/// Hides keys from first + offset on that lie beyond a lane's last: lanes ascend, so they are a prefix.
void mask_scores(const Work& work, const Query* queries, int64_t count, int64_t first, int64_t n) {
    const int64_t lanes = work.kernels.lanes;
    int64_t hidden = 0;
    for (int64_t j = std::max<int64_t>(0, queries[0].last + 1 - first); j < n; ++j) {
        while (hidden < count && queries[hidden].last < first + j) ++hidden;
        std::fill_n(work.scores + j * lanes, hidden, -std::numeric_limits<float>::infinity());
    }
}

/// Hides keys that have left a lane's window: lanes ascend, so they are a suffix. Finite, unlike what lies
/// ahead: a block that a lane sees nothing of must not leave NaN, and its terms vanish when the first key in
/// sight raises the maximum. So a query's result is the same whether such a block was visited or not.
void mask_left(const Work& work, const Query* queries, int64_t count, int64_t window, int64_t first,
               int64_t n) {
    const int64_t lanes = work.kernels.lanes;
    int64_t seeing = 0;  // lanes that see key first + j
    for (int64_t j = 0; j < n && seeing < count; ++j) {
        while (seeing < count && queries[seeing].last < first + j + window) ++seeing;
        std::fill_n(work.scores + j * lanes + seeing, count - seeing, -1e30f);
    }
}

void attend_tile(const Work& work, const Query* queries, int64_t count, int64_t tile, const Keys& keys,
                 int64_t first, int64_t n) {
    const Kernels& kn = work.kernels;
    const int64_t lanes = kn.lanes, state = tile * work.rows * lanes;
    const int vectors = static_cast<int>(parts(count, kn.width));
    n = std::min(n, round_up(queries[count - 1].last + 1 - first, kn.tile_rows));
    kn.product(work.k, work.rows, n, work.q + state, work.d, work.scores, vectors, false);
    if (keys.soft_cap > 0) kn.soften(work.scores, n * lanes, cap_in_base_2(keys.soft_cap));
    if (keys.window > 0) mask_left(work, queries, count, keys.window, first, n);
    if (first + n - 1 > queries[0].last) mask_scores(work, queries, count, first, n);
    kn.softmax(work.scores, n, vectors, work.peak + tile * lanes, work.total + tile * lanes, work.shrink);
    kn.product_t(work.v, work.rows, work.rows, work.scores, n, work.sums + state, vectors, work.shrink);
}

}  // namespace

int64_t attend_scratch(const Kernels& kn, int64_t head_dim, int64_t queries) {
    const int64_t rows = round_up(head_dim, kn.tile_rows), lanes = kn.lanes, tiles = parts(queries, lanes);
    return kKeyBlock * (2 * rows + lanes) + 2 * tiles * lanes * (rows + 1) + lanes;
}

void attend_queries(const Kernels& kernels, const Query* queries, int64_t count, const Keys& keys,
                    float* scratch, const std::atomic<bool>& stop, const uint32_t* mask) {
    const Work work(kernels, keys.head_dim, count, scratch);
    const int64_t lanes = kernels.lanes, end = queries[count - 1].last + 1;
    std::fill(work.k, work.scores, 0.0f);  // columns beyond D stay 0
    load_queries(work, queries, count);
    const auto first_seen = [&](int64_t i) {
        return keys.window > 0 ? std::max<int64_t>(0, queries[i].last + 1 - keys.window) : 0;
    };
    for (int64_t first = first_seen(0) / kKeyBlock * kKeyBlock; first < end; first += kKeyBlock) {
        if (stop.load(std::memory_order_relaxed)) return;
        const int64_t block = first / kKeyBlock;
        if (mask && !(mask[block / 32] >> block % 32 & 1)) continue;
        const int64_t n = std::min(kKeyBlock, end - first);
        load_keys(work, keys, first, n);
        for (int64_t tile = 0; tile < work.tiles; ++tile) {
            const int64_t head = tile * lanes, in_tile = std::min(lanes, count - head);
            if (queries[head + in_tile - 1].last >= first && first_seen(head) < first + n)
                attend_tile(work, queries + head, in_tile, tile, keys, first, round_up(n, kernels.tile_rows));
        }
    }
    store_results(work, queries, count);
}

namespace {

constexpr int64_t kQueriesPerTask = 384;  // unpacking a block costs some 2 % of its use; state stays in L2

float* shifted(float* base, int64_t floats) { return base + floats; }

}  // namespace

void attend(Backend& backend, Matrix q, KvLayer kv, int start, Matrix out) {
    Running run(backend);
    const int64_t d = kv.head_dim, group = q.cols / d / kv.kv_heads;
    if (q.rows == 0) return;
    if (q.rows == 1) return attend_one(run, q, kv, start + 1, out);

    const int64_t tokens = std::max<int64_t>(1, kQueriesPerTask / group), spans = parts(q.rows, tokens);
    const int64_t room = attend_scratch(run.kernels(), d, tokens * group);
    run.reserve_local(room + tokens * group * static_cast<int64_t>(sizeof(Query) / sizeof(float)));
    // The last tokens see most keys: they go first, so that no thread starts a long task at the end.
    run.parallel(spans * kv.kv_heads, [&](int64_t task, int thread) {
        const int64_t g = task % kv.kv_heads, first = (spans - 1 - task / kv.kv_heads) * tokens;
        float* scratch = run.local(thread);
        auto* queries = reinterpret_cast<Query*>(shifted(scratch, room));
        int64_t count = 0;
        for (int64_t t = first; t < std::min(first + tokens, q.rows); ++t)
            for (int64_t h = g * group; h < (g + 1) * group; ++h)
                queries[count++] = {row(q, t) + h * d, row(out, t) + h * d, start + t};
        const Keys keys{stored_as(kv.type), head_rows(kv.k, kv, g), head_rows(kv.v, kv, g), d, kv.window,
                        kv.soft_cap};
        attend_queries(run.kernels(), queries, count, keys, scratch, run.cpu.cancelled);
    });
}

namespace {

void clear_rows(Running& run, Matrix out) {
    run.parallel(parts(out.rows, 64), [&](int64_t task, int) {
        for (int64_t t = task * 64; t < std::min(out.rows, (task + 1) * 64); ++t)
            std::fill_n(row(out, t), out.cols, 0.0f);
    });
}

}  // namespace

void attend_blocks(Backend& backend, Matrix q, KvLayer kv, int start, BlockPlan plan, Selection chosen,
                   Matrix out) {
    Running run(backend);
    const bool listed = chosen.index && *chosen.count > 0;
    const int64_t d = kv.head_dim, heads = q.cols / d, group = heads / kv.kv_heads;
    const int64_t kept = listed ? *chosen.count : 0, blocks = parts(q.rows, kKeyBlock) + 1;
    const int64_t room = attend_scratch(run.kernels(), d, kKeyBlock);
    if (listed) clear_rows(run, out);
    run.reserve_local(room + kKeyBlock * static_cast<int64_t>(sizeof(Query) / sizeof(float)));
    run.parallel(blocks * heads, [&](int64_t task, int thread) {
        const int64_t h = task % heads, g = h / group;
        const int32_t* index = listed ? chosen.index + (chosen.per_group ? g : h) * chosen.capacity : nullptr;
        const auto place = [&](int64_t position) {
            return listed ? std::lower_bound(index, index + kept, position) - index : position;
        };
        // Late blocks see most keys: they go first.
        const int64_t from = place(start), to = place(start + q.rows);
        const int64_t block = from / kKeyBlock + (blocks - 1 - task / heads);
        float* scratch = run.local(thread);
        auto* queries = reinterpret_cast<Query*>(shifted(scratch, room));
        int64_t count = 0;
        for (int64_t i = std::max(from, block * kKeyBlock); i < std::min(to, (block + 1) * kKeyBlock); ++i) {
            const int64_t t = (listed ? index[i] : i) - start;
            queries[count++] = {row(q, t) + h * d, row(out, t) + h * d, i};
        }
        if (count == 0) return;
        const Keys keys{stored_as(kv.type), head_rows(kv.k, kv, g, index), head_rows(kv.v, kv, g, index), d};
        attend_queries(run.kernels(), queries, count, keys, scratch, run.cpu.cancelled,
                       plan.mask + (h * plan.blocks + block) * plan.words());
    });
}

void attend_selected(Backend& backend, Matrix q, KvLayer kv, int start, Selection selection, Matrix out) {
    if (*selection.count == 0) return attend(backend, q, kv, start, out);
    Running run(backend);
    const int64_t d = kv.head_dim, heads = q.cols / d, group = heads / kv.kv_heads;
    const int64_t kept = *selection.count, most = selection.keys_only ? q.rows : std::min(q.rows, kept);
    const int64_t spans = parts(most, kQueriesPerTask),
                  room = attend_scratch(run.kernels(), d, kQueriesPerTask);
    clear_rows(run, out);
    run.reserve_local(room + kQueriesPerTask * static_cast<int64_t>(sizeof(Query) / sizeof(float)));
    run.parallel(spans * heads, [&](int64_t task, int thread) {
        const int64_t h = task % heads, g = h / group;
        const int32_t* index = selection.index + (selection.per_group ? g : h) * selection.capacity;
        // This call's share of the head's kept tokens, by rank among them; the rank is the compact position.
        const auto rank = [&](int64_t position) {
            return std::lower_bound(index, index + kept, position) - index;
        };
        const int64_t from = selection.keys_only ? 0 : rank(start);
        const int64_t to = selection.keys_only ? q.rows : rank(start + q.rows);
        const int64_t first = from + (spans - 1 - task / heads) * kQueriesPerTask;
        float* scratch = run.local(thread);
        auto* queries = reinterpret_cast<Query*>(shifted(scratch, room));
        int64_t count = 0;
        for (int64_t i = first; i < std::min(to, first + kQueriesPerTask); ++i) {
            const int64_t t = selection.keys_only ? i : index[i] - start;
            const int64_t last = selection.keys_only ? rank(start + t + 1) - 1 : i;
            if (last >= 0) queries[count++] = {row(q, t) + h * d, row(out, t) + h * d, last};
        }
        if (count == 0) return;
        const Keys keys{stored_as(kv.type), head_rows(kv.k, kv, g, index), head_rows(kv.v, kv, g, index), d};
        attend_queries(run.kernels(), queries, count, keys, scratch, run.cpu.cancelled);
    });
}

}  // namespace longleaf::cpu
