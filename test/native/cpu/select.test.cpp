// Scores, coverage budget and per-head selection against the algorithm written out in double.
#include "check.h"

#include <limits>
#include <set>

#include "bed.h"

using namespace bed;

namespace {

struct Picked {
    int32_t count = -1;
    std::vector<std::vector<int64_t>> heads;
    bool operator==(const Picked&) const = default;
};

Picked select(longleaf::Backend& b, const Grid<float>& q, const Cache& cache,
              const longleaf::SelectOptions& o, DType type = DType::f32) {
    const int64_t heads = q.cols / cache.values.d, length = q.rows, capacity = length;
    const int64_t lists = o.per_group ? cache.layer.kv_heads : heads;
    Memory<int32_t> index(static_cast<size_t>(lists * capacity + 8), -7), count(1, -1);
    Picked picked;
    const Guarded in(q, type);
    const uint64_t bytes = b.ops().select_scratch_bytes(static_cast<int>(heads), static_cast<int>(length), o);
    Memory<uint64_t> scratch(bytes / 8 + 2, 0x5a5a5a5a5a5a5a5a);
    b.ops().select(b, in.rows(length - o.window, o.window), cache.layer, static_cast<int>(length), o,
                   scratch.data(), {index.data(), count.data(), capacity, nullptr, o.per_group});
    Memory<uint32_t> tally(longleaf::kStretches + 1, 7);
    const longleaf::Selection chosen{index.data(), count.data(), capacity, nullptr, o.per_group};
    b.ops().tally(b, chosen, static_cast<int>(lists), static_cast<int>(length), tally.data());
    finish();
    picked.count = count[0];
    std::vector<uint32_t> places(longleaf::kStretches, 0);
    for (int64_t list = 0; list < lists; ++list)
        for (int64_t i = 0; i < picked.count; ++i)
            ++places[static_cast<size_t>(index[static_cast<size_t>(list * capacity + i)] *
                                         longleaf::kStretches / length)];
    CHECK(std::equal(places.begin(), places.end(), tally.begin()));
    CHECK_EQ(tally.back(), 7u);
    CHECK_EQ(scratch.back(), 0x5a5a5a5a5a5a5a5aull);
    for (size_t i = index.size() - 8; i < index.size(); ++i) CHECK_EQ(index[i], -7);
    for (int64_t h = 0; picked.count > 0 && h < heads; ++h)
        picked.heads.emplace_back(index.begin() + h * lists / heads * capacity,
                                  index.begin() + h * lists / heads * capacity + picked.count);
    return picked;
}

reference::Kept expect(const Grid<float>& q, const Cache& cache, const longleaf::SelectOptions& o) {
    const auto operands = cache.operands(o.window);
    const reference::Cache<double> kv{Grid<double>(operands.k), Grid<double>(operands.v), operands.d};
    return reference::select(Grid<double>(operand(q, o.window)), kv, static_cast<double>(o.tau), o.window,
                             o.min_tokens, o.pool, {static_cast<double>(o.keep), o.sinks, o.per_group});
}

double jaccard(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
    const std::set<int64_t> left(a.begin(), a.end());
    size_t both = 0;
    for (const int64_t i : b) both += left.count(i);
    return static_cast<double>(both) / static_cast<double>(a.size() + b.size() - both);
}

/// Keys whose scores take `levels` values, no two of them close to each other, so float and double must agree
/// on which tokens stay. Every query points along the first dimension of its head.
struct Separated {
    static constexpr int64_t d = 64, window = 16;
    Cache cache;
    Grid<float> q;
    Separated(int64_t length, int64_t levels) : cache(KvType::f16, 2, d, length, 5, 0.0f), q(length, 4 * d) {
        for (int64_t t = 0; t < length; ++t) {
            for (int64_t h = 0; h < 4; ++h) q(t, h * d) = 8;
            for (int64_t g = 0; g < 2; ++g)
                cache.values.k(t, g * d) =
                    static_cast<float>((t * 37 + g * 11) % levels) * 7 / static_cast<float>(levels);
        }
        cache.write();
    }
    void check(const longleaf::SelectOptions& o) const {
        const auto expected = expect(q, cache, o);
        for (const Path path : paths()) {
            const auto picked = select(*backend(path), q, cache, o);
            CHECK_EQ(static_cast<size_t>(picked.count),
                     expected.heads.empty() ? 0 : expected.heads[0].size());
            CHECK(picked.heads == expected.heads);
        }
    }
};

}  // namespace

