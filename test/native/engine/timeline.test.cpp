// The rule of what a read may keep (engine.h), without tensors.
#include "engine/timeline.h"

#include <numeric>

#include "check.h"

using namespace longleaf;

static std::vector<int32_t> upto(int n) {
    std::vector<int32_t> v(n);
    std::iota(v.begin(), v.end(), 0);
    return v;
}

static Sparsity level(float tau) {
    Sparsity s;
    s.tau = tau;
    s.layers = {1};
    return s;
}

TEST("dense tokens are kept by a dense read up to the first difference") {
    Timeline t;
    CHECK_EQ(t.reusable(upto(10), {}, false), 0);
    t.was_read(upto(10), 0, {}, false);
    CHECK_EQ(t.reusable(upto(20), {}, false), 10);
    CHECK_EQ(t.reusable(upto(4), {}, false), 4);
    auto other = upto(20);
    other[7] = 99;
    CHECK_EQ(t.reusable(other, {}, false), 7);
    CHECK_EQ(t.reusable(other, level(0), false), 7);
    CHECK_EQ(t.reusable({}, {}, false), 0);
}

TEST("dense tokens do not serve a sparse read at another level") {
    Timeline t;
    t.was_read(upto(100), 0, {}, false);
    CHECK_EQ(t.reusable(upto(110), level(0.1f), true), 0);
    CHECK_EQ(t.reusable(upto(110), level(0.1f), false), 100);  // too short to be sparse: dense either way
}

TEST("a short dense beginning under the same level serves a short extension, not a long one") {
    Timeline t;
    t.was_read(upto(100), 0, level(0.1f), false);
    CHECK_EQ(t.reusable(upto(200), level(0.1f), true), 100);
    CHECK_EQ(t.reusable(upto(201), level(0.1f), true), 0);
}

TEST("a sparse prefill is kept whole, under its own level, or not at all") {
    Timeline t;
    t.was_read(upto(100), 0, level(0.1f), true);
    t.was_read(upto(120), 100, level(0.1f), false);
    CHECK_EQ(t.sparse_length(), 100);
    CHECK_EQ(t.reusable(upto(500), level(0.1f), true), 120);
    CHECK_EQ(t.reusable(upto(110), level(0.1f), true), 110);
    CHECK_EQ(t.reusable(upto(100), level(0.1f), true), 100);
    CHECK_EQ(t.reusable(upto(99), level(0.1f), true), 0);
    CHECK_EQ(t.reusable(upto(120), level(0.2f), true), 0);
    CHECK_EQ(t.reusable(upto(120), {}, false), 0);
    t.truncate(110);
    CHECK_EQ(t.cached(), 110);
    t.truncate(99);
    CHECK_EQ(t.length(), 99);
    CHECK_EQ(t.cached(), 0);
    CHECK_EQ(t.reusable(upto(120), level(0.1f), true), 0);
}

TEST("a sampled token is kept only once it is in the cache") {
    Timeline t;
    t.was_read(upto(10), 0, {}, false);
    t.push(10);
    CHECK_EQ(t.reusable(upto(20), {}, false), 10);
    t.all_cached();
    CHECK_EQ(t.reusable(upto(20), {}, false), 11);
}
