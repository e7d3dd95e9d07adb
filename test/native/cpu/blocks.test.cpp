// Block-sparse attention: the plan against FlexPrefill written out in double, every decision it takes
// (ops/ops.h), and attention by a plan.
#include "check.h"

#include <algorithm>
#include <limits>

#include "block_reference.h"
#include "chosen.h"

using namespace bed;
using longleaf::BlockOptions, longleaf::BlockPattern, longleaf::kPlanBlock;

namespace {

constexpr int64_t B = kPlanBlock;
const BlockOptions flex{BlockPattern::flex, 0.95f, 0.1f, 256};

/// A plan in the backend's memory.
struct Plan {
    Memory<uint32_t> mask;
    longleaf::BlockPlan plan;
    Plan(int64_t heads, int64_t length) {
        plan.blocks = (length + B - 1) / B;
        mask.assign(plan.bytes(static_cast<int>(heads)) / 4 + 1, 0x5a5a5a5au);
        plan.mask = mask.data();
    }
    /// Of `capacity` positions, of which as many as `rows` says are places.
    Plan(const std::vector<reference::Rows>& rows, int64_t capacity)
        : Plan(static_cast<int64_t>(rows.size()), capacity) {
        std::fill(mask.begin(), mask.end(), 0u);
        for (size_t h = 0; h < rows.size(); ++h)
            for (size_t r = 0; r < rows[h].size(); ++r)
                for (size_t c = 0; c < rows[h].size(); ++c)
                    if (rows[h][r][c])
                        mask[static_cast<size_t>(
                            (static_cast<int64_t>(h) * plan.blocks + static_cast<int64_t>(r)) * plan.words() +
                            static_cast<int64_t>(c / 32))] |= 1u << c % 32;
    }
    Plan(const Plan&) = delete;

    reference::Rows rows(int64_t h, int64_t places) const {
        const auto nb = static_cast<size_t>((places + B - 1) / B);
        reference::Rows all(nb, std::vector<bool>(nb));
        for (size_t r = 0; r < nb; ++r)
            for (size_t c = 0; c < nb; ++c)
                all[r][c] =
                    mask[static_cast<size_t>((h * plan.blocks + static_cast<int64_t>(r)) * plan.words() +
                                             static_cast<int64_t>(c / 32))] >>
                        (c % 32) &
                    1;
        return all;
    }
};

std::vector<reference::Rows> plan(longleaf::Backend& b, const Grid<float>& q, const Cache& cache,
                                  const BlockOptions& o, Chosen* chosen = nullptr, DType type = DType::f32) {
    const int64_t heads = q.cols / cache.values.d;
    const Guarded in(q, type);
    Plan out(heads, q.rows);
    const uint64_t bytes = b.ops().plan_scratch_bytes(static_cast<int>(heads), static_cast<int>(q.rows),
                                                      static_cast<int>(cache.values.d));
    Memory<uint64_t> scratch(bytes / 8 + 2, 0x5a5a5a5a5a5a5a5a);
    b.ops().plan_blocks(b, in.matrix, cache.layer, static_cast<int>(q.rows), o,
                        chosen ? chosen->on(b, cache.layer) : longleaf::Selection{}, scratch.data(),
                        out.plan);
    finish();
    CHECK_EQ(scratch.back(), 0x5a5a5a5a5a5a5a5aull);
    CHECK_EQ(out.mask.back(), 0x5a5a5a5au);
    std::vector<reference::Rows> all;
    for (int64_t h = 0; h < heads; ++h) all.push_back(out.rows(h, chosen ? chosen->count[0] : q.rows));
    return all;
}

std::vector<reference::HeadPlan> expect(const Grid<float>& q, const Cache& cache, const BlockOptions& o,
                                        const Indices& kept = {}) {
    const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v),
                                      cache.values.d};
    return reference::plan_blocks(Grid<double>(operand(q, q.rows)), kv, o, kept);
}

/// Blocks in one plan and not the other, as a share of those in either.
double apart(const reference::Rows& a, const reference::Rows& b) {
    double either = 0, one = 0;
    for (size_t r = 0; r < a.size(); ++r)
        for (size_t c = 0; c < a.size(); ++c) either += a[r][c] || b[r][c], one += a[r][c] != b[r][c];
    return one / either;
}

/// Key j and the query `distance` later point in a direction of their own: all attention lies there.
struct Echo {
    Cache cache;
    Grid<float> q;
    Echo(int64_t length, int64_t distance) : cache(KvType::f16, 1, 64, length, 3), q(length, 64) {
        Grid<float> direction = random_grid(length, 64, 9);
        for (int64_t t = 0; t < length; ++t)
            for (int64_t c = 0; c < 64; ++c) {
                cache.values.k(t, c) = direction(t, c) * 2;
                q(t, c) = t >= distance ? direction(t - distance, c) * 2 : 0;
            }
        cache.write();
    }
};

