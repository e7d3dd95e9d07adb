// The sampler: greedy ties, each filter against its definition, frequencies, determinism, bad input.
#include "sampler/sampler.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "check.h"
#include "cpu/backend.h"

using namespace longleaf;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
const std::vector<int32_t> no_history;

/// Logits of the probabilities 0.5, 0.25, 0.15, 0.1, not in order.
const std::vector<float> four = {std::log(0.15f), std::log(0.5f), std::log(0.1f), std::log(0.25f)};

/// A row of logits as the session hands it to the sampler: ranked by the CPU backend.
class Row {
  public:
    explicit Row(std::vector<float> logits) : logits_(std::move(logits)) {}
    int32_t sample(Sampler& sampler, const std::vector<int32_t>& history = no_history) {
        static const auto cpu = cpu::create_backend({.threads = 1});
        const auto vocab = static_cast<int64_t>(logits_.size());
        const auto asked = sampler.ask(history, static_cast<int>(vocab));
        Ranking ranking;
        cpu->ops().rank(*cpu, {logits_.data(), 1, vocab, vocab}, asked, &ranking);
        return sampler.sample(ranking, [&] { return ++whole_, logits_; });
    }
    int whole() const { return whole_; }  // times the whole row was asked for

  private:
    std::vector<float> logits_;
    int whole_ = 0;
};

std::map<int32_t, double> frequencies(const Sampling& options, const std::vector<float>& logits,
                                      int draws = 20'000) {
    Sampler sampler(options);
    std::map<int32_t, double> counts;
    Row row(logits);
    for (int i = 0; i < draws; ++i) counts[row.sample(sampler)] += 1.0 / draws;
    return counts;
}

std::set<int32_t> drawn(const Sampling& options, const std::vector<float>& logits) {
    std::set<int32_t> tokens;
    for (const auto& [token, share] : frequencies(options, logits, 3000)) tokens.insert(token);
    return tokens;
}

int32_t pick(const Sampling& options, const std::vector<float>& logits,
             const std::vector<int32_t>& history = no_history) {
    Sampler sampler(options);
    return Row(logits).sample(sampler, history);
}

int32_t greedy(const std::vector<float>& logits) { return pick({}, logits); }

}  // namespace

TEST("greedy takes the highest, of equals the lowest token") {
    CHECK_EQ(greedy({1, 3, 2}), 1);
    CHECK_EQ(greedy({1, 3, 3}), 1);
    CHECK_EQ(greedy({0}), 0);
    CHECK_EQ(greedy({not_a_number, -5, not_a_number}), 1);
    CHECK_EQ(greedy({not_a_number, not_a_number}), 0);
    CHECK_EQ(greedy({-inf, -inf, -1e30f}), 2);
    CHECK_EQ(greedy({1, inf, inf}), 1);
}

TEST("plain sampling follows the probabilities") {
    auto share = frequencies({.temperature = 1, .seed = 5}, four);
    CHECK_NEAR(share[1], 0.5, 0.015);
    CHECK_NEAR(share[3], 0.25, 0.015);
    CHECK_NEAR(share[0], 0.15, 0.015);
    CHECK_NEAR(share[2], 0.1, 0.015);
}

TEST("temperature sharpens and flattens") {
    auto sharp = frequencies({.temperature = 0.5f}, four);  // squares: 0.25, 0.0625, 0.0225, 0.01 of 0.345
    CHECK_NEAR(sharp[1], 0.25 / 0.345, 0.015);
    auto flat = frequencies({.temperature = 100}, four);
    for (int token = 0; token < 4; ++token) CHECK_NEAR(flat[token], 0.25, 0.02);
    CHECK(drawn({.temperature = 1e-6f}, four) == std::set<int32_t>({1}));
}

TEST("top-k, top-p, min-p keep what they define") {
    CHECK(drawn({.temperature = 1, .top_k = 1}, four) == std::set<int32_t>({1}));
    CHECK(drawn({.temperature = 1, .top_k = 2}, four) == std::set<int32_t>({1, 3}));
    CHECK(drawn({.temperature = 1, .top_k = 99}, four).size() == 4);
    CHECK(drawn({.temperature = 1, .top_p = 0.4f}, four) == std::set<int32_t>({1}));
    CHECK(drawn({.temperature = 1, .top_p = 0.7f}, four) == std::set<int32_t>({1, 3}));
    CHECK(drawn({.temperature = 1, .top_p = 0.8f}, four) == std::set<int32_t>({0, 1, 3}));
    CHECK(drawn({.temperature = 1, .min_p = 0.25f}, four) == std::set<int32_t>({0, 1, 3}));
    CHECK(drawn({.temperature = 1, .min_p = 0.9f}, four) == std::set<int32_t>({1}));
    // top-p counts within what top-k left: 0.5 of 0.75.
    CHECK(drawn({.temperature = 1, .top_k = 2, .top_p = 0.6f}, four) == std::set<int32_t>({1}));
    auto share = frequencies({.temperature = 1, .top_p = 0.7f}, four);
    CHECK_NEAR(share[1], 2.0 / 3, 0.015);
}

