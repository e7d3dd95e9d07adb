// The forward pass against the model in double precision, and against itself cut into other pieces.
#include "check.h"
#include "engine/reference.h"
#include "engine/tiny_model.h"

using namespace longleaf;
using reference::some_sparsity, reference::worst;

static std::shared_ptr<Engine> load(const tiny::File& file, Simd simd = Simd::automatic,
                                    KvType kv = KvType::f32) {
    LoadOptions options;
    options.path = file.path();
    options.threads = 2;
    options.device = Device::cpu;
    options.kv_type = kv;
    options.simd = simd;
    return Engine::load(options);
}

// Logits are of order 1 to 10; single precision over three layers leaves about 1e-5, and a sum of 512 rows in
// another order as much again. Ten times that would still be far below any real mistake.
static constexpr double tolerance = 2e-4;

TEST("dense logits agree with double precision, at every length around a chunk") {
    const tiny::Model model = tiny::make({}, 1);
    const tiny::File file(model);
    for (const Simd simd : {Simd::scalar, Simd::automatic}) {
        const auto engine = load(file, simd);
        for (const int length : {1, 2, 3, 37, 512, 513, 514}) {
            const auto tokens = tiny::tokens(length, 7);
            const auto session = engine->open_session();
            const ReadResult result = session->read(tokens, {}, {});
            CHECK_EQ(result.read_tokens, length);
            CHECK_NEAR(worst(session->logits(), reference::prefill(model, tokens, {}).logits), 0, tolerance);
        }
    }
}

TEST("sparse logits and kept fractions agree with double precision") {
    const tiny::Model model = tiny::make({}, 2);
    const tiny::File file(model);
    for (const Simd simd : {Simd::scalar, Simd::automatic})
        for (const int length : {41, 200, 530}) {
            const auto tokens = tiny::tokens(length, 11);
            const auto session = load(file, simd)->open_session();
            const ReadResult result = session->read(tokens, some_sparsity(), {});
            const auto expected = reference::prefill(model, tokens, some_sparsity());
            CHECK_NEAR(worst(session->logits(), expected.logits), 0, tolerance);
            for (size_t l = 0; l < expected.kept.size(); ++l)
                CHECK_NEAR(result.kept_fraction[l], expected.kept[l], 1e-6);
            if (length > 41) CHECK(result.kept_fraction[2] < 1);
        }
}

TEST("where the kept tokens lie adds up to how many are kept, and the last stretch is the window") {
    const tiny::Model model = tiny::make({}, 2);
    const tiny::File file(model);
    const int length = 530;
    for (const bool per_group : {false, true}) {
        Sparsity s = some_sparsity();
        s.per_group = per_group;
        const ReadResult read = load(file)->open_session()->read(tiny::tokens(length, 11), s, {});
        const size_t layers = read.kept_fraction.size();
        CHECK_EQ(read.kept_places.size(), layers * kept_stretches);
        for (size_t l = 0; l < layers; ++l) {
            double kept = 0;
            for (int i = 0; i < kept_stretches; ++i) {
                // Of 530 tokens a stretch has four or five: ceil((i + 1) * 530 / 128) - ceil(i * 530 / 128).
                const auto first = [&](int at) {
                    return (at * length + kept_stretches - 1) / kept_stretches;
                };
                const float share = read.kept_places[l * kept_stretches + static_cast<size_t>(i)];
                CHECK(share >= 0 && share <= 1);
                kept += static_cast<double>(share) * (first(i + 1) - first(i));
            }
            CHECK_NEAR(kept, static_cast<double>(read.kept_fraction[l]) * length, 1e-3);
            CHECK_EQ(read.kept_places[(l + 1) * kept_stretches - 1], 1.0f);
        }
        CHECK(read.kept_fraction[2] < 1);
    }
    CHECK(load(file)->open_session()->read(tiny::tokens(length, 11), {}, {}).kept_places.empty());
}

static Sparsity striped(std::vector<int> layers, int local) {
    Sparsity s;
    s.blocks = {.pattern = BlockPattern::stripes, .layers = std::move(layers)};
    s.blocks.min_tokens = 300, s.blocks.sinks = 4, s.blocks.local = local;
    return s;
}

