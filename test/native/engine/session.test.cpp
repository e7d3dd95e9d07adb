// Sessions: whatever path a timeline took, it is what a fresh read of the same tokens gives, bit for bit.
#include <atomic>
#include <chrono>
#include <thread>

#include "check.h"
#include "engine/small_session.h"

using namespace longleaf;
using namespace small;

static std::string generate(Session& session, GenerateOptions options) {
    std::string text;
    session.generate(options, [&](const std::string& piece, int) { text += piece; });
    return text;
}

TEST("a read in pieces of any size equals one read") {
    for (const KvType kv : {KvType::f32, KvType::f16, KvType::q8_0}) {
        const auto engine = load(kv);
        const auto tokens = tiny::tokens(1100, 1);
        const std::span<const int32_t> all(tokens);
        const Logits whole = fresh(engine, all);
        for (const int piece : {1099, 513, 512, 511, 100}) {
            const auto session = engine->open_session();
            for (int end = piece; end < 1100; end += piece) session->read(all.first(end), {}, {});
            const ReadResult last = session->read(all, {}, {});
            CHECK_EQ(last.reused_tokens, 1099 / piece * piece);
            CHECK(session->logits() == whole);
        }
        const auto session = engine->open_session();  // token by token, past the first hundred
        for (int end = 100; end <= 140; ++end) session->read(all.first(end), {}, {});
        CHECK(session->logits() == fresh(engine, all.first(140)));
    }
}

TEST("reading the same again reads nothing and changes nothing") {
    const auto engine = load();
    const auto tokens = tiny::tokens(300, 2);
    const auto session = engine->open_session();
    session->read(tokens, {}, {});
    const Logits first = session->logits();
    const ReadResult again = session->read(tokens, {}, {});
    CHECK_EQ(again.read_tokens, 0);
    CHECK_EQ(again.reused_tokens, 300);
    CHECK(session->logits() == first);
    CHECK(fresh(engine, tokens) == first);
}

TEST("rewinding, and reading something else, equal a fresh read") {
    const auto engine = load();
    const auto a = tiny::tokens(400, 3);
    auto b = a;
    for (size_t i = 250; i < b.size(); ++i) b[i] = (b[i] + 1) % 256;
    const std::span<const int32_t> all(a);
    const auto session = engine->open_session();
    session->read(a, {}, {});
    session->rewind(200);
    CHECK_EQ(session->tokens().size(), size_t{200});
    CHECK(session->logits() == fresh(engine, all.first(200)));
    session->read(a, {}, {});
    CHECK(session->logits() == fresh(engine, a));
    CHECK_EQ(session->read(b, {}, {}).reused_tokens, 250);
    CHECK(session->logits() == fresh(engine, b));
    CHECK_EQ(session->read(all.first(100), {}, {}).reused_tokens, 99);  // the last row again, for its logits
    CHECK(session->logits() == fresh(engine, all.first(100)));
    CHECK_THROWS(session->rewind(101), ErrorCode::bad_request, "101");
    CHECK_THROWS(session->rewind(-1), ErrorCode::bad_request, "-1");
    session->rewind(0);
    CHECK_THROWS(session->logits(), ErrorCode::bad_request, "empty");
}

TEST("tau 0, and no layers, are dense bit for bit") {
    const auto engine = load();
    const auto tokens = tiny::tokens(600, 4);
    Sparsity no_layers = sparse();
    no_layers.layers.clear();
    const Logits dense = fresh(engine, tokens);
    CHECK(fresh(engine, tokens, sparse(0)) == dense);
    CHECK(fresh(engine, tokens, no_layers) == dense);
    CHECK(fresh(engine, tokens, sparse()) != dense);
}

TEST("a sparse reading is kept whole, extended densely, or read again") {
    const auto engine = load();
    const auto tokens = tiny::tokens(700, 5);
    const std::span<const int32_t> all(tokens);
    const auto session = engine->open_session();
    const ReadResult reading = session->read(all.first(600), sparse(), {});
    CHECK(reading.kept_fraction[1] < 1 && reading.kept_fraction[0] == 1);
    const Logits read = session->logits();
    CHECK(read == fresh(engine, all.first(600), sparse()));

    CHECK_EQ(session->read(all, sparse(), {}).reused_tokens, 600);
    const Logits extended = session->logits();
    session->rewind(600);
    CHECK(session->logits() == read);
    const ReadResult again = session->read(all, sparse(), {});
    CHECK_EQ(again.reused_tokens, 600);
    CHECK_EQ(again.kept_fraction[1], 1.0f);
    CHECK(session->logits() == extended);

    session->rewind(599);  // inside the reading: it has to be read again
    CHECK(session->logits() == fresh(engine, all.first(599), sparse()));
    CHECK_EQ(session->read(all.first(600), sparse(0.1f), {}).reused_tokens, 0);
    CHECK(session->logits() == fresh(engine, all.first(600), sparse(0.1f)));
    CHECK_EQ(session->read(all.first(600), {}, {}).reused_tokens, 0);
    CHECK(session->logits() == fresh(engine, all.first(600)));
}

