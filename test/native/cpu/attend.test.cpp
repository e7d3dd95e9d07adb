// Dense and selected attention, prefill and decode.
#include "check.h"

#include <chrono>
#include <limits>
#include <thread>

#include "chosen.h"

using namespace bed;

namespace {

struct Shape {
    int64_t t, start, kv_heads, group, d;
    std::string text() const {
        return " T " + std::to_string(t) + " start " + std::to_string(start) + " G " +
               std::to_string(kv_heads) + " group " + std::to_string(group) + " D " + std::to_string(d);
    }
};

Grid<float> attend(longleaf::Backend& b, const Grid<float>& q, const KvLayer& kv, int64_t start) {
    const Guarded in(q);
    Guarded out(q.rows, q.cols);
    b.ops().attend(b, in.matrix, kv, static_cast<int>(start), out.matrix);
    CHECK(out.intact());
    return out.values();
}

Grid<float> attend_selected(longleaf::Backend& b, const Grid<float>& q, const KvLayer& kv, Chosen& chosen) {
    const Guarded in(q);
    Guarded out(q.rows, q.cols);
    b.ops().attend_selected(b, in.matrix, kv, 0, chosen.on(b, kv), out.matrix);
    CHECK(out.intact());
    return out.values();
}

void compare(KvType type, const Shape& s) {
    if (!has_head(type, s.d)) return;
    const Cache cache(type, s.kv_heads, s.d, s.start + s.t, 11);
    const Grid<float> q = random_grid(s.t, s.kv_heads * s.group * s.d, 12);
    const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v), s.d};
    const auto exact = reference::attend(Grid<double>(q), kv, s.start);
    const auto naive = reference::attend(operand(q, s.t), cache.operands(s.t), s.start, probability(s.t));
    for (const Path path : paths()) {
        const auto b = backend(path);
        if (!accurate(attend(*b, q, cache.layer, s.start), naive, exact))
            check::fail(__FILE__, __LINE__, name_of(path) + s.text());
    }
}

}  // namespace

TEST("attend is as accurate as a naive one") {
    for (const int64_t d : {40, 64, 96, 128, 256})
        for (const int64_t group : {1, 2, 4})
            for (const int64_t t : {1, 2, 7, 129}) compare(KvType::f16, {t, 0, 2, group, d});
    for (const KvType type : kv_types())
        for (const int64_t t : {1, 3, 60}) compare(type, {t, 301, 1, 2, 64});
    for (const int64_t t : {1, 5}) compare(KvType::f16, {t, 1500, 2, 1, 64});
    for (const KvType type : kv_types())  // a row alone over many keys, ragged, of every size of head
        for (const auto& [start, heads, group, d] : {std::array<int64_t, 4>{2503, 1, 4, 128},
                                                     {1042, 3, 2, 96},
                                                     {777, 2, 3, 256},
                                                     {4100, 5, 1, 64},
                                                     {9001, 8, 2, 128}})
            compare(type, {1, start, heads, group, d});
    compare(KvType::f16, {5, 40, 1, 20, 64});  // more heads in a group than a decode kernel takes at once
    compare(KvType::f16, {1, 40, 1, 20, 64});
    compare(KvType::f32, {9, 3, 2, 2, 20});  // D not a multiple of a tile or vector
    compare(KvType::f32, {1, 3, 2, 2, 20});
}

TEST("attend rows depend neither on the chunk nor on the threads") {
    const int64_t length = 700, width = 4 * 64;
    for (const KvType type : {KvType::f16, KvType::q8_0}) {
        const Cache cache(type, 2, 64, length, 21);
        const Grid<float> q = random_grid(length, width, 22);
        for (const Path path : paths()) {
            const auto whole = attend(*backend(path, 1), q, cache.layer, 0);
            for (const int threads : {2, 3})
                CHECK(same_bits(attend(*backend(path, threads), q, cache.layer, 0), whole));
            const auto b = backend(path);
            const Guarded in(q);
            Guarded out(length, width);
            for (const auto& [first, count] :
                 {std::pair<int, int>{0, 2}, {2, 3}, {5, 48}, {53, 500}, {553, 147}})
                b->ops().attend(*b, in.rows(first, count), cache.layer, first, out.rows(first, count));
            CHECK(same_bits(out.values(), whole));
        }
    }
}