Grid<float> attend(longleaf::Backend& b, const Grid<float>& q, const Cache& cache, Plan& plan,
                   Chosen* chosen = nullptr) {
    const Guarded in(q);
    Guarded out(q.rows, q.cols);
    b.ops().attend_blocks(b, in.matrix, cache.layer, 0, plan.plan,
                          chosen ? chosen->on(b, cache.layer) : longleaf::Selection{}, out.matrix);
    CHECK(out.intact());
    return out.values();
}

/// Per head a different half of the blocks, the diagonal always.
std::vector<reference::Rows> some_blocks(int64_t heads, int64_t places) {
    const auto nb = static_cast<size_t>((places + B - 1) / B);
    std::vector<reference::Rows> all(static_cast<size_t>(heads), reference::Rows(nb, std::vector<bool>(nb)));
    std::mt19937 rng(1);
    for (auto& rows : all)
        for (size_t r = 0; r < nb; ++r)
            for (size_t c = 0; c <= r; ++c) rows[r][c] = c == r || rng() % 2;
    return all;
}

}  // namespace

TEST("random heads are planned as the algorithm plans them, up to near ties") {
    for (const auto& [d, kv_heads, heads, length] :
         {std::array<int64_t, 4>{64, 2, 4, 1300}, {128, 1, 2, 2048}, {96, 1, 2, 1111}, {256, 1, 1, 700}})
        for (const KvType type : kv_types())
            for (const auto& [size, similarity] : {std::pair{2.0f, 0.0f}, {0.3f, 1.0f}}) {
                if (!has_head(type, d) || (d > 64 && type != KvType::f16)) continue;
                const Cache cache(type, kv_heads, d, length, 6, size);
                const Grid<float> q = random_grid(length, heads * d, 7, size);
                BlockOptions o = flex;
                o.similarity = similarity, o.gamma = 0.8f;
                const auto expected = expect(q, cache, o);
                for (const Path path : paths()) {
                    const auto planned = plan(*backend(path), q, cache, o);
                    for (size_t h = 0; h < planned.size(); ++h)
                        CHECK(apart(planned[h], expected[h].rows) < 0.03);
                }
            }
}

TEST("queries kept in 16 bits are planned as their values are") {
    const Cache cache(KvType::f16, 2, 64, 900, 6, 2.0f);
    for (const DType type : activations()) {
        const Grid<float> q = rounded(random_grid(900, 4 * 64, 7, 2.0f), type);
        for (const Path path : paths())
            CHECK(plan(*backend(path), q, cache, flex, nullptr, type) ==
                  plan(*backend(path), q, cache, flex));
    }
}

TEST("a distance between two block diagonals takes both") {
    const Echo echo(2000, 5 * B + B / 2);
    BlockOptions o = flex;
    o.similarity = 0, o.min_tokens = 3 * B;
    const auto expected = expect(echo.q, echo.cache, o);
    for (const Path path : paths()) {
        const auto planned = plan(*backend(path), echo.q, echo.cache, o)[0];
        CHECK(planned == expected[0].rows);
        for (size_t r = 6; r < planned.size(); ++r) CHECK(planned[r][r - 5] && planned[r][r - 6]);
    }
}

TEST("a distance at a block's start takes one diagonal before the other") {
    const Echo echo(2000, 5 * B);
    BlockOptions o = flex;
    o.similarity = 0, o.min_tokens = 2 * B;  // the nearest, and one more
    for (const Path path : paths()) {
        const auto planned = plan(*backend(path), echo.q, echo.cache, o)[0];
        for (size_t r = 5; r < planned.size(); ++r) CHECK(planned[r][r - 5]);
    }
}

TEST("rows are covered one by one: flat rows beside sharp ones lose nothing") {
    const int64_t length = 20 * B;
    Cache cache(KvType::f16, 1, 64, length, 5, 0.0f);
    Grid<float> q(length, 64);
    for (int64_t t = 0; t < length; ++t) {
        cache.values.k(t, 0) = t / B == 3 ? 7.0f : 0.0f;
        q(t, 0) = t / B % 2 ? 16.0f : 0.0f;  // odd blocks look at block 3 alone, even blocks everywhere
    }
    cache.write();
    BlockOptions o = flex;
    o.similarity = 1, o.gamma = 0.9f;
    const auto expected = expect(q, cache, o);
    CHECK(expected[0].by_rows);
    for (const double covered : expected[0].coverage) CHECK(covered >= 0.9 - 1e-6);
    for (const Path path : paths()) {
        const auto planned = plan(*backend(path), q, cache, o)[0];
        for (size_t r = 5; r + 1 < planned.size(); ++r) {
            const auto blocks = std::count(planned[r].begin(), planned[r].end(), true);
            if (r % 2)
                CHECK(planned[r][3] && blocks <= 5);
            else
                CHECK(static_cast<double>(blocks) >= 0.9 * static_cast<double>(r));
        }
    }
}

