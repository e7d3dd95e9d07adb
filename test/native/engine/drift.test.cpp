// Calibration's pass: how far each layer moves the tokens, against double precision.
#include "check.h"
#include "engine/reference.h"
#include "engine/tiny_model.h"

using namespace longleaf;

namespace {

std::shared_ptr<Engine> load(const tiny::File& file) {
    LoadOptions options;
    options.path = file.path();
    options.threads = 2;
    options.device = Device::cpu;
    options.kv_type = KvType::f32;
    return Engine::load(options);
}

}  // namespace

TEST("drift agrees with double precision, in one chunk and in several") {
    const tiny::Model model = tiny::make({}, 1);
    const tiny::File file(model);
    for (const int length : {2, 37, 530}) {
        const auto tokens = tiny::tokens(length, 7);
        const DriftResult result = load(file)->open_session()->drift(tokens, {});
        const auto expected = reference::prefill(model, tokens, {}).drift;
        CHECK(!result.cancelled);
        CHECK_EQ(result.layers.size(), expected.size());
        // Single precision over three layers: 1e-5 of values near 1.
        for (size_t l = 0; l < expected.size(); ++l) CHECK_NEAR(result.layers[l], expected[l], 1e-4);
    }
}

TEST("the session has read the tokens, and goes on as after any read") {
    const tiny::File file(tiny::make({}, 2));
    const auto engine = load(file);
    const auto tokens = tiny::tokens(60, 3);
    const auto measured = engine->open_session(), plain = engine->open_session();
    measured->read(tiny::tokens(20, 9), {}, {});  // what was there goes
    measured->drift(tokens, {});
    plain->read(tokens, {}, {});
    CHECK(measured->tokens() == plain->tokens());
    CHECK(measured->logits() == plain->logits());
    GenerateOptions options;
    options.max_tokens = 5;
    measured->generate(options, {}), plain->generate(options, {});
    CHECK(measured->tokens() == plain->tokens());
}

TEST("progress reaches the end, and a cancel leaves an empty session") {
    const tiny::File file(tiny::make({}, 3));
    const auto session = load(file)->open_session();
    int done = 0;
    session->drift(tiny::tokens(300, 4), [&](const ReadingProgress& p) { done = p.tokens_done; });
    CHECK_EQ(done, 300);
    session->cancel();
    const DriftResult result = session->drift(tiny::tokens(300, 5), {});
    CHECK(result.cancelled);
    CHECK(result.layers.empty());
    session->resume();
    CHECK_EQ(session->drift(tiny::tokens(300, 5), {}).layers.size(), 3u);
}

TEST("one token has no drift to speak of") {
    const tiny::File file(tiny::make({}, 3));
    const auto session = load(file)->open_session();
    CHECK_THROWS(session->drift(tiny::tokens(1, 4), {}), ErrorCode::bad_request, "two tokens");
}
