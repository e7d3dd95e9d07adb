// out = x * w^T for every weight type and instruction set.
#include "check.h"

#include "bed.h"

using namespace bed;

namespace {

struct Shape {
    int64_t t, n, k;
};

std::string label(Path path, DType type, const Shape& s) {
    return name_of(path) + " type " + std::to_string(static_cast<int>(type)) + " T " + std::to_string(s.t) +
           " N " + std::to_string(s.n) + " K " + std::to_string(s.k);
}

Grid<float> run(longleaf::Backend& b, const Weights& w, const Grid<float>& x, bool add) {
    const Guarded in(x);
    Guarded out(x.rows, w.tensor.rows);
    if (add) out.fill(random_grid(x.rows, w.tensor.rows, 99));
    b.ops().matmul(b, w.tensor, in.matrix, out.matrix, add);
    CHECK(out.intact());
    CHECK(in.intact());
    return out.values();
}

void compare(DType type, const Shape& s) {
    const Weights w(type, s.n, s.k, 7);
    const Grid<float> x = random_grid(s.t, s.k, 8);
    const auto exact = reference::matmul(Grid<double>(x), Grid<double>(w.values));
    const DType operand = product_operand(type, s.t);
    const auto naive = reference::matmul(rounded(x, operand), rounded(w.values, operand));
    for (const Path path : paths()) {
        const auto b = backend(path);
        // The floor is an ulp of the results: with three of them the naive one can be lucky.
        if (!accurate(run(*b, w, x, false), naive, exact, 2e-7))
            check::fail(__FILE__, __LINE__, label(path, type, s));
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
    compare(DType::q8_0, {600, 40, 64});  // more tokens than one block of them
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
    const Grid<float> x = random_grid(700, 544, 4);
    for (const Path path : paths()) {
        const auto whole = run(*backend(path, 1), w, x, false);
        for (const int threads : {2, 3}) CHECK(same_bits(run(*backend(path, threads), w, x, false), whole));
        const auto b = backend(path, 2);
        const Guarded in(x);
        Guarded out(x.rows, 130);
        for (const auto& [first, count] :
             {std::pair<int64_t, int64_t>{0, 2}, {2, 3}, {5, 48}, {53, 500}, {553, 147}})
            b->ops().matmul(*b, w.tensor, in.rows(first, count), out.rows(first, count), false);
        CHECK(same_bits(out.values(), whole));
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
