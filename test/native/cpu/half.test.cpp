// Half precision: every value there is, on every path.
#include "check.h"

#include "bed.h"

using namespace bed;
using namespace longleaf::cpu;

TEST("all halves read the same on every path, and write back to themselves") {
    std::vector<uint16_t> halves(65536);
    for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
    const Tensor table{halves.data(), DType::f16, 1024, 64};
    std::vector<int32_t> ids(1024);
    std::iota(ids.begin(), ids.end(), 0);
    for (const Simd simd : paths()) {
        const auto b = backend(simd);
        Guarded out(1024, 64, DType::f32, 0);
        b->ops().embed(*b, table, ids.data(), out.matrix);
        std::vector<uint16_t> back(65536), unused(65536);
        KvLayer layer{back.data(), unused.data(), KvType::f16, 1, 64, 1024};
        b->ops().kv_write(*b, out.matrix, out.matrix, layer, 0);
        const auto values = out.values();
        for (size_t i = 0; i < halves.size(); ++i) {
            const bool nan = (i & 0x7c00) == 0x7c00 && (i & 0x3ff) != 0;
            if (nan) {
                CHECK(std::isnan(values.at_[i]) && (back[i] & 0x7e00) == 0x7e00);
                continue;
            }
            CHECK_EQ(bits_of_float(values.at_[i]), bits_of_float(half_to_float(halves[i])));
            CHECK_EQ(back[i], halves[i]);
        }
    }
}

TEST("floats round to the nearest half, ties to even, on every path") {
    Grid<float> x(1024, 64);
    std::mt19937 rng(1);
    for (float& v : x.at_) v = float_of_bits(static_cast<uint32_t>(rng()));                  // all exponents
    for (size_t i = 0; i < 2048; ++i) x.at_[i] = 1.0f + static_cast<float>(i) / 2048.0f;     // ties
    for (size_t i = 2048; i < 8192; ++i) x.at_[i] = static_cast<float>(i) * 2.98023224e-8f;  // subnormal ties
    for (float& v : x.at_)
        if (std::isnan(v)) v = 65519.996f;
    for (const Simd simd : paths()) {
        const auto b = backend(simd);
        const Guarded in(x);
        std::vector<uint16_t> out(65536), unused(65536);
        KvLayer layer{out.data(), unused.data(), KvType::f16, 1, 64, 1024};
        b->ops().kv_write(*b, in.matrix, in.matrix, layer, 0);
        for (size_t i = 0; i < out.size(); ++i) CHECK_EQ(out[i], float_to_half(x.at_[i]));
        for (size_t i = 0; i < 2048; ++i)
            CHECK_NEAR(half_to_float(out[i]), static_cast<double>(x.at_[i]), 1.0 / 2048);
    }
}
