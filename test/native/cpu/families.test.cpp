// What families add to the plain Llama: biases, scales, norms of heads, GELU gates, partial rotary embedding,
// windows and soft caps in attention.
#include "check.h"

#include "bed.h"

using namespace bed;

namespace {

Tensor vector_of(const Memory<float>& values) {
    return {values.data(), DType::f32, 1, static_cast<int64_t>(values.size())};
}

Memory<float> random_vector(int64_t size, unsigned seed) {
    const Grid<float> g = random_grid(1, size, seed);
    return {g.at_.begin(), g.at_.end()};
}

/// Applies `op` to x on every path, type and alignment; `expect` is its definition over any real type.
template <class Op, class Expect>
void each(const Grid<float>& x, Op op, Expect expect) {
    for (const DType type : activations()) {
        const Grid<float> start = rounded(x, type);
        const auto naive = rounded(expect(start), type);
        const auto exact = expect(Grid<double>(start));
        for (const Path path : paths())
            for (const int64_t gap : {5, 8}) {
                const auto b = backend(path);
                Guarded rows(start, type, gap);
                op(*b, rows.matrix);
                CHECK(rows.intact());
                if (!accurate(rows.values(), naive, exact, 1e-7))
                    check::fail(__FILE__, __LINE__, name_of(path));
            }
    }
}

/// Attention of one query at position `last` with a window and a soft cap.
template <class Real>
void attend_row(const Real* q, const reference::Cache<Real>& kv, int64_t g, int64_t last, int64_t window,
                double cap, Real* out, reference::Round<Real> round) {
    const int64_t first = window > 0 ? std::max<int64_t>(0, last + 1 - window) : 0;
    std::vector<Real> p;
    for (int64_t j = first; j <= last; ++j) {
        Real dot = 0;
        for (int64_t c = 0; c < kv.d; ++c) dot += q[c] * kv.k(j, g * kv.d + c);
        dot /= std::sqrt(static_cast<Real>(kv.d));
        p.push_back(cap > 0 ? static_cast<Real>(cap) * std::tanh(dot / static_cast<Real>(cap)) : dot);
    }
    const Real peak = *std::max_element(p.begin(), p.end());
    Real total = 0;
    for (Real& x : p) total += x = std::exp(x - peak);
    for (Real& x : p) x = (round ? round(x) : x) / total;
    for (int64_t c = 0; c < kv.d; ++c) {
        out[c] = 0;
        for (int64_t j = first; j <= last; ++j)
            out[c] += p[static_cast<size_t>(j - first)] * kv.v(j, g * kv.d + c);
    }
}

template <class Real>
Grid<Real> attend(const Grid<Real>& q, const reference::Cache<Real>& kv, int64_t start, int64_t window,
                  double cap, reference::Round<Real> round = nullptr) {
    Grid<Real> out(q.rows, q.cols);
    const int64_t heads = q.cols / kv.d, group = heads / (kv.k.cols / kv.d);
    for (int64_t t = 0; t < q.rows; ++t)
        for (int64_t h = 0; h < heads; ++h)
            attend_row(&q(t, h * kv.d), kv, h / group, start + t, window, cap, &out(t, h * kv.d), round);
    return out;
}

struct Case {
    int64_t t, start, window;
    float cap;
};

void compare(KvType type, int64_t d, const Case& c) {
    Cache cache(type, 2, d, c.start + c.t, 11);
    cache.layer.window = c.window, cache.layer.soft_cap = c.cap;
    const Grid<float> q = random_grid(c.t, 4 * d, 12);
    const reference::Cache<double> kv{Grid<double>(cache.values.k), Grid<double>(cache.values.v), d};
    const auto cap = static_cast<double>(c.cap);
    const auto exact = attend(Grid<double>(q), kv, c.start, c.window, cap);
    const auto naive = attend(operand(q, c.t), cache.operands(c.t), c.start, c.window, cap, probability(c.t));
    for (const Path path : paths()) {
        const auto b = backend(path);
        const Guarded in(q);
        Guarded out(c.t, 4 * d);
        b->ops().attend(*b, in.matrix, cache.layer, static_cast<int>(c.start), out.matrix);
        CHECK(out.intact());
        if (!accurate(out.values(), naive, exact, 1e-6))
            check::fail(__FILE__, __LINE__,
                        name_of(path) + " D " + std::to_string(d) + " T " + std::to_string(c.t) + " window " +
                            std::to_string(c.window));
    }
}

}  // namespace