TEST("decode does not depend on the threads") {
    const Cache cache(KvType::f16, 2, 64, 3000, 31);
    const Grid<float> q = random_grid(1, 4 * 64, 32);
    for (const Path path : paths()) {
        const auto one = attend(*backend(path, 1), q, cache.layer, 2999);
        for (const int threads : {2, 3})
            CHECK(same_bits(attend(*backend(path, threads), q, cache.layer, 2999), one));
    }
}

TEST("selected attention is as accurate as a naive one and leaves other rows 0") {
    const int64_t length = 300, heads = 4;
    for (const KvType type : kv_types()) {
        const Cache cache(type, 2, 64, length, 41);
        const Grid<float> q = random_grid(length, heads * 64, 42);
        const Indices kept = scattered(heads, length, 131);
        Chosen chosen(kept, length);
        const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v), 64};
        const auto exact = reference::attend_selected(Grid<double>(q), kv, kept);
        const auto naive =
            reference::attend_selected(operand(q, length), cache.operands(length), kept, probability(length));
        for (const Path path : paths()) {
            const auto result = attend_selected(*backend(path), q, cache.layer, chosen);
            CHECK(accurate(result, naive, exact));
            for (int64_t h = 0; h < heads; ++h)
                for (int64_t t = 0; t < length; ++t)
                    if (!std::binary_search(kept[static_cast<size_t>(h)].begin(),
                                            kept[static_cast<size_t>(h)].end(), t))
                        for (int64_t c = 0; c < 64; ++c) CHECK_EQ(result(t, h * 64 + c), 0.0f);
        }
    }
}

TEST("heads that share a list attend as if each had it") {
    const int64_t length = 700, heads = 6;
    for (const KvType type : kv_types()) {
        const Cache cache(type, 2, 64, length, 43);
        const Grid<float> q = random_grid(length, heads * 64, 44);
        const Indices lists = scattered(2, length, 331);
        Chosen apart({lists[0], lists[0], lists[0], lists[1], lists[1], lists[1]}, length);
        Chosen shared(lists, length);
        shared.selection.per_group = true, shared.sharing = 3;
        for (const Path path : paths()) {
            const auto b = backend(path);
            CHECK(same_bits(attend_selected(*b, q, cache.layer, shared),
                            attend_selected(*b, q, cache.layer, apart)));
        }
    }
}

TEST("where only keys are dropped every row attends") {
    const int64_t length = 500, heads = 4;
    const Cache cache(KvType::f16, 2, 64, length, 45);
    const Grid<float> q = random_grid(length, heads * 64, 46);
    Indices kept = scattered(heads, length, 131);
    kept[1].erase(kept[1].begin(),
                  std::lower_bound(kept[1].begin(), kept[1].end(), 40));  // nothing before 40
    const size_t fewest = kept[1].size();
    for (auto& list : kept) list.erase(list.begin(), list.end() - static_cast<int64_t>(fewest));
    Chosen chosen(kept, length);
    chosen.selection.keys_only = true;
    const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v), 64};
    const auto exact = reference::attend_kept_keys(Grid<double>(q), kv, kept);
    const auto naive = reference::attend_kept_keys(q, cache.values, kept);
    for (const Path path : paths()) {
        const auto b = backend(path);
        if (!b->host_memory()) {
            CHECK_THROWS(attend_selected(*b, q, cache.layer, chosen), longleaf::ErrorCode::bad_request,
                         "GPU");
            continue;
        }
        const auto whole = attend_selected(*b, q, cache.layer, chosen);
        CHECK(accurate(whole, naive, exact));
        CHECK_EQ(whole(39, 64), 0.0f);  // nothing listed yet for head 1
        const Guarded in(q);
        Guarded out(length, heads * 64);
        for (const auto& [first, count] : {std::pair<int, int>{0, 1}, {1, 300}, {301, 199}})
            b->ops().attend_selected(*b, in.rows(first, count), cache.layer, first, chosen.selection,
                                     out.rows(first, count));
        CHECK(same_bits(out.values(), whole));
    }
}

