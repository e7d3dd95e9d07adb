// Every quantised type: values against another implementation's, products against fp64.
#include "check.h"

#include "bed.h"

using namespace bed;

namespace {

DType type_named(const std::string& name) {
    for (uint32_t id = 0; id < 64; ++id)
        if (longleaf::dtype_traits(id) && longleaf::gguf_type_name(id) == name) return static_cast<DType>(id);
    check::fail(__FILE__, __LINE__, "no type " + name);
    return DType::f32;
}

Grid<float> run(longleaf::Backend& b, const Tensor& w, const Grid<float>& x) {
    const Guarded in(x);
    Guarded out(x.rows, w.rows);
    b.ops().matmul(b, w, in.matrix, out.matrix, false);
    CHECK(out.intact());
    return out.values();
}

}  // namespace

TEST("blocks hold the values that the gguf package reads from them") {
    const auto known = known_blocks(LONGLEAF_REPO "/test/fixtures/quants.txt");
    CHECK(known.size() > 30);
    std::vector<float> out(256);
    for (const auto& block : known) {
        const DType type = type_named(block.name);
        longleaf::cpu::unpack_blocks(type, block.bytes.data(), static_cast<int64_t>(block.values.size()),
                                     out.data());
        if (std::memcmp(out.data(), block.values.data(), block.values.size() * 4) != 0)
            check::fail(__FILE__, __LINE__, block.name);
    }
}

TEST("every path reads the same values") {
    for (const DType type : block_types())
        for (const Path path : paths()) {
            const Weights w(type, 5, 768, 3);
            const auto b = backend(path);
            const Memory<int32_t> ids{4, 0, 2};
            Guarded out(3, 768);
            b->ops().embed(*b, w.tensor, ids.data(), out.matrix);
            CHECK(out.intact());
            const auto values = out.values();
            for (int64_t r = 0; r < 3; ++r)
                for (int64_t c = 0; c < 768; ++c)
                    CHECK_NEAR(values(r, c), w.values(ids[static_cast<size_t>(r)], c), 1e-6);
        }
}

TEST("products of blocks are as accurate as naive ones") {
    for (const DType type : block_types())
        for (const int64_t t : {1, 2, 7, 61})
            for (const auto& [n, k] : {std::pair<int64_t, int64_t>{64, 256}, {3, 512}, {70, 1280}}) {
                const Weights w(type, n, k, 7);
                const Grid<float> x = random_grid(t, k, 8);
                const auto exact = reference::matmul(Grid<double>(x), Grid<double>(w.values));
                const DType operand = product_operand(type, t);
                const auto naive =
                    (operand == DType::f32 ? reference::matmul<float> : reference::matmul_cut_off)(
                        rounded(x, operand), rounded(w.values, operand));
                const double floor = 2e-7 * distance(exact, Grid<double>(t, n));  // an ulp or two of a result
                for (const Path path : paths())
                    if (!accurate(run(*backend(path), w.tensor, x), naive, exact, floor))
                        check::fail(__FILE__, __LINE__,
                                    name_of(path) + " " +
                                        longleaf::gguf_type_name(static_cast<uint32_t>(type)) + " T " +
                                        std::to_string(t) + " K " + std::to_string(k));
            }
}

TEST("rows of products of blocks depend neither on the chunk nor on the threads") {
    for (const DType type : {DType::q4_k, DType::q6_k, DType::q5_0}) {
        const Weights w(type, 130, 512, 3);
        const Grid<float> x = random_grid(200, 512, 4);
        for (const Path path : paths()) {
            const auto whole = run(*backend(path, 1), w.tensor, x);
            CHECK(same_bits(run(*backend(path, 3), w.tensor, x), whole));
            const auto b = backend(path, 2);
            const Guarded in(x);
            Guarded out(200, 130);
            for (const auto& [first, count] : {std::pair<int64_t, int64_t>{0, 2}, {2, 150}, {152, 48}})
                b->ops().matmul(*b, w.tensor, in.rows(first, count), out.rows(first, count), false);
            CHECK(same_bits(out.values(), whole));
        }
    }
}