TEST("ties at the edge of top-k go to the lower token") {
    CHECK(drawn({.temperature = 1, .top_k = 2}, {1, 1, 1, 1}) == std::set<int32_t>({0, 1}));
}

TEST("top-p on a flat vocabulary keeps the right share") {
    const std::vector<float> flat(5000, 0.0f);
    for (const auto token : drawn({.temperature = 1, .top_p = 0.0999f}, flat)) CHECK(token < 500);
}

TEST("repetition penalty acts on the window, on either sign, once per token") {
    const Sampling options{.repetition_penalty = 2, .repetition_window = 3};
    const auto pick = [&](std::vector<float> logits, std::vector<int32_t> history) {
        return ::pick(options, logits, history);
    };
    CHECK_EQ(pick({3, 2, 0}, {0}), 1);
    CHECK_EQ(pick({3, 1, 0}, {0, 0, 0}), 0);            // 1.5, not 3/8
    CHECK_EQ(pick({3, 2, 0}, {0, 2, 2, 2}), 0);         // 0 is outside the window
    CHECK_EQ(pick({-1, -1.5f, -9}, {0}), 1);            // -2
    CHECK_EQ(pick({3, 2, 0}, {-1, 99, 1'000'000}), 0);  // no such tokens
    CHECK_EQ(::pick({.repetition_penalty = 2, .repetition_window = 0}, {3, 2}, {0}), 0);
}

TEST("the seed decides, on every machine") {
    const auto draw = [](uint64_t seed) {
        Sampler sampler({.temperature = 1, .seed = seed});
        std::vector<int32_t> tokens;
        for (int i = 0; i < 12; ++i) tokens.push_back(Row(four).sample(sampler));
        return tokens;
    };
    CHECK(draw(42) == draw(42));
    CHECK(draw(42) != draw(43));
    std::string shown;
    for (const auto token : draw(42)) shown += std::to_string(token);
    CHECK_EQ(shown, "311110101311");
}

TEST("infinite and absent logits") {
    CHECK(drawn({.temperature = 1}, {inf, 5, inf}) == std::set<int32_t>({0, 2}));
    CHECK(drawn({.temperature = 1}, {not_a_number, 5, -inf}) == std::set<int32_t>({1}));
    for (const auto token :
         drawn({.temperature = 1, .top_k = 1, .top_p = 0.5f, .min_p = 0.5f}, {not_a_number, not_a_number}))
        CHECK_EQ(token, 0);
}

TEST("the whole row is asked for when the ranked logits do not settle the choice, and only then") {
    std::vector<float> row(5000, 0.0f);
    for (int i = 0; i < 1000; ++i) row[static_cast<size_t>(i * 5)] = 9;  // 1000 of them weigh 99.95 %
    const auto whole = [&](const Sampling& options, int draws) {
        Sampler sampler(options);
        Row of(row);
        std::set<int32_t> low;
        for (int i = 0; i < draws; ++i)
            if (const int32_t token = of.sample(sampler); token % 5) low.insert(token);
        CHECK(low.size() <= static_cast<size_t>(of.whole()));
        return of.whole();
    };
    CHECK_EQ(whole({.temperature = 1, .top_p = 0.95f}, 300), 0);
    CHECK_EQ(whole({.temperature = 1, .min_p = 0.1f}, 300), 0);
    CHECK_EQ(whole({.temperature = 1, .top_k = 900}, 300), 0);
    CHECK_EQ(whole({.temperature = 1, .top_k = 3000}, 20), 20);
    CHECK_EQ(whole({.temperature = 1, .min_p = 1e-6f}, 20), 20);
    CHECK(whole({.temperature = 1, .seed = 3}, 300) < 3);   // 0.05 % of the draws
    CHECK(whole({.temperature = 4, .seed = 3}, 300) > 50);  // 30 % of them
    auto share = frequencies({.temperature = 4, .repetition_penalty = 2}, row, 4000);
    double low = 0;
    for (const auto& [token, part] : share)
        if (token % 5) low += part;
    CHECK_NEAR(low, 4000 / (4000 + 1000 * std::exp(9 / 4.0)), 0.03);
}

TEST("options out of range") {
    const auto refused = [](const Sampling& options, const char* text) {
        CHECK_THROWS(Sampler sampler(options), ErrorCode::bad_request, text);
    };
    for (const float t : {-0.1f, 101.0f, not_a_number, inf})
        refused({.temperature = t}, "temperature must be from 0 to 100");
    refused({.top_k = -1}, "top_k");
    for (const float p : {0.0f, 1.1f, -1.0f, not_a_number}) refused({.top_p = p}, "top_p");
    for (const float p : {-0.1f, 1.1f, not_a_number}) refused({.min_p = p}, "min_p");
    for (const float p : {0.0f, -1.0f, 1000.0f, not_a_number, inf})
        refused({.repetition_penalty = p}, "repetition_penalty");
    refused({.repetition_window = -1}, "repetition_window");
}
