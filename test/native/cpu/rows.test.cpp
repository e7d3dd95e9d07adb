// embed, rmsnorm, rope, swiglu and kv_write.
#include "check.h"

#include "bed.h"

using namespace bed;

TEST("embed picks and dequantises rows exactly") {
    const Memory<int32_t> ids{3, 0, 10, 3, 7};
    for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::q8_0})
        for (const int64_t cols : {32, 96, 512}) {
            const Weights table(type, 11, cols, 1);
            for (const Path path : paths()) {
                const auto b = backend(path);
                Guarded out(5, cols);
                b->ops().embed(*b, table.tensor, ids.data(), out.matrix);
                CHECK(out.intact());
                const auto rows = out.values();
                for (int64_t r = 0; r < 5; ++r)
                    for (int64_t c = 0; c < cols; ++c)
                        CHECK_EQ(rows(r, c), table.values(ids[static_cast<size_t>(r)], c));
            }
        }
}

TEST("rmsnorm is as accurate as a naive one, in place too") {
    for (const int64_t cols : {1, 5, 64, 100, 512, 5000})
        for (const int64_t rows : {1, 2, 129}) {
            const Grid<float> x = random_grid(rows, cols, 2, 3), weight = random_grid(1, cols, 3);
            const Memory<float> scales(weight.at_.begin(), weight.at_.end());
            const Tensor w{scales.data(), DType::f32, 1, cols};
            const auto exact = reference::rmsnorm(Grid<double>(x), Grid<double>(weight), 1e-5);
            const auto naive = reference::rmsnorm(x, weight, 1e-5f);
            for (const Path path : paths()) {
                const auto b = backend(path);
                Guarded in(x), out(rows, cols);
                b->ops().rmsnorm(*b, in.matrix, w, 1e-5f, out.matrix);
                CHECK(out.intact());
                CHECK(accurate(out.values(), naive, exact, 1e-7));
                for (const DType type : activations())
                    for (const int64_t gap : {5, 8}) {
                        Guarded narrow(rows, cols, type, gap);
                        b->ops().rmsnorm(*b, in.matrix, w, 1e-5f, narrow.matrix);
                        CHECK(narrow.intact());
                        CHECK(same_bits(narrow.values(), rounded(out.values(), type)));
                    }
                b->ops().rmsnorm(*b, in.matrix, w, 1e-5f, in.matrix);
                CHECK(same_bits(in.values(), out.values()));
            }
        }
}

TEST("rope turns pairs and halves at any position") {
    for (const int64_t d : {64, 96, 128})
        for (const bool neox : {false, true})
            for (const int start : {0, 5, 63, 130000})
                for (const int64_t rows : {1, 2, 7, 129}) {
                    std::vector<float> inv_freq;
                    for (int64_t i = 0; i < d / 2; ++i)
                        inv_freq.push_back(static_cast<float>(
                            std::pow(5e5, -2.0 * static_cast<double>(i) / static_cast<double>(d))));
                    const Memory<float> table(inv_freq.begin(), inv_freq.end());
                    for (const DType type : activations()) {
                        const Grid<float> x = rounded(random_grid(rows, 3 * d, 4), type);
                        const auto exact = reference::rope(Grid<double>(x), inv_freq, neox, start);
                        const auto naive = rounded(reference::rope(x, inv_freq, neox, start), type);
                        for (const Path path : paths())
                            for (const int64_t gap : {5, 8}) {
                                const auto b = backend(path);
                                Guarded out(x, type, gap);
                                b->ops().rope(*b, out.matrix,
                                              {table.data(), static_cast<int>(d), static_cast<int>(d), neox},
                                              start);
                                CHECK(out.intact());
                                CHECK(accurate(out.values(), naive, exact));
                            }
                    }
                }
}

TEST("rope rows do not depend on the chunk") {
    const Memory<float> inv_freq(32, 0.37f);
    const Grid<float> x = random_grid(300, 128, 4);
    for (const Path path : paths()) {
        const auto b = backend(path);
        Guarded whole(x), parts(x);
        b->ops().rope(*b, whole.matrix, {inv_freq.data(), 64, 64, true}, 17);
        for (const auto& [first, count] : {std::pair<int, int>{0, 2}, {2, 1}, {3, 97}, {100, 200}})
            b->ops().rope(*b, parts.rows(first, count), {inv_freq.data(), 64, 64, true}, 17 + first);
        CHECK(same_bits(whole.values(), parts.values()));
    }
}

TEST("swiglu is as accurate as a naive one, far out too") {
    for (const int64_t cols : {1, 7, 64, 1408}) {
        Grid<float> gate = random_grid(3, cols, 5, 20);
        const Grid<float> up = random_grid(3, cols, 6);
        gate(0, 0) = -200, gate(1, 0) = 200, gate(2, 0) = 0;
        for (const DType type : activations()) {
            const Grid<float> gates = rounded(gate, type), ups = rounded(up, type);
            const auto exact = reference::swiglu(Grid<double>(gates), Grid<double>(ups));
            const auto naive = rounded(reference::swiglu(gates, ups), type);
            for (const Path path : paths())
                for (const int64_t gap : {5, 8}) {
                    const auto b = backend(path);
                    Guarded g(gates, type, gap);
                    const Guarded u(ups, type, gap);
                    b->ops().swiglu(*b, g.matrix, u.matrix);
                    CHECK(g.intact());
                    CHECK(accurate(g.values(), naive, exact));
                }
        }
    }
}

