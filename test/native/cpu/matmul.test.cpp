// out = x * w^T for every weight type and instruction set.
#include "check.h"

#include <array>

#include "bed.h"

using namespace bed;

namespace {

struct Shape {
    int64_t t, n, k;
};

/// What x is kept in, what the result is, and the gap between rows: 8 leaves them at whole 16 bytes.
struct Rows {
    DType x = DType::f32, out = DType::f32;
    int64_t gap = 5;
};

std::string label(Path path, DType type, const Shape& s, const Rows& r) {
    const auto text = [](const char* name, auto value) {
        return std::string(name) + std::to_string(static_cast<int64_t>(value));
    };
    return name_of(path) + text(" type ", type) + text(" T ", s.t) + text(" N ", s.n) + text(" K ", s.k) +
           text(" x ", r.x) + text(" out ", r.out) + text(" gap ", r.gap);
}

Grid<float> run(longleaf::Backend& b, const Weights& w, const Grid<float>& x, bool add,
                const Rows& rows = {}) {
    const Guarded in(x, rows.x, rows.gap);
    Guarded out(x.rows, w.tensor.rows, rows.out, rows.gap);
    if (add) out.fill(random_grid(x.rows, w.tensor.rows, 99));
    b.ops().matmul(b, w.tensor, in.matrix, out.matrix, add);
    CHECK(out.intact());
    CHECK(in.intact());
    return out.values();
}

void compare(DType type, const Shape& s, const Rows& rows) {
    const Weights w(type, s.n, s.k, 7);
    const Grid<float> x = rounded(random_grid(s.t, s.k, 8), rows.x);
    const auto exact = reference::matmul(Grid<double>(x), Grid<double>(w.values));
    const DType operand = rows.x == DType::f32 ? product_operand(type, s.t) : rows.x;
    const auto naive = rounded((operand == DType::f32 ? reference::matmul<float> : reference::matmul_cut_off)(
                                   rounded(x, operand), rounded(w.values, operand)),
                               rows.out);
    for (const Path path : paths()) {
        const auto b = backend(path);
        // The floor is an ulp of the results: with three of them the naive one can be lucky.
        const double floor = rows.out == DType::f32 ? 2e-7 : rows.out == DType::f16 ? 1e-3 : 8e-3;
        if (!accurate(run(*b, w, x, false, rows), naive, exact, s.t * s.n < 64 ? floor : 2e-7))
            check::fail(__FILE__, __LINE__, label(path, type, s, rows));
    }
}

void compare(DType type, const Shape& s) {
    for (const DType x : activations()) {
        compare(type, s, {x, x, 5});
        if (x == DType::f32) continue;
        compare(type, s, {x, x, 8});
        compare(type, s, {x, DType::f32, 8});
    }
}

}  // namespace

TEST("matmul is as accurate as a naive one") {
    for (const int64_t t : {1, 2, 7, 129})
        for (const auto& [n, k] : {std::pair<int64_t, int64_t>{64, 96}, {3, 32}, {70, 544}, {129, 1408}})
            for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::q8_0})
                compare(type, {t, n, k});
    for (const int64_t k : {1, 7, 33, 100, 515})  // not a whole number of vectors
        for (const DType type : {DType::f32, DType::f16, DType::bf16}) {
            compare(type, {1, 5, k});
            compare(type, {50, 13, k});
        }
    for (const DType type :
         {DType::f16, DType::bf16, DType::q8_0}) {  // a row alone: more than goes round once
        compare(type, {1, 4301, 64});
        compare(type, {1, 333, 4672});
    }
    compare(DType::q8_0, {600, 40, 64});                             // more tokens than one block of them
    for (const DType type : {DType::f16, DType::bf16, DType::q8_0})  // several tiles each way, and edges
        compare(type, {300, 520, 192});
}

TEST("matmul adds the residual") {
    const Weights w(DType::q8_0, 37, 64, 1);
    const Grid<float> residual = random_grid(9, 37, 99);
    for (const int64_t t : {1, 9})
        for (const Path path : paths()) {
            const auto b = backend(path);
            const Grid<float> x = random_grid(t, 64, 2);
            const auto plain = run(*b, w, x, false), added = run(*b, w, x, true);
            const Grid<float> start = random_grid(t, 37, 99);
            for (int64_t r = 0; r < t; ++r)
                for (int64_t c = 0; c < 37; ++c) CHECK_EQ(added(r, c), plain(r, c) + start(r, c));
        }
}

TEST("matmul rows depend neither on the chunk nor on the threads") {
    const Weights w(DType::q8_0, 130, 544, 3);
    for (const DType type : activations())
        for (const int64_t gap : {5, 8}) {
            const Grid<float> x = rounded(random_grid(700, 544, 4), type);
            for (const Path path : paths()) {
                const auto whole = run(*backend(path, 1), w, x, false, {type, type, gap});
                for (const int threads : {2, 3})
                    CHECK(same_bits(run(*backend(path, threads), w, x, false, {type, type, gap}), whole));
                const auto b = backend(path, 2);
                const Guarded in(x, type, gap);
                Guarded out(x.rows, 130, type, gap);
                for (const auto& [first, count] :
                     {std::pair<int64_t, int64_t>{0, 2}, {2, 3}, {5, 48}, {53, 500}, {553, 147}})
                    b->ops().matmul(*b, w.tensor, in.rows(first, count), out.rows(first, count), false);
                CHECK(same_bits(out.values(), whole));
            }
        }
}