TEST("a block of no mass does not decide how a head is planned") {
    std::vector<float> weights(12, 0.0f);
    weights[4] = -4000;  // e^-4000 is 0 in any precision
    const int64_t length = 12 * B;
    Cache cache(KvType::f16, 1, 64, length, 5, 0.0f);
    for (int64_t t = 0; t < length; ++t) cache.values.k(t, 0) = weights[static_cast<size_t>(t / B)];
    cache.write();
    Grid<float> q(length, 64);
    for (int64_t t = 0; t < length; ++t) q(t, 0) = 8;
    const auto expected = expect(q, cache, flex);
    CHECK(expected[0].by_rows);
    for (const Path path : paths()) {
        const auto planned = plan(*backend(path), q, cache, flex)[0];
        // By profile column 4 would not be taken either, but rows would hold only the least diagonals.
        CHECK(!planned[10][4]);
        CHECK(std::count(planned[10].begin(), planned[10].end(), true) >= 9);
    }
}

TEST("among selected tokens every head is planned by rows, and distances are not extended") {
    const int64_t length = 2600, kept = 1500;
    const Cache cache(KvType::f16, 2, 64, length, 6, 2.0f);
    const Grid<float> q = random_grid(length, 4 * 64, 7, 2.0f);
    const Indices lists = scattered(4, length, kept);
    for (const float gamma : {0.0f, 0.8f}) {
        BlockOptions o = flex;
        o.similarity = 0, o.gamma = gamma, o.min_tokens = 3 * B;
        const auto expected = expect(q, cache, o, lists);
        Chosen chosen(lists, length);
        for (const Path path : paths()) {
            const auto planned = plan(*backend(path), q, cache, o, &chosen);
            for (size_t h = 0; h < planned.size(); ++h) {
                CHECK(apart(planned[h], expected[h].rows) < 0.03);
                for (size_t r = 1; r < planned[h].size(); ++r)
                    CHECK(planned[h][r][r] && planned[h][r][r - 1]);
                if (gamma > 0) continue;
                for (size_t r = 4; r + 2 < planned[h].size(); ++r)  // two diagonals and three columns
                    CHECK(std::count(planned[h][r].begin(), planned[h][r].end(), true) <= 5);
            }
        }
    }
}

TEST("short texts are planned whole, the last block of places always") {
    for (const int64_t length : {5, 130, 256, 257, 700}) {
        const Cache cache(KvType::f16, 1, 64, length, 6, 2.0f);
        const Grid<float> q = random_grid(length, 64, 7, 2.0f);
        BlockOptions o = flex;
        o.gamma = 0.01f, o.similarity = 0, o.min_tokens = 200;
        for (const Path path : paths()) {
            const auto planned = plan(*backend(path), q, cache, o)[0];
            for (int64_t r = 0; r < static_cast<int64_t>(planned.size()); ++r)
                for (int64_t c = 0; c <= r; ++c)
                    if (length <= 256 || r >= (length - B) / B)
                        CHECK(planned[static_cast<size_t>(r)][static_cast<size_t>(c)]);
        }
    }
}

TEST("stripes are the first and the nearest blocks") {
    const int64_t length = 1500;
    const Cache cache(KvType::f16, 2, 64, length, 6);
    const Grid<float> q = random_grid(length, 2 * 64, 7);
    BlockOptions o{BlockPattern::stripes};
    o.sinks = 8, o.local = 300, o.min_tokens = 256;
    for (const Path path : paths())
        for (const auto& rows : plan(*backend(path), q, cache, o))
            for (size_t r = 0; r < rows.size(); ++r)
                for (size_t c = 0; c < rows.size(); ++c)
                    CHECK_EQ(rows[r][c], c <= r && (c == 0 || c + 3 >= r || r >= 10));
}

TEST("a plan does not depend on the threads") {
    const Cache cache(KvType::f16, 2, 64, 3000, 8);
    const Grid<float> q = random_grid(3000, 4 * 64, 9);
    for (const Path path : paths()) {
        const auto one = plan(*backend(path, 1), q, cache, flex);
        for (const int threads : {2, 3}) CHECK(plan(*backend(path, threads), q, cache, flex) == one);
    }
}

TEST("attention by a plan is as accurate as a naive one") {
    for (const int64_t d : {64, 96, 128, 256})
        for (const KvType type : kv_types()) {
            if (!has_head(type, d)) continue;
            const int64_t length = 777;
            const Cache cache(type, 2, d, length, 41);
            const Grid<float> q = random_grid(length, 4 * d, 42);
            const auto rows = some_blocks(4, length);
            Plan plan(rows, length);
            const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v), d};
            const auto exact = reference::attend_blocks(Grid<double>(q), kv, rows);
            const auto naive = reference::attend_blocks(operand(q, length), cache.operands(length), rows, {},
                                                        probability(length));
            for (const Path path : paths())
                CHECK(accurate(attend(*backend(path), q, cache, plan), naive, exact));
        }
}