TEST("add_bias") {
    for (const int64_t cols : {7, 64, 520}) {
        const Memory<float> bias = random_vector(cols, 3);
        each(
            random_grid(5, cols, 2),
            [&](longleaf::Backend& b, Matrix x) { b.ops().add_bias(b, x, vector_of(bias)); },
            [&](auto x) {
                for (int64_t r = 0; r < x.rows; ++r)
                    for (int64_t c = 0; c < x.cols; ++c) x(r, c) += bias[static_cast<size_t>(c)];
                return x;
            });
    }
}

TEST("scale and add_scaled") {
    const Grid<float> x = random_grid(5, 100, 2), more = random_grid(5, 100, 3);
    each(
        x, [](longleaf::Backend& b, Matrix rows) { b.ops().scale(b, rows, 0.37f); },
        [](auto rows) {
            for (auto& v : rows.at_) v *= 0.37f;
            return rows;
        });
    for (const Path path : paths()) {
        const auto b = backend(path);
        Guarded rows(x);
        const Guarded added(more);
        b->ops().add_scaled(*b, rows.matrix, added.matrix, 0.22f);
        CHECK(rows.intact());
        const auto out = rows.values();
        for (int64_t r = 0; r < 5; ++r)
            for (int64_t c = 0; c < 100; ++c) CHECK_NEAR(out(r, c), x(r, c) + 0.22f * more(r, c), 1e-6);
    }
}

TEST("soften") {
    Grid<float> x = random_grid(1, 333, 2, 40);
    x(0, 0) = -1e6f, x(0, 1) = 1e6f, x(0, 2) = 0;
    for (const Path path : paths()) {
        const auto b = backend(path);
        Guarded rows(x);
        b->ops().soften(*b, rows.matrix, 30);
        CHECK(rows.intact());
        const auto out = rows.values();
        for (int64_t c = 0; c < x.cols; ++c)
            CHECK_NEAR(out(0, c), 30 * std::tanh(static_cast<double>(x(0, c)) / 30), 1e-5);
    }
}

TEST("norm_heads normalises each head by itself") {
    for (const int64_t d : {20, 64, 128, 256}) {
        const Memory<float> weight = random_vector(d, 3);
        each(
            random_grid(5, 3 * d, 2, 4),
            [&](longleaf::Backend& b, Matrix x) { b.ops().norm_heads(b, x, vector_of(weight), 1e-5f); },
            [&](auto x) {
                using Real = std::remove_reference_t<decltype(x(0, 0))>;
                for (int64_t r = 0; r < x.rows; ++r)
                    for (int64_t h = 0; h < x.cols; h += d) {
                        Real squares = 0;
                        for (int64_t c = 0; c < d; ++c) squares += x(r, h + c) * x(r, h + c);
                        const Real root =
                            std::sqrt(squares / static_cast<Real>(d) + static_cast<Real>(1e-5f));
                        for (int64_t c = 0; c < d; ++c)
                            x(r, h + c) = x(r, h + c) / root * weight[static_cast<size_t>(c)];
                    }
                return x;
            });
    }
}