TEST("what f16 cannot hold becomes its largest value") {
    const Weights w(DType::f16, 24, 512, 3);
    for (const DType type : activations()) {
        if (type != DType::f16) continue;
        Grid<float> x(3, 512);
        for (int64_t c = 0; c < 512; ++c) x(0, c) = w.values(5, c) > 0 ? 6e4f : -6e4f, x(1, c) = -x(0, c);
        for (const Path path : paths()) {
            const auto out = run(*backend(path), w, x, false, {type, type, 8});
            CHECK_EQ(out(0, 5), 65504.0f);
            CHECK_EQ(out(1, 5), -65504.0f);
            CHECK_EQ(out(2, 5), 0.0f);
        }
    }
}

TEST("the gated product is as accurate as a naive one, rows by themselves too") {
    for (const DType weights : {DType::f16, DType::bf16, DType::q8_0})
        for (const auto& [t, n, k] : {Shape{1, 96, 64}, {2, 96, 64}, {140, 264, 160}, {300, 130, 96}})
            for (const DType type : activations()) {
                const Weights gate(weights, n, k, 3), up(weights, n, k, 4);
                const Grid<float> x = rounded(random_grid(t, k, 5), type);
                const DType operand = type == DType::f32 ? product_operand(weights, t) : type;
                const auto product = [&](const Weights& w) {
                    return rounded(reference::matmul(rounded(x, operand), rounded(w.values, operand)), type);
                };
                const auto naive = rounded(reference::swiglu(product(gate), product(up)), type);
                const Grid<double> exact_x(x);
                const auto exact = reference::swiglu(reference::matmul(exact_x, Grid<double>(gate.values)),
                                                     reference::matmul(exact_x, Grid<double>(up.values)));
                for (const Path path : paths()) {
                    const auto b = backend(path);
                    const Guarded in(x, type, 8);
                    Guarded out(t, n, type, 8), room(t, n, type, 8), parts(t, n, type, 8);
                    b->ops().gated(*b, gate.tensor, up.tensor, in.matrix, out.matrix, room.matrix);
                    CHECK(out.intact());
                    CHECK(room.intact());
                    if (!accurate(out.values(), naive, exact, 2e-7))
                        check::fail(__FILE__, __LINE__, label(path, weights, {t, n, k}, {type, type, 8}));
                    if (t < 5) continue;
                    for (const auto& [first, count] :
                         {std::pair<int64_t, int64_t>{0, 2}, {2, 130}, {132, t - 132}})
                        b->ops().gated(*b, gate.tensor, up.tensor, in.rows(first, count),
                                       parts.rows(first, count), room.rows(first, count));
                    CHECK(same_bits(parts.values(), out.values()));
                }
            }
}

TEST("projections at once give the bits of each alone") {
    for (const auto& types :
         {std::array{DType::q8_0, DType::q8_0, DType::q8_0}, std::array{DType::f16, DType::f16, DType::f16},
          std::array{DType::q8_0, DType::bf16, DType::q8_0}})
        for (const int64_t t : {1, 2, 140})
            for (const int64_t k : {96, 512}) {
                const Weights a(types[0], 264, k, 3), b(types[1], 65, k, 4), c(types[2], 96, k, 5);
                const Grid<float> x = random_grid(t, k, 6);
                for (const Path path : paths()) {
                    const auto on = backend(path);
                    const Guarded in(x, DType::f32, 8);
                    const Weights* const weights[] = {&a, &b, &c};
                    Guarded each[] = {Guarded(t, 264), Guarded(t, 65), Guarded(t, 96)},
                            at_once[] = {Guarded(t, 264), Guarded(t, 65), Guarded(t, 96)};
                    std::vector<longleaf::Projection> all;
                    for (size_t i = 0; i < 3; ++i) {
                        on->ops().matmul(*on, weights[i]->tensor, in.matrix, each[i].matrix, false);
                        all.push_back({weights[i]->tensor, at_once[i].matrix});
                    }
                    on->ops().project(*on, all, in.matrix);
                    for (size_t i = 0; i < 3; ++i) {
                        CHECK(at_once[i].intact());
                        CHECK(same_bits(at_once[i].values(), each[i].values()));
                    }
                }
            }
}

TEST("prepared weights give the same bits") {
    const Weights a(DType::q8_0, 300, 160, 3), other(DType::q8_0, 300, 160, 4);
    for (const DType type : activations()) {
        const Grid<float> x = rounded(random_grid(140, 160, 5), type);
        for (const Path path : paths()) {
            const auto b = backend(path);
            const auto plain = run(*b, a, x, false, {type, type, 8});
            b->prepare(std::array{other.tensor, a.tensor}, type);
            CHECK(same_bits(run(*b, a, x, false, {type, type, 8}), plain));
            b->prepare(std::array{other.tensor}, type);
            CHECK(same_bits(run(*b, a, x, false, {type, type, 8}), plain));
        }
    }
}

TEST("a cancelled matmul returns") {
    const Weights w(DType::q8_0, 256, 512, 3);
    for (const Path path : paths()) {
        const auto b = backend(path);
        b->cancelled = true;
        run(*b, w, random_grid(300, 512, 4), false);
    }
}