TEST("well separated scores select exactly what the algorithm selects") {
    const Separated s(700, 700);
    for (const float tau : {0.005f, 0.1f, 0.5f})
        for (const int min_tokens : {0, 100, 500})
            for (const int pool : {1, 7}) s.check({tau, Separated::window, min_tokens, pool});
}

TEST("thousands of equal scores, over many blocks of them") {
    const Separated s(17001, 7);
    for (const float tau : {0.02f, 0.3f, 0.9f}) s.check({tau, Separated::window, 100, 1});
    s.check({0.3f, Separated::window, 16000, 1});
    s.check({1.5f, Separated::window, 0, 1});  // more than all there is: only the window stays
}

TEST("a fixed share, a selection per kv head and first tokens are what they say") {
    const Separated s(700, 700);
    for (const auto& [tau, keep] : {std::pair{0.1f, 0.0f}, {0.0f, 0.25f}, {0.5f, 0.5f}})
        for (const bool per_group : {false, true})
            for (const int sinks : {0, 4, 200}) {
                longleaf::SelectOptions o{tau, Separated::window, 100, 7};
                o.keep = keep, o.sinks = sinks, o.per_group = per_group;
                s.check(o);
            }
}

TEST("a fixed share keeps that share and at least min_tokens") {
    const Cache cache(KvType::f16, 2, 64, 1016, 6, 2.0f);
    const Grid<float> q = random_grid(1016, 4 * 64, 7, 2.0f);
    for (const Path path : paths()) {
        const auto b = backend(path);
        longleaf::SelectOptions o{0.0f, 16, 100, 7};
        o.keep = 0.25f;
        CHECK_EQ(select(*b, q, cache, o).count, 251 + 16);
        o.keep = 0.01f;
        CHECK_EQ(select(*b, q, cache, o).count, 100 + 16);
        o.keep = 0.9999f;  // all of them: dense
        CHECK_EQ(select(*b, q, cache, o).count, 0);
    }
}

TEST("heads of a kv head that disagree share what matters to either") {
    const int64_t length = 300;
    Cache cache(KvType::f16, 1, 64, length, 5, 0.0f);
    Grid<float> q(length, 2 * 64);
    for (int64_t t = 0; t < length; ++t) q(t, 0) = 8, q(t, 64 + 1) = 8;
    for (const int64_t t : {20, 30}) cache.values.k(t, 0) = 7;  // for head 0
    for (const int64_t t : {40, 50}) cache.values.k(t, 1) = 7;  // for head 1
    cache.write();
    longleaf::SelectOptions o{0.0f, 16, 0, 1};
    o.keep = 0.012f;  // four tokens
    o.per_group = true;
    for (const Path path : paths()) {
        const auto picked = select(*backend(path), q, cache, o);
        CHECK_EQ(picked.count, 4 + 16);
        const std::vector<int64_t> first(picked.heads[0].begin(), picked.heads[0].begin() + 4);
        CHECK((first == std::vector<int64_t>{20, 30, 40, 50}));
    }
}