TEST("geglu is as accurate as a naive one, far out too") {
    for (const int64_t cols : {1, 7, 64, 1408}) {
        Grid<float> gate = random_grid(3, cols, 5, 5);
        const Grid<float> up = random_grid(3, cols, 6);
        gate(0, 0) = -200, gate(1, 0) = 200, gate(2, 0) = 0;
        for (const DType type : activations()) {
            const Grid<float> gates = rounded(gate, type), ups = rounded(up, type);
            const auto gated = [](auto g, const auto& u) {
                using Real = std::remove_reference_t<decltype(g(0, 0))>;
                for (size_t i = 0; i < g.at_.size(); ++i) {
                    const Real x = g.at_[i];
                    const Real inner = static_cast<Real>(0.79788456080286536) *
                                       (x + static_cast<Real>(0.044715) * x * x * x);
                    g.at_[i] = static_cast<Real>(0.5) * x * (1 + std::tanh(inner)) * u.at_[i];
                }
                return g;
            };
            const auto exact = gated(Grid<double>(gates), Grid<double>(ups));
            const auto naive = rounded(gated(gates, ups), type);
            for (const Path path : paths())
                for (const int64_t gap : {5, 8}) {
                    const auto b = backend(path);
                    Guarded g(gates, type, gap);
                    const Guarded u(ups, type, gap);
                    b->ops().geglu(*b, g.matrix, u.matrix);
                    CHECK(g.intact());
                    CHECK(accurate(g.values(), naive, exact, 1e-6));
                }
        }
    }
}

TEST("rope turns the first values of a head and lengthens them") {
    for (const bool neox : {false, true}) {
        const int64_t d = 64, rotated = 48;
        const Memory<float> theta = [] {
            Memory<float> all(24);
            for (size_t i = 0; i < all.size(); ++i) all[i] = std::pow(1e4f, -static_cast<float>(i) / 24);
            return all;
        }();
        each(
            random_grid(5, 2 * d, 2),
            [&](longleaf::Backend& b, Matrix x) {
                b.ops().rope(b, x, {theta.data(), 64, 48, neox, 1.25f}, 1000);
            },
            [&](auto x) {
                using Real = std::remove_reference_t<decltype(x(0, 0))>;
                const auto before = x;
                for (int64_t r = 0; r < x.rows; ++r)
                    for (int64_t h = 0; h < x.cols; h += d)
                        for (int64_t i = 0; i < rotated / 2; ++i) {
                            const double angle = static_cast<double>(1000 + r) *
                                                 static_cast<double>(theta[static_cast<size_t>(i)]);
                            const auto c = static_cast<Real>(1.25 * std::cos(angle));
                            const auto s = static_cast<Real>(1.25 * std::sin(angle));
                            const int64_t a = h + (neox ? i : 2 * i),
                                          b = h + (neox ? rotated / 2 + i : 2 * i + 1);
                            x(r, a) = before(r, a) * c - before(r, b) * s;
                            x(r, b) = before(r, a) * s + before(r, b) * c;
                        }
                return x;
            });
    }
}

TEST("attention with windows and soft caps is as accurate as a naive one") {
    for (const KvType type : kv_types())
        for (const int64_t d : {64, 96, 256})
            for (const Case& c : {Case{1, 300, 40, 0},
                                  {1, 30, 40, 0},
                                  {1, 900, 0, 3},
                                  {1, 2900, 1031, 4},
                                  {130, 0, 40, 0},
                                  {70, 300, 128, 0},
                                  {70, 301, 1, 0},
                                  {200, 77, 129, 2},
                                  {150, 0, 0, 5},
                                  {3, 700, 600, 0}})
                compare(type, d, c);
}

TEST("rows of windowed attention do not depend on the chunk") {
    for (const int64_t window : {5, 128, 300}) {
        Cache cache(KvType::f16, 2, 64, 700, 21);
        cache.layer.window = window;
        const Grid<float> q = random_grid(700, 4 * 64, 22);
        for (const Path path : paths()) {
            const auto b = backend(path);
            const Guarded in(q);
            Guarded whole(700, 256), parts(700, 256);
            b->ops().attend(*b, in.matrix, cache.layer, 0, whole.matrix);
            for (const auto& [first, count] : {std::pair<int, int>{0, 2}, {2, 130}, {132, 400}, {532, 168}})
                b->ops().attend(*b, in.rows(first, count), cache.layer, first, parts.rows(first, count));
            CHECK(same_bits(parts.values(), whole.values()));
        }
    }
}
