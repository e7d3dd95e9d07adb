#include "sampler/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace longleaf {
namespace {

using Ranked = std::pair<float, int32_t>;

/// Highest first; ties go to the lower token, so the order is total.
bool before(const Ranked& a, const Ranked& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
}

uint64_t splitmix64(uint64_t& state) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/// e^x for x <= 0 by arithmetic alone: libraries differ in the last bit, and a seed must mean the same
/// answer everywhere.
double exponential(double x) {
    if (x < -700) return 0;
    const double k = std::floor(x * 1.4426950408889634 + 0.5);
    const double r = (x - k * 0.693145751953125) - k * 1.4286068203094173e-6;  // ln 2 in two parts
    double sum = 1;
    for (int n = 13; n > 0; --n) sum = 1 + sum * r / n;
    return std::bit_cast<double>(static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52) * sum;
}

void require(bool holds, const char* what) {
    if (!holds) throw EngineError(ErrorCode::bad_request, what);
}

}  // namespace

Sampler::Sampler(const Sampling& options) : options_(options), state_(options.seed) {
    // Written so that NaN fails.
    require(options.temperature >= 0 && options.temperature <= 100, "temperature must be from 0 to 100");
    require(options.top_k >= 0, "top_k must not be negative");
    require(options.top_p > 0 && options.top_p <= 1, "top_p must be above 0 and at most 1");
    require(options.min_p >= 0 && options.min_p <= 1, "min_p must be from 0 to 1");
    require(options.repetition_penalty >= 0.01f && options.repetition_penalty <= 100,
            "repetition_penalty must be from 0.01 to 100");
    require(options.repetition_window >= 0, "repetition_window must not be negative");
}

RankOptions Sampler::ask(std::span<const int32_t> history, int vocab) {
    penalised_.clear();
    if (options_.repetition_penalty != 1) {
        const auto window = std::min(history.size(), static_cast<size_t>(options_.repetition_window));
        for (const int32_t token : history.last(window))
            if (token >= 0 && token < vocab) penalised_.push_back(token);
        std::sort(penalised_.begin(), penalised_.end());
        penalised_.erase(std::unique(penalised_.begin(), penalised_.end()), penalised_.end());
    }
    const int k = options_.top_k == 0 ? vocab : options_.top_k;
    const bool greedy = options_.temperature == 0, few = options_.top_k > 0 && k <= Ranking::capacity;
    return {.most = greedy ? 1 : std::min({k, vocab, Ranking::capacity}),
            .temperature = greedy || few ? 0 : options_.temperature,
            .penalty = options_.repetition_penalty,
            .penalised = penalised_};
}

int32_t Sampler::sample(const Ranking& ranking, const std::function<std::vector<float>()>& all) {
    if (options_.temperature == 0) return ranking.top[0].token;
    ranked_.clear();
    for (const auto& entry : std::span(ranking.top, static_cast<size_t>(ranking.count)))
        ranked_.emplace_back(entry.logit, entry.token);
    weigh();
    const double part = static_cast<double>(splitmix64(state_) >> 11) * 0x1p-53;
    int32_t token = ranking.top[0].token;
    if (choose(ranking.mass, ranking.count == ranking.vocab, part, token)) return token;
    take_all(all());
    weigh();
    choose(ranking.mass, true, part, token);
    return token;
}

/// Ranks the whole row.
void Sampler::take_all(std::vector<float> logits) {
    for (const auto token : penalised_) {
        float& logit = logits[static_cast<size_t>(token)];
        logit = penalised(logit, options_.repetition_penalty);
    }
    ranked_.clear();
    for (size_t i = 0; i < logits.size(); ++i)
        ranked_.emplace_back(std::isnan(logits[i]) ? -std::numeric_limits<float>::infinity() : logits[i],
                             static_cast<int32_t>(i));
    std::sort(ranked_.begin(), ranked_.end(), before);
}

/// Turns logits into probabilities up to a common factor; the most likely token weighs 1.
void Sampler::weigh() {
    const float top = ranked_.front().first;
    for (auto& [weight, token] : ranked_) {
        // Equal infinities have no difference.
        const double distance =
            weight == top ? 0 : (static_cast<double>(weight) - top) / options_.temperature;
        weight = static_cast<float>(exponential(distance));
    }
}

/// Cuts ranked_ by top-k, top-p and min-p and takes the token at `part` of what is left. False when tokens
/// beyond ranked_ have a say in it; `mass` is the weight of the whole row.
bool Sampler::choose(double mass, bool is_all, double part, int32_t& token) {
    bool closed = is_all;  // nothing beyond ranked_ can be drawn
    const auto sum = [&] {
        double total = 0;
        for (const auto& [weight, _] : ranked_) total += weight;
        return total;
    };
    if (options_.top_k > 0) {
        const auto k = static_cast<size_t>(options_.top_k);
        closed = closed || ranked_.size() >= k;
        if (!closed) return false;
        ranked_.resize(std::min(ranked_.size(), k));
    }
    if (closed) mass = sum();
    if (options_.top_p < 1) {
        const double wanted = options_.top_p * mass;
        double reached = ranked_.front().first;
        size_t kept = 1;
        while (kept < ranked_.size() && reached < wanted) reached += ranked_[kept++].first;
        if (reached < wanted && !closed) return false;
        ranked_.resize(kept), closed = true;
    }
    if (options_.min_p > 0) {
        const auto end = std::find_if(ranked_.begin(), ranked_.end(),
                                      [&](const Ranked& r) { return r.first < options_.min_p; });
        if (end == ranked_.end() && !closed) return false;
        ranked_.erase(end, ranked_.end()), closed = true;
    }
    double left = part * (closed ? sum() : mass);
    for (const auto& [weight, candidate] : ranked_) {
        if (weight == 0) break;
        token = candidate;
        left -= weight;
        if (left < 0) return true;
    }
    return closed;
}

}  // namespace longleaf
