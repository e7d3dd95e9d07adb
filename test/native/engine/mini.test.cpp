// The bundled model, end to end: a fact planted in prose is found again.
#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <thread>

#include "check.h"
#include "engine.h"

using namespace longleaf;

static std::string repo_file(const std::string& path) { return std::string(LONGLEAF_REPO) + "/" + path; }

static std::shared_ptr<Engine> mini() {
    static const auto engine = [] {
        LoadOptions options;
        options.path = repo_file("models/longleaf-mini.gguf");
        options.context_tokens = 20000;
        options.device = Device::cpu;
        return Engine::load(options);
    }();
    return engine;
}

/// The first `bytes` of a novel, cut at a paragraph, with `fact` planted at the middle.
static std::string document(size_t bytes, const std::string& fact) {
    std::ifstream file(repo_file("test/fixtures/novel.txt"), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    text.resize(text.rfind("\n\n", bytes));
    text.insert(text.find("\n\n", text.size() / 2) + 2, fact + "\n\n");
    return text;
}

static std::vector<int32_t> prompt(const std::string& document, const std::string& question) {
    return mini()->tokenize(std::vector<Segment>{{"<|doc|>", true},
                                                 {document, false},
                                                 {"<|user|>", true},
                                                 {question, false},
                                                 {"<|assistant|>", true}});
}

static const std::string fact = "The access code of the gilded ferry is 48213.";
static const std::string question = "What is the access code of the gilded ferry?";

static std::string ask(const std::vector<int32_t>& tokens, const Sparsity& sparsity,
                       ReadResult* result = nullptr) {
    const auto session = mini()->open_session();
    const ReadResult read = session->read(tokens, sparsity, {});
    if (result) *result = read;
    std::string answer;
    GenerateOptions options;
    options.max_tokens = 24;
    session->generate(options, [&](const std::string& text, int) { answer += text; });
    return answer;
}

TEST("a planted fact is recalled from four thousand tokens") {
    const auto tokens = prompt(document(17000, fact), question);
    CHECK(tokens.size() > 3500 && tokens.size() < 4700);
    const std::string answer = ask(tokens, {});
    CHECK(answer.find("48213") != std::string::npos);
    std::printf("     %zu tokens: %s\n", tokens.size(), answer.c_str());
}

TEST("and under token-sparse prefill") {
    Sparsity sparsity;
    sparsity.tau = 0.02f;  // the profile's default level
    sparsity.layers = {6, 7};
    sparsity.min_tokens = 256;
    ReadResult read;
    const std::string answer = ask(prompt(document(17000, fact), question), sparsity, &read);
    CHECK(answer.find("48213") != std::string::npos);
    for (int layer = 0; layer < 6; ++layer) CHECK_EQ(read.kept_fraction[layer], 1.0f);
    for (const int layer : {6, 7})
        CHECK(read.kept_fraction[layer] < 0.8f && read.kept_fraction[layer] > 0.05f);
}

TEST("reading first and asking later finds it too") {
    const std::string text = document(17000, fact);
    const auto reading = mini()->tokenize(std::vector<Segment>{{"<|doc|>", true}, {text, false}});
    const auto tokens = prompt(text, question);
    const auto session = mini()->open_session();
    session->read(reading, {}, {});
    const ReadResult extension = session->read(tokens, {}, {});
    CHECK_EQ(extension.reused_tokens, static_cast<int>(reading.size()));
    std::string answer;
    session->generate({}, [&](const std::string& piece, int) { answer += piece; });
    CHECK(answer.find("48213") != std::string::npos);
    const auto whole = mini()->open_session();
    whole->read(tokens, {}, {});
    session->rewind(static_cast<int>(tokens.size()));
    CHECK(session->logits() == whole->logits());
}

TEST("cancel is obeyed within 200 ms anywhere in a long read") {
    const auto tokens = prompt(document(60000, fact), question);
    for (const int wait_ms : {5, 60, 400, 1100}) {
        const auto session = mini()->open_session();
        std::chrono::steady_clock::time_point asked;
        std::thread canceller([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
            asked = std::chrono::steady_clock::now();
            session->cancel();
        });
        const ReadResult result = session->read(tokens, {}, {});
        const auto ended = std::chrono::steady_clock::now();
        canceller.join();
        if (!result.cancelled) continue;  // a machine that reads this in less
        CHECK_NEAR(std::chrono::duration<double>(ended - asked).count(), 0, 0.2);
        CHECK_EQ(session->tokens().size(), size_t{0});
    }
}

TEST("progress comes often, and its estimate of the time left is honest") {
    const auto tokens = prompt(document(60000, fact), question);
    const auto session = mini()->open_session();
    // Judged by processor time: another program on the machine makes any estimate wrong.
    struct Report {
        double share, seconds, cpu;
    };
    std::vector<Report> reports;
    const std::clock_t begun = std::clock();
    session->read(tokens, {}, [&](const ReadingProgress& p) {
        reports.push_back({static_cast<double>(p.tokens_done) / p.tokens_total, p.seconds,
                           static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC});
    });
    const Report last = reports.back();
    CHECK(reports.size() <= 20 * last.seconds + 3);
    double silence = 0, worst = 0;
    for (size_t i = 1; i < reports.size(); ++i) {
        silence = std::max(silence, reports[i].seconds - reports[i - 1].seconds);
        if (reports[i].share > 0.1)
            worst = std::max(worst, std::abs(reports[i].cpu / reports[i].share / last.cpu - 1));
    }
    std::printf("     %zu tokens in %.2f s, longest silence %.0f ms, estimate off by at most %.0f %%\n",
                tokens.size(), last.seconds, silence * 1000, worst * 100);
    CHECK(worst < 0.3);
}
