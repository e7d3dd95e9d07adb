// The whole model on the GPU, against double precision and against itself cut into other pieces.
#include "check.h"
#include "cuda/backend.h"
#include "engine/reference.h"
#include "engine/tiny_model.h"

using namespace longleaf;
using reference::some_sparsity, reference::worst;

static std::shared_ptr<Engine> load(const tiny::File& file, Device device = Device::cuda,
                                    KvType kv = KvType::f16) {
    if (!cuda::available()) {
        std::puts("skipped: no GPU");
        std::exit(77);
    }
    LoadOptions options;
    options.path = file.path();
    options.threads = 2;
    options.kv_type = kv;
    options.device = device;
    return Engine::load(options);
}

// Logits are of order 1 to 10. The CPU with f16 K and V stays within 0.02 of double precision; here every
// product rounds its operands to f16 as well, some seven times a layer.
static constexpr double tolerance = 0.05;

TEST("dense logits agree with double precision at every head size") {
    for (const int head_dim : {16, 32, 64, 128}) {
        tiny::Shape shape;
        shape.head_dim = head_dim;
        const tiny::Model model = tiny::make(shape, 1);
        const tiny::File file(model);
        const auto engine = load(file);
        for (const int length : {1, 2, 37, 513}) {
            const auto tokens = tiny::tokens(length, 7);
            const auto session = engine->open_session();
            CHECK_EQ(session->read(tokens, {}, {}).read_tokens, length);
            const double error = worst(session->logits(), reference::prefill(model, tokens, {}).logits);
            std::printf("     D %d T %d: %.4f\n", head_dim, length, error);
            CHECK_NEAR(error, 0, tolerance);
        }
    }
}

TEST("sparse logits and kept fractions agree with double precision") {
    const tiny::Model model = tiny::make({}, 2);
    const tiny::File file(model);
    const auto engine = load(file);
    for (const int length : {41, 200, 530}) {
        const auto tokens = tiny::tokens(length, 11);
        const auto session = engine->open_session();
        const ReadResult result = session->read(tokens, some_sparsity(), {});
        const auto expected = reference::prefill(model, tokens, some_sparsity());
        const double error = worst(session->logits(), expected.logits);
        std::printf("     T %d: %.4f\n", length, error);
        // A token at the very edge of the selection may change sides, and the budget move by one.
        CHECK_NEAR(error, 0, 10 * tolerance);
        for (size_t l = 0; l < expected.kept.size(); ++l)
            CHECK_NEAR(result.kept_fraction[l], expected.kept[l], 2.0 / length);
        if (length > 41) CHECK(result.kept_fraction[2] < 1);
    }
}

TEST("reads in any pieces, and reruns, give the same bits") {
    tiny::Shape shape;
    shape.context = 16384;
    shape.head_dim = 64;
    const tiny::File file(tiny::make(shape, 3));
    const auto engine = load(file);
    const auto tokens = tiny::tokens(9001, 5);
    const std::span<const int32_t> all(tokens);
    for (const Sparsity& sparsity : {Sparsity{}, some_sparsity()}) {
        const auto whole = engine->open_session();
        whole->read(all, sparsity, {});
        const auto expected = whole->logits();
        const auto again = engine->open_session();
        again->read(all, sparsity, {});
        CHECK(again->logits() == expected);
        if (sparsity.tau > 0) continue;
        const auto pieces = engine->open_session();
        for (const int length : {1, 700, 701, 5000, 9001}) pieces->read(all.first(length), sparsity, {});
        CHECK(pieces->logits() == expected);
    }
}

TEST("decoding one token at a time agrees with reading them") {
    const tiny::Model model = tiny::make({}, 4);
    const tiny::File file(model);
    for (const KvType kv : {KvType::f16, KvType::q8_0}) {
        const auto session = load(file, Device::cuda, kv)->open_session();
        session->read(tiny::tokens(300, 9), {}, {});
        GenerateOptions options;
        options.max_tokens = 30;
        session->generate(options, {});
        const auto expected = reference::prefill(model, session->tokens(), {}).logits;
        CHECK_NEAR(worst(session->logits(), expected), 0, kv == KvType::f16 ? tolerance : 0.4);
    }
}

TEST("greedy answers are those of the CPU where the margin allows") {
    const tiny::Model model = tiny::make({}, 6);
    const tiny::File file(model);
    GenerateOptions options;
    options.max_tokens = 60;
    const auto answer = [&](Device device) {
        const auto session = load(file, device)->open_session();
        session->read(tiny::tokens(200, 13), {}, {});
        session->generate(options, {});
        return session->tokens();
    };
    const auto cpu = answer(Device::cpu), gpu = answer(Device::cuda);
    const auto [a, b] = std::mismatch(cpu.begin(), cpu.end(), gpu.begin(), gpu.end());
    if (a == cpu.end() || b == gpu.end()) return;
    // They part where the two best logits are closer than what the GPU's rounding moves them.
    const size_t at = static_cast<size_t>(a - cpu.begin());
    const auto logits = reference::prefill(model, {cpu.begin(), a}, {}).logits;
    CHECK_NEAR(logits[static_cast<size_t>(cpu[at])], logits[static_cast<size_t>(gpu[at])], 2 * tolerance);
}

TEST("a cancelled read leaves the session usable") {
    tiny::Shape shape;
    shape.context = 16384;
    const tiny::File file(tiny::make(shape, 8));
    const auto engine = load(file);
    const auto tokens = tiny::tokens(12000, 5);
    const auto session = engine->open_session();
    bool cancelled = false;
    const ReadResult result = session->read(tokens, {}, [&](const ReadingProgress&) {
        if (!cancelled) session->cancel();
        cancelled = true;
    });
    CHECK(result.cancelled);
    session->resume();
    CHECK(!session->read(tokens, {}, {}).cancelled);
    const auto fresh = engine->open_session();
    fresh->read(tokens, {}, {});
    CHECK(fresh->logits() == session->logits());
}

TEST("K and V in f32 are refused") {
    const tiny::File file(tiny::make({}, 9));
    CHECK_THROWS(load(file, Device::cuda, KvType::f32), ErrorCode::bad_request, "f32");
}