TEST("logits by blocks, alone and on selected tokens, agree with double precision") {
    const tiny::Model model = tiny::make({}, 2);
    const tiny::File file(model);
    const auto tokens = tiny::tokens(1100, 11);
    for (const bool selects : {false, true}) {
        Sparsity s = striped({0, 1, 2}, 128);
        if (selects) s.tau = 0.2f, s.layers = {1, 2}, s.window = 16, s.min_tokens = 24;
        const auto session = load(file)->open_session();
        const ReadResult result = session->read(tokens, s, {});
        const auto expected = reference::prefill(model, tokens, s);
        CHECK_NEAR(worst(session->logits(), expected.logits), 0, tolerance);
        CHECK_NEAR(result.kept_fraction[1], expected.kept[1], 1e-6);
        // Nine rows of blocks: the last two whole, since the last 128 tokens reach into both.
        if (!selects) CHECK_NEAR(result.block_fraction[0], (1 + 2 + 5 * 3 + 8 + 9) / 45.0, 1e-6);
        // Into the second block, tokens 128 to 255, look rows 1, 2 and 3, and the last two of the eight after
        // it.
        const size_t second = 200 * kept_stretches / 1100;
        if (!selects) CHECK_NEAR(result.kept_places[second], 4 / 8.0, 1e-6);
        CHECK_EQ(result.block_fraction[2], 1.0f);  // the last layer looks everywhere
    }
}

TEST("blocks that leave nothing out change no bit") {
    const tiny::Model model = tiny::make({}, 2);
    const tiny::File file(model);
    const auto tokens = tiny::tokens(1100, 12);
    for (const bool selects : {false, true}) {
        Sparsity with = striped({0, 1, 2}, 1 << 20), without;
        if (selects) without = some_sparsity();
        const BlockSparsity blocks = with.blocks;
        with = without, with.blocks = blocks;
        const auto engine = load(file, Simd::automatic, KvType::f16);
        const auto one = engine->open_session(), other = engine->open_session();
        one->read(tokens, with, {}), other->read(tokens, without, {});
        CHECK(one->logits() == other->logits());
    }
}

TEST("FlexPrefill leaves blocks out, and more of them for a smaller share") {
    const tiny::File file(tiny::make({}, 2));
    const auto tokens = tiny::tokens(2100, 13);
    const auto engine = load(file);
    float before = 1;
    for (const float gamma : {0.9f, 0.5f}) {
        Sparsity s;
        s.blocks = {.pattern = BlockPattern::flex, .layers = {0, 1}, .gamma = gamma, .min_tokens = 256};
        const auto session = engine->open_session();
        const ReadResult result = session->read(tokens, s, {});
        CHECK(result.block_fraction[0] < before);
        CHECK(result.block_fraction[0] > 0.05f);
        before = result.block_fraction[0];
        const auto again = engine->open_session();
        again->read(tokens, s, {});
        CHECK(again->logits() == session->logits());
        CHECK_EQ(session->read(tokens, s, {}).read_tokens, 0);
        CHECK_EQ(session->read(tokens, {}, {}).reused_tokens, 0);  // it was another way of reading
    }
}

TEST("heads that do not share keys, and heads that all share them") {
    for (const int kv_heads : {1, 4}) {
        tiny::Shape shape;
        shape.kv_heads = kv_heads;
        shape.head_dim = 64;
        const tiny::Model model = tiny::make(shape, 3);
        const tiny::File file(model);
        const auto tokens = tiny::tokens(150, 5);
        const auto session = load(file)->open_session();
        session->read(tokens, some_sparsity(), {});
        CHECK_NEAR(worst(session->logits(), reference::prefill(model, tokens, some_sparsity()).logits), 0,
                   tolerance);
    }
}

TEST("decoding one token at a time agrees with reading them") {
    const tiny::Model model = tiny::make({}, 4);
    const tiny::File file(model);
    const auto session = load(file)->open_session();
    session->read(tiny::tokens(60, 9), {}, {});
    GenerateOptions options;
    options.max_tokens = 30;
    session->generate(options, {});
    const auto expected = reference::prefill(model, session->tokens(), {}).logits;
    CHECK_NEAR(worst(session->logits(), expected), 0, tolerance);
}

TEST("KV types differ by their rounding only") {
    const tiny::Model model = tiny::make({}, 5);
    const tiny::File file(model);
    const auto tokens = tiny::tokens(300, 3);
    const auto expected = reference::prefill(model, tokens, {}).logits;
    const auto error = [&](KvType type) {
        const auto session = load(file, Simd::automatic, type)->open_session();
        session->read(tokens, {}, {});
        return worst(session->logits(), expected);
    };
    // Half precision keeps 11 bits of K and V, q8_0 about 8; logits are of order 10.
    CHECK_NEAR(error(KvType::f32), 0, tolerance);
    CHECK_NEAR(error(KvType::f16), 0, 0.02);
    CHECK_NEAR(error(KvType::q8_0), 0, 0.4);
}

TEST("q8_0 refuses heads that are not whole blocks") {
    tiny::Shape shape;
    shape.head_dim = 16;
    const tiny::File file(tiny::make(shape, 6));
    CHECK_THROWS(load(file, Simd::automatic, KvType::q8_0)->open_session(), ErrorCode::bad_request, "q8_0");
}
