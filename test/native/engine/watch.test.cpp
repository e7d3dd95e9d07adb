// Where heads look: the attention of a written-out reference, whatever K is stored in.
#include <cmath>

#include "check.h"
#include "cpu/backend.h"
#include "engine/attention_watch.h"
#include "engine/small_session.h"

using namespace longleaf;
using small::load;

static float value_at(int seed, int i) { return static_cast<float>(std::sin(0.37 * seed + 1.7 * i)); }

TEST("attention is the softmax over all positions seen, of which the first are told") {
    const auto backend = cpu::create_backend({1, Simd::automatic});
    Config config;
    config.layers = 2;
    config.heads = 4;
    config.kv_heads = 2;
    config.head_dim = 32;
    const int length = 1500, told = 1200, D = 32;
    KvCache cache(*backend, config, KvType::f32, length);
    auto* k = static_cast<float*>(cache.layer(1).k);  // (G, capacity, D)
    for (int i = 0; i < 2 * length * D; ++i) k[i] = value_at(1, i);
    AttentionWatch watch({{1, 3}, {1, 0}}, told, config);
    std::vector<float> q(4 * D);
    for (int i = 0; i < 4 * D; ++i) q[i] = value_at(2, i);
    const Matrix row{q.data(), 1, 4 * D, 4 * D, DType::f32};
    watch.take(*backend, 0, row, length - 1);  // not watched
    watch.take(*backend, 1, row, length - 1);
    const std::vector<float> attention = watch.attention(*backend, cache);
    CHECK_EQ(attention.size(), size_t{2 * told});
    for (const auto& [slot, head] : {std::pair{0, 3}, std::pair{1, 0}}) {
        std::vector<double> expected(length);
        double sum = 0;
        for (int p = 0; p < length; ++p) {
            double dot = 0;
            for (int d = 0; d < D; ++d) dot += q[head * D + d] * k[(head / 2 * length + p) * D + d];
            sum += expected[p] = std::exp(dot / std::sqrt(32.0));
        }
        for (int p = 0; p < told; ++p) CHECK_NEAR(attention[slot * told + p], expected[p] / sum, 1e-6);
    }
}

TEST("watching changes no answer, and tells each head's share of attention") {
    const tiny::File file(tiny::make({}, 21));
    for (const KvType kv : {KvType::f32, KvType::f16, KvType::q8_0}) {
        const auto engine = load(file.path(), kv);
        const auto tokens = tiny::tokens(400, 3);
        GenerateOptions plain, watched;
        plain.max_tokens = watched.max_tokens = 200;
        watched.watch = {{0, 0}, {2, 3}};
        watched.watch_positions = 300;
        std::string one, other;
        const auto a = engine->open_session(), b = engine->open_session();
        a->read(tokens, {}, {});
        b->read(tokens, {}, {});
        CHECK(a->generate(plain, [&](const std::string& text, int) { one += text; }).attention.empty());
        const GenerateResult told =
            b->generate(watched, [&](const std::string& text, int) { other += text; });
        CHECK(one == other);
        CHECK_EQ(told.attention.size(), size_t{600});
        for (const size_t head : {0, 1}) {
            double sum = 0;
            for (size_t p = 0; p < 300; ++p) sum += told.attention[head * 300 + p];
            CHECK(sum > 0.05 && sum <= 1.0001);
        }
    }
}

TEST("heads and positions that are not there are refused") {
    const tiny::File file(tiny::make({}, 21));
    const auto session = load(file.path(), KvType::f16)->open_session();
    session->read(tiny::tokens(50, 1), {}, {});
    GenerateOptions options;
    options.watch = {{3, 0}};
    CHECK_THROWS(session->generate(options, {}), ErrorCode::bad_request, "no head 0 of layer 3");
    options.watch = {{0, 4}};
    CHECK_THROWS(session->generate(options, {}), ErrorCode::bad_request, "no head 4");
    options.watch = {{0, 0}};
    options.watch_positions = 51;
    CHECK_THROWS(session->generate(options, {}), ErrorCode::bad_request, "51");
}