TEST("selected attention rows depend neither on the chunk nor on the threads") {
    const int64_t length = 1200, width = 4 * 64;
    const Cache cache(KvType::f16, 2, 64, length, 51);
    const Grid<float> q = random_grid(length, width, 52);
    Chosen chosen(scattered(4, length, 900), length);
    for (const Path path : paths()) {
        const auto whole = attend_selected(*backend(path, 1), q, cache.layer, chosen);
        for (const int threads : {2, 3})
            CHECK(same_bits(attend_selected(*backend(path, threads), q, cache.layer, chosen), whole));
        const auto b = backend(path);
        const Guarded in(q);
        Guarded out(length, width);
        for (const auto& [first, count] : {std::pair<int, int>{0, 1}, {1, 6}, {7, 500}, {507, 693}})
            b->ops().attend_selected(*b, in.rows(first, count), cache.layer, first,
                                     chosen.on(*b, cache.layer), out.rows(first, count));
        CHECK(same_bits(out.values(), whole));
    }
}

TEST("count 0 is dense bit for bit") {
    const Cache cache(KvType::f16, 2, 64, 200, 61);
    const Grid<float> q = random_grid(200, 4 * 64, 62);
    Chosen none(Indices(4), 200);
    for (const Path path : paths()) {
        const auto b = backend(path);
        CHECK(same_bits(attend_selected(*b, q, cache.layer, none), attend(*b, q, cache.layer, 0)));
    }
}

TEST("keeping everything equals dense bit for bit") {
    const Cache cache(KvType::f16, 2, 64, 333, 63);
    const Grid<float> q = random_grid(333, 4 * 64, 64);
    Chosen all(scattered(4, 333, 333), 333);
    for (const Path path : paths()) {
        const auto b = backend(path);
        CHECK(same_bits(attend_selected(*b, q, cache.layer, all), attend(*b, q, cache.layer, 0)));
    }
}

TEST("NaN, infinity and huge scores come back") {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
        const Cache cache(KvType::f16, 1, 64, 300, 71);
        Grid<float> q = random_grid(300, 128, 72);
        q(5, 3) = bad;
        for (const Path path : paths()) {
            const auto b = backend(path);
            const auto result = attend(*b, q, cache.layer, 0);
            CHECK(std::isfinite(result(4, 0)));
            CHECK(std::isfinite(result(6, 0)));
            attend(*b, random_grid(1, 128, 73), cache.layer, 299);
        }
    }
}

TEST("attend obeys a cancel at once") {
    using Clock = std::chrono::steady_clock;
    const Cache cache(KvType::f16, 2, 64, 6000, 81);
    const Grid<float> q = random_grid(6000, 4 * 64, 82);
    for (const Path path : paths()) {
        const auto b = backend(path);
        Clock::time_point asked;
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            asked = Clock::now();
            b->cancelled = true;
        });
        attend(*b, q, cache.layer, 0);
        const auto returned = Clock::now();
        other.join();
        // Some 10 ms of work at most; the allowance is for a busy machine and sanitizers.
        CHECK(returned - asked < std::chrono::milliseconds(500));
    }
}

TEST("attention takes and gives rows of any type") {
    for (const DType type : activations())
        for (const int64_t t : {1, 300}) {
            const Cache cache(KvType::f16, 2, 64, 300, 71);
            const Grid<float> q = rounded(random_grid(t, 4 * 64, 72), type);
            Chosen chosen(scattered(4, 300, 131), 300);
            for (const Path path : paths()) {
                const auto b = backend(path);
                const Guarded in(q, type);
                Guarded dense(t, q.cols, type), selected(t, q.cols, type);
                b->ops().attend(*b, in.matrix, cache.layer, static_cast<int>(300 - t), dense.matrix);
                CHECK(dense.intact());
                CHECK(same_bits(dense.values(), rounded(attend(*b, q, cache.layer, 300 - t), type)));
                if (t == 1) continue;
                b->ops().attend_selected(*b, in.matrix, cache.layer, 0, chosen.on(*b, cache.layer),
                                         selected.matrix);
                CHECK(selected.intact());
                CHECK(
                    same_bits(selected.values(), rounded(attend_selected(*b, q, cache.layer, chosen), type)));
            }
        }
}
