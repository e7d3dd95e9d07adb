// rank: the highest logits of a row and the mass of the rest, against sorting the row in double precision.
#include <algorithm>
#include <limits>

#include "check.h"
#include "cpu/bed.h"

using namespace bed;
using longleaf::Ranking, longleaf::RankOptions;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

Ranking ranked(longleaf::Backend& b, const std::vector<float>& logits, const RankOptions& options) {
    Grid<float> row(1, static_cast<int64_t>(logits.size()));
    row.at_ = logits;
    const Guarded in(row);
    Memory<char> room(sizeof(Ranking) + 64, '\x5a');
    b.ops().rank(b, in.matrix, options, reinterpret_cast<Ranking*>(room.data()));
    CHECK(same_bits(in.values(), row));
    for (size_t i = Ranking::bytes(options.most); i < room.size(); ++i)
        if (room[i] != '\x5a')
            return check::fail(__FILE__, __LINE__, "more was written than asked for"), Ranking{};
    Ranking result;
    std::memcpy(&result, room.data(), Ranking::bytes(options.most));
    return result;
}

/// Every token in the order a ranking lists them, with penalties.
std::vector<Ranking::Entry> sorted(std::vector<float> logits, const RankOptions& options) {
    for (float& x : logits)
        if (std::isnan(x)) x = -inf;
    for (const int32_t token : options.penalised) {
        float& x = logits[static_cast<size_t>(token)];
        x = x > 0 ? x / options.penalty : x * options.penalty;
    }
    std::vector<Ranking::Entry> all;
    for (size_t i = 0; i < logits.size(); ++i) all.push_back({logits[i], static_cast<int32_t>(i)});
    std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.logit > b.logit; });
    return all;
}

double mass_of(const std::vector<Ranking::Entry>& all, double temperature) {
    double mass = 0;
    for (const auto& [x, _] : all)
        mass += x == all[0].logit ? 1 : std::exp((static_cast<double>(x) - all[0].logit) / temperature);
    return mass;
}

/// `least`: entries there must be.
void check_ranking(const std::vector<float>& logits, const RankOptions& options, int least) {
    const auto all = sorted(logits, options);
    for (const Path path : paths()) {
        const auto b = backend(path);
        const Ranking r = ranked(*b, logits, options);
        CHECK_EQ(r.vocab, static_cast<int32_t>(logits.size()));
        CHECK(r.count >= least && r.count <= options.most);
        for (int i = 0; i < std::min(r.count, options.most); ++i) {
            CHECK_EQ(r.top[i].token, all[static_cast<size_t>(i)].token);
            CHECK(r.top[i].logit == all[static_cast<size_t>(i)].logit);
        }
        if (options.temperature > 0) {
            const double exact = mass_of(all, options.temperature);
            CHECK(std::abs(r.mass / exact - 1) < 2e-6);
        }
        const Ranking again = ranked(*b, logits, options);
        CHECK(std::memcmp(&r, &again, Ranking::bytes(std::min(r.count, options.most))) == 0);
    }
}

std::vector<float> normal(int64_t count, unsigned seed, float size) {
    return random_grid(1, count, seed, size).at_;
}

}  // namespace

TEST("the highest come first, whatever the length of the row") {
    for (const int64_t vocab : {1, 2, 31, 260, 1023, 1024, 1025, 8192, 32'000, 128'256, 262'144})
        for (const int most : {1, 40, 1024}) {
            const int enough = static_cast<int>(std::min<int64_t>({most, vocab, 900}));
            check_ranking(normal(vocab, 3, 2.5f), {.most = most, .temperature = 0.8f}, enough);
        }
}

TEST("penalties act on either sign before the order is made, and leave the logits as they are") {
    const std::vector<float> row = normal(5000, 4, 3);
    auto order = sorted(row, {});
    std::vector<int32_t> tokens;
    for (int i = 0; i < 300; i += 2) tokens.push_back(order[static_cast<size_t>(i)].token);
    for (int i = 4000; i < 4050; ++i) tokens.push_back(order[static_cast<size_t>(i)].token);
    for (const float penalty : {1.3f, 0.5f, 100.0f})
        check_ranking(row, {.most = 1024, .temperature = 1, .penalty = penalty, .penalised = tokens}, 700);
}

TEST("equal logits go by token, and too many of them are left out") {
    std::vector<float> row(6000, 1.5f);
    check_ranking(row, {.most = 1, .temperature = 1}, 1);
    check_ranking(row, {.most = 1024, .temperature = 1}, 1);
    for (int i = 0; i < 100; ++i) row[static_cast<size_t>(5999 - 7 * i)] = 3.0f;
    check_ranking(row, {.most = 1024, .temperature = 1}, 100);
    check_ranking({0.0f, -0.0f, 0.0f}, {.most = 3, .temperature = 1}, 3);
}

TEST("infinite, absent and far logits") {
    check_ranking({not_a_number, 5, inf, -inf, inf, 3}, {.most = 6, .temperature = 1}, 2);
    check_ranking({not_a_number, not_a_number}, {.most = 2, .temperature = 1}, 1);
    check_ranking({-inf, -1e30f, -inf, 2e30f}, {.most = 4, .temperature = 1}, 1);
    check_ranking({100, -100, 0, 50}, {.most = 4, .temperature = 100}, 1);
    check_ranking({3.4e38f, -3.4e38f, 3.4e38f}, {.most = 3, .temperature = 0.01f}, 2);
}