static double seconds_since(std::chrono::steady_clock::time_point then) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

TEST("a cancelled read leaves the kept prefix, and the session works on") {
    const auto engine = load();
    const auto tokens = tiny::tokens(4000, 6);
    const std::span<const int32_t> all(tokens);
    const auto session = engine->open_session();
    session->read(all.first(300), {}, {});
    int reports = 0;
    const ReadResult cancelled = session->read(all, {}, [&](const ReadingProgress&) {
        if (++reports == 2) session->cancel();
    });
    CHECK(cancelled.cancelled);
    CHECK_EQ(session->tokens().size(), size_t{300});
    CHECK(session->read(all, {}, {}).cancelled);  // until resume()
    session->resume();
    CHECK(session->logits() == fresh(engine, all.first(300)));
    CHECK(!session->read(all.first(1500), {}, {}).cancelled);
    CHECK(session->logits() == fresh(engine, all.first(1500)));
}

TEST("cancel from another thread is obeyed within 200 ms, also while waiting for the device") {
    const auto engine = load();
    const auto tokens = tiny::tokens(4000, 7);
    const auto running = engine->open_session(), waiting = engine->open_session();
    std::atomic<double> running_ended{0}, waiting_ended{0};
    const auto begun = std::chrono::steady_clock::now();
    GenerateOptions endless;
    endless.max_tokens = 3000;
    running->read(std::span(tokens).first(1000), {}, {});
    std::thread first([&] {
        while (running->generate(endless, {}).reason == FinishReason::stop) {
        }
        running_ended = seconds_since(begun);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::thread second([&] {
        CHECK(waiting->read(tokens, {}, {}).cancelled);
        waiting_ended = seconds_since(begun);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const double asked_waiting = seconds_since(begun);
    waiting->cancel();
    second.join();
    const double asked_running = seconds_since(begun);
    running->cancel();
    first.join();
    CHECK_NEAR(waiting_ended.load(), asked_waiting, 0.2);
    CHECK_NEAR(running_ended.load(), asked_running, 0.2);
    waiting->resume();
    CHECK(!waiting->read(std::span(tokens).first(100), {}, {}).cancelled);
}

TEST("progress rises from 0 to the end, and a callback that throws leaves the session usable") {
    const auto engine = load();
    const auto tokens = tiny::tokens(3000, 8);
    const auto session = engine->open_session();
    int last = -1;
    session->read(tokens, {}, [&](const ReadingProgress& p) {
        CHECK(p.tokens_done >= last && p.tokens_done <= p.tokens_total);
        CHECK_EQ(p.tokens_total, 3000);
        last = p.tokens_done;
    });
    CHECK_EQ(last, 3000);
    session->rewind(10);
    bool thrown = false;
    try {
        session->read(tokens, {}, [](const ReadingProgress&) { throw std::runtime_error("listener"); });
    } catch (const std::runtime_error&) {
        thrown = true;
    }
    CHECK(thrown);
    CHECK_EQ(session->tokens().size(), size_t{10});
    session->read(std::span(tokens).first(500), {}, {});
    CHECK(session->logits() == fresh(engine, std::span(tokens).first(500)));
}

TEST("what does not fit the context is refused with numbers, and nothing changes") {
    const auto engine = load(KvType::f16, 512);
    CHECK_EQ(engine->memory().context_tokens, 512);
    const auto tokens = tiny::tokens(513, 9);
    const auto session = engine->open_session();
    session->read(std::span(tokens).first(100), {}, {});
    CHECK_THROWS(session->read(tokens, {}, {}), ErrorCode::context_full, "513");
    CHECK_EQ(session->tokens().size(), size_t{100});
    session->read(std::span(tokens).first(512), {}, {});
    GenerateOptions options;
    CHECK(session->generate(options, {}).reason == FinishReason::context_full);
    session->rewind(502);
    const GenerateResult result = session->generate(options, {});
    CHECK(result.reason == FinishReason::context_full || result.reason == FinishReason::stop);
    CHECK(session->tokens().size() <= 512);
}

TEST("requests out of range are refused") {
    const auto engine = load();
    const auto session = engine->open_session();
    CHECK_THROWS(session->read(std::vector<int32_t>{1, 260}, {}, {}), ErrorCode::bad_request, "260");
    CHECK_THROWS(session->read(std::vector<int32_t>{-1}, {}, {}), ErrorCode::bad_request, "-1");
    CHECK_THROWS(session->generate({}, {}), ErrorCode::bad_request, "empty");
    Sparsity s = sparse();
    s.layers = {3};
    CHECK_THROWS(session->read(tiny::tokens(100, 1), s, {}), ErrorCode::bad_request, "3");
    session->read(tiny::tokens(10, 1), {}, {});
    GenerateOptions options;
    options.max_tokens = 0;
    CHECK_THROWS(session->generate(options, {}), ErrorCode::bad_request, "max_tokens");
    options = {};
    options.stop = {""};
    CHECK_THROWS(session->generate(options, {}), ErrorCode::bad_request, "stop string");
}

TEST("generation repeats itself under one seed, and continues where it stopped") {
    const auto engine = load();
    const auto tokens = tiny::tokens(200, 10);
    GenerateOptions options;
    options.max_tokens = 60;
    options.sampling.temperature = 1;
    options.sampling.seed = 42;
    const auto run = [&](uint64_t seed) {
        const auto session = engine->open_session();
        session->read(tokens, {}, {});
        options.sampling.seed = seed;
        generate(*session, options);
        return session->tokens();
    };
    CHECK(run(42) == run(42));
    CHECK(run(42) != run(43));

    options.sampling = {};
    const auto once = engine->open_session(), twice = engine->open_session();
    once->read(tokens, {}, {});
    twice->read(tokens, {}, {});
    generate(*once, options);
    options.max_tokens = 30;
    generate(*twice, options);
    generate(*twice, options);
    CHECK(once->tokens() == twice->tokens());
    CHECK(once->logits() == twice->logits());
}

TEST("a stop string ends the answer and is not shown") {
    const auto engine = load();
    const auto tokens = tiny::tokens(200, 12);
    GenerateOptions options;
    options.max_tokens = 80;
    options.sampling.temperature = 1;
    const auto full_session = engine->open_session();
    full_session->read(tokens, {}, {});
    const std::string full = generate(*full_session, options);
    CHECK(full.size() > 20);
    const size_t at = full.find(full.substr(10, 2));
    options.stop = {"never to be seen", full.substr(10, 2)};
    const auto session = engine->open_session();
    session->read(tokens, {}, {});
    std::string text;
    const GenerateResult result = session->generate(options, [&](const std::string& s, int) { text += s; });
    CHECK(result.reason == FinishReason::stop);
    CHECK_EQ(text, full.substr(0, at));
}

static bool whole_characters(const std::string& s) {
    for (size_t i = 0; i < s.size();) {
        const auto lead = static_cast<unsigned char>(s[i]);
        const size_t n = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
        if (n == 0 || i + n > s.size()) return false;
        for (size_t j = 1; j < n; ++j)
            if ((static_cast<unsigned char>(s[i + j]) & 0xC0) != 0x80) return false;
        i += n;
    }
    return true;
}

TEST("text comes in whole characters even from a model that babbles bytes") {
    const auto engine = load();
    for (uint64_t seed = 0; seed < 5; ++seed) {
        const auto session = engine->open_session();
        session->read(tiny::tokens(50, 13), {}, {});
        GenerateOptions options;
        options.max_tokens = 200;
        options.sampling.temperature = 3;
        options.sampling.seed = seed;
        options.stop = {"\xE2\x82\xAC"};
        int tokens = 0;
        const GenerateResult result = session->generate(options, [&](const std::string& text, int token) {
            CHECK(whole_characters(text));
            if (token >= 0) ++tokens;
        });
        CHECK_EQ(tokens, result.tokens);
    }
}

TEST("engine: tokens to text and back, and facts about itself") {
    const auto engine = load();
    const std::vector<Segment> segments{{"<s>", true}, {"caf\xC3\xA9 <s>", false}};
    const auto tokens = engine->tokenize(segments);
    CHECK_EQ(tokens.front(), 256);
    CHECK_EQ(tokens.size(), size_t{10});
    CHECK_EQ(engine->detokenize(tokens), "caf\xC3\xA9 <s>");
    CHECK_THROWS(engine->detokenize(std::vector<int32_t>{260}), ErrorCode::bad_request, "260");
    CHECK(engine->is_end_token(257));
    CHECK_EQ(engine->info().name, "Tiny");
    CHECK_EQ(engine->info().vocab_size, 260);
    CHECK_EQ(engine->info().fingerprint, Engine::inspect(model_file().path()).fingerprint);
    CHECK(!engine->device().empty());
    CHECK_THROWS(Engine::inspect("/nowhere/at-all.gguf"), ErrorCode::bad_model, "at-all");
}

TEST("loading reports progress and can be given up") {
    LoadOptions options;
    options.path = model_file().path();
    float last = 0;
    CHECK(Engine::load(options, [&](float f) { return last = f, true; }) != nullptr);
    CHECK_EQ(last, 1.0f);
    CHECK(Engine::load(options, [](float) { return false; }) == nullptr);
    options.threads = -1;
    CHECK_THROWS(Engine::load(options), ErrorCode::bad_request, "threads");
}