TEST("kv_write stores the same bytes on every path, and nothing else") {
    for (const KvType type : kv_types())
        for (const int64_t d : {64, 96}) {
            const Cache expected(type, 3, d, 40, 7);  // written whole by the scalar path
            const Grid<float> k = random_grid(40, 3 * d, 7), v = random_grid(40, 3 * d, 8);
            const Guarded ks(k), vs(v);
            for (const Path path : paths()) {
                const auto b = backend(path);
                Memory<char> kb(expected.k.size(), 0x7f), vb(expected.v.size(), 0x7f);
                KvLayer layer = expected.layer;
                layer.k = kb.data(), layer.v = vb.data();
                for (const auto& [first, count] : {std::pair<int, int>{0, 1}, {1, 20}, {21, 19}})
                    b->ops().kv_write(*b, ks.rows(first, count), vs.rows(first, count), layer, first);
                finish();
                CHECK(kb == expected.k);
                CHECK(vb == expected.v);
            }
        }
}

TEST("kv_write takes rows of any type") {
    for (const DType rows : activations())
        for (const KvType type : kv_types())
            for (const int64_t gap : {5, 8}) {
                Cache expected(type, 2, 64, 21, 7);
                const Grid<float> k = rounded(random_grid(21, 128, 3), rows),
                                  v = rounded(random_grid(21, 128, 4), rows);
                expected.values.k = k, expected.values.v = v;
                expected.write();
                for (const Path path : paths()) {
                    const auto b = backend(path);
                    Memory<char> kb(expected.k.size(), 0x7f), vb(expected.v.size(), 0x7f);
                    KvLayer layer = expected.layer;
                    layer.k = kb.data(), layer.v = vb.data();
                    const Guarded ks(k, rows, gap), vs(v, rows, gap);
                    b->ops().kv_write(*b, ks.matrix, vs.matrix, layer, 0);
                    finish();
                    CHECK(kb == expected.k);
                    CHECK(vb == expected.v);
                }
            }
}

TEST("q8_0 keeps every value within half a step") {
    const Cache cache(KvType::q8_0, 1, 64, 100, 9);
    const Grid<float> k = random_grid(100, 64, 9);
    for (int64_t t = 0; t < 100; ++t)
        for (int64_t first = 0; first < 64; first += 32) {
            float largest = 0;
            for (int64_t c = first; c < first + 32; ++c) largest = std::max(largest, std::abs(k(t, c)));
            // Half a step, and the scale's own rounding to f16 (2^-11) over 127 steps.
            for (int64_t c = first; c < first + 32; ++c)
                CHECK_NEAR(cache.values.k(t, c), static_cast<double>(k(t, c)),
                           largest * (0.5 / 127 + 1.0 / 2048));
        }
}

TEST("rope_and_store gives the bits of its three ops") {
    for (const KvType type : kv_types())
        for (const int64_t d : {64, 96, 128, 256})
            for (const bool neox : {false, true})
                for (const int64_t rows : {1, 3}) {
                    Memory<float> inv_freq(static_cast<size_t>(d / 2));
                    for (size_t i = 0; i < inv_freq.size(); ++i)
                        inv_freq[i] = static_cast<float>(
                            std::pow(5e5, -2.0 * static_cast<double>(i) / static_cast<double>(d)));
                    const longleaf::RopeTable table{inv_freq.data(), static_cast<int>(d), static_cast<int>(d),
                                                    neox};
                    const Grid<float> q = random_grid(rows, 6 * d, 4), k = random_grid(rows, 3 * d, 5),
                                      v = random_grid(rows, 3 * d, 6);
                    const Cache before(type, 3, d, 40, 7);
                    for (const Path path : paths()) {
                        const auto b = backend(path);
                        const auto& op = b->ops();
                        const Guarded qs(q), ks(k), vs(v), q_at_once(q), k_at_once(k), v_at_once(v);
                        Memory<char> one_by_one[2] = {before.k, before.v}, at_once[2] = {before.k, before.v};
                        KvLayer kv = before.layer;
                        kv.k = one_by_one[0].data(), kv.v = one_by_one[1].data();
                        op.rope(*b, qs.matrix, table, 37);
                        op.rope(*b, ks.matrix, table, 37);
                        op.kv_write(*b, ks.matrix, vs.matrix, kv, 37);
                        kv.k = at_once[0].data(), kv.v = at_once[1].data();
                        op.rope_and_store(*b, q_at_once.matrix, k_at_once.matrix, v_at_once.matrix, table, kv,
                                          37);
                        finish();
                        CHECK(same_bits(q_at_once.values(), qs.values()));
                        CHECK(same_bits(k_at_once.values(), ks.values()));
                        CHECK(same_bits(v_at_once.values(), v));
                        CHECK(q_at_once.intact() && k_at_once.intact() && v_at_once.intact());
                        CHECK(at_once[0] == one_by_one[0]);
                        CHECK(at_once[1] == one_by_one[1]);
                        CHECK(!(at_once[0] == before.k));
                    }
                }
}