TEST("random scores select nearly the same tokens, by every kv type and tile") {
    for (const auto& [d, kv_heads, heads, window, length] : {std::array<int64_t, 5>{64, 2, 4, 128, 2300},
                                                             {96, 1, 4, 50, 333},
                                                             {128, 3, 3, 7, 500},
                                                             {64, 1, 8, 128, 1337},
                                                             {96, 1, 3, 33, 1025},
                                                             {128, 1, 4, 300, 2101},
                                                             {256, 2, 6, 70, 611},
                                                             {64, 1, 1, 64, 20011}}) {
        for (const KvType type : kv_types()) {
            const Cache cache(type, kv_heads, d, length, 6, 2.0f);
            const Grid<float> q = random_grid(length, heads * d, 7, 2.0f);
            const longleaf::SelectOptions o{0.2f, static_cast<int>(window), 64, 7};
            const auto expected = expect(q, cache, o);
            for (const Path path : paths()) {
                const auto picked = select(*backend(path), q, cache, o);
                if (expected.heads.size() != picked.heads.size()) {
                    check::fail(__FILE__, __LINE__, "one is dense: " + name_of(path));
                    continue;
                }
                // Float scores may swap neighbours in rank around the cut, and move the budget by one.
                CHECK_NEAR(picked.count, static_cast<double>(expected.heads[0].size()), 1);
                for (size_t h = 0; h < picked.heads.size(); ++h) {
                    CHECK(jaccard(picked.heads[h], expected.heads[h]) > 0.995);
                    CHECK(std::is_sorted(picked.heads[h].begin(), picked.heads[h].end()));
                }
            }
        }
    }
}

TEST("queries kept in 16 bits select what their values do") {
    const Cache cache(KvType::f16, 2, 64, 900, 6, 2.0f);
    const longleaf::SelectOptions o{0.2f, 40, 64, 7};
    for (const DType type : activations()) {
        const Grid<float> q = rounded(random_grid(900, 4 * 64, 7, 2.0f), type);
        for (const Path path : paths()) {
            const auto picked = select(*backend(path), q, cache, o, type);
            CHECK(picked.count > 64);
            CHECK(picked == select(*backend(path), q, cache, o));
        }
    }
}

TEST("selection does not depend on the threads") {
    const Cache cache(KvType::f16, 2, 64, 5000, 8);
    const Grid<float> q = random_grid(5000, 4 * 64, 9);
    const longleaf::SelectOptions o{0.1f, 128, 1024, 7};
    for (const Path path : paths()) {
        const auto one = select(*backend(path, 1), q, cache, o);
        CHECK(one.count > 1024);
        for (const int threads : {2, 3}) CHECK(select(*backend(path, threads), q, cache, o) == one);
    }
}

TEST("equal scores: the lower index wins") {
    const int64_t length = 200;
    const Cache cache(KvType::f16, 1, 64, length, 1, 0.0f);  // every key is 0: all scores equal
    const Grid<float> q = random_grid(length, 64, 2);
    const longleaf::SelectOptions o{0.5f, 20, 10, 1};
    for (const Path path : paths()) {
        const auto picked = select(*backend(path), q, cache, o);
        CHECK(picked.count > 20);
        for (int64_t i = 0; i < picked.count - 20; ++i) CHECK_EQ(picked.heads[0][static_cast<size_t>(i)], i);
        for (int64_t i = 0; i < 20; ++i)
            CHECK_EQ(picked.heads[0][static_cast<size_t>(picked.count - 20 + i)], 180 + i);
    }
}

TEST("nothing to drop: dense") {
    const Cache cache(KvType::f16, 1, 64, 200, 1, 0.0f);
    const Grid<float> q = random_grid(200, 64, 2);
    for (const Path path : paths()) {
        const auto b = backend(path);
        CHECK_EQ(select(*b, q, cache, {0.0f, 20, 10, 7}).count, 0);    // tau 0
        CHECK_EQ(select(*b, q, cache, {0.5f, 20, 180, 7}).count, 0);   // too short
        CHECK_EQ(select(*b, q, cache, {0.001f, 20, 10, 1}).count, 0);  // 180 equal shares: none below tau
    }
}

TEST("NaN scores do not hang or crash") {
    const Cache cache(KvType::f16, 1, 64, 300, 3);
    Grid<float> q = random_grid(300, 128, 4);
    q(290, 5) = std::numeric_limits<float>::quiet_NaN();
    for (const Path path : paths()) select(*backend(path), q, cache, {0.1f, 20, 10, 7});
}