TEST("so it is among selected tokens, and other rows are 0") {
    const int64_t length = 900, kept = 600;
    for (const KvType type : kv_types())
        for (const bool shared : {false, true}) {
            const Cache cache(type, 2, 64, length, 41);
            const Grid<float> q = random_grid(length, 4 * 64, 42);
            const Indices two = scattered(2, length, kept);
            const Indices lists =
                shared ? Indices{two[0], two[0], two[1], two[1]} : scattered(4, length, kept);
            Chosen chosen(shared ? two : lists, length);
            chosen.selection.per_group = shared, chosen.sharing = shared ? 2 : 1;
            const auto rows = some_blocks(4, kept);
            Plan plan(rows, length);
            const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v), 64};
            const auto exact = reference::attend_blocks(Grid<double>(q), kv, rows, lists);
            const auto naive = reference::attend_blocks(operand(q, length), cache.operands(length), rows,
                                                        lists, probability(length));
            for (const Path path : paths()) {
                const auto result = attend(*backend(path), q, cache, plan, &chosen);
                CHECK(accurate(result, naive, exact));
                for (int64_t t = 0; t < length; ++t)
                    if (!std::binary_search(lists[2].begin(), lists[2].end(), t))
                        CHECK_EQ(result(t, 2 * 64 + 5), 0.0f);
            }
        }
}

TEST("a plan of every block equals attention without one, bit for bit") {
    const int64_t length = 700, kept = 500;
    const Cache cache(KvType::f16, 2, 64, length, 61);
    const Grid<float> q = random_grid(length, 4 * 64, 62);
    const auto all = [](int64_t places) {
        const auto nb = static_cast<size_t>((places + B - 1) / B);
        reference::Rows rows(nb, std::vector<bool>(nb));
        for (size_t r = 0; r < nb; ++r)
            for (size_t c = 0; c <= r; ++c) rows[r][c] = true;
        return std::vector<reference::Rows>(4, rows);
    };
    Plan whole(all(length), length), of_kept(all(kept), length);
    Chosen chosen(scattered(4, length, kept), length), none(Indices(4), length);
    for (const Path path : paths()) {
        const auto b = backend(path);
        const Guarded in(q);
        Guarded dense(length, q.cols), selected(length, q.cols);
        b->ops().attend(*b, in.matrix, cache.layer, 0, dense.matrix);
        b->ops().attend_selected(*b, in.matrix, cache.layer, 0, chosen.on(*b, cache.layer), selected.matrix);
        CHECK(same_bits(attend(*b, q, cache, whole), dense.values()));
        CHECK(same_bits(attend(*b, q, cache, whole, &none), dense.values()));  // count 0: all positions
        CHECK(same_bits(attend(*b, q, cache, of_kept, &chosen), selected.values()));
    }
}

TEST("rows depend neither on the chunk nor on the threads") {
    const int64_t length = 1000, kept = 700;
    const Cache cache(KvType::f16, 2, 64, length, 51);
    const Grid<float> q = random_grid(length, 4 * 64, 52);
    Plan dense(some_blocks(4, length), length), sparse(some_blocks(4, kept), length);
    Chosen chosen(scattered(4, length, kept), length);
    for (Chosen* selection : {static_cast<Chosen*>(nullptr), &chosen})
        for (const Path path : paths()) {
            Plan& plan = selection ? sparse : dense;
            const auto whole = attend(*backend(path, 1), q, cache, plan, selection);
            for (const int threads : {2, 3})
                CHECK(same_bits(attend(*backend(path, threads), q, cache, plan, selection), whole));
            const auto b = backend(path);
            const Guarded in(q);
            Guarded out(length, q.cols);
            for (const auto& [first, count] : {std::pair<int, int>{0, 1}, {1, 130}, {131, 509}, {640, 360}})
                b->ops().attend_blocks(*b, in.rows(first, count), cache.layer, first, plan.plan,
                                       selection ? selection->on(*b, cache.layer) : longleaf::Selection{},
                                       out.rows(first, count));
            CHECK(same_bits(out.values(), whole));
        }
}

TEST("NaN does not hang or crash a plan") {
    const Cache cache(KvType::f16, 1, 64, 900, 3);
    Grid<float> q = random_grid(900, 128, 4);
    q(890, 5) = q(300, 70) = std::numeric_limits<float>::quiet_NaN();
    for (const Path path : paths()) plan(*backend(path), q, cache, flex);
}
