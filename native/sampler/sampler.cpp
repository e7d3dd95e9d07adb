#include "sampler/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace longleaf {
namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

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

int32_t Sampler::sample(std::span<const float> logits, std::span<const int32_t> history) {
    require(!logits.empty(), "there are no logits to sample from");
    penalise(logits, history);
    if (options_.temperature == 0) {
        const auto best = std::max_element(scratch_.begin(), scratch_.end());  // the first of equals
        return static_cast<int32_t>(best - scratch_.begin());
    }
    rank();
    weigh();
    if (options_.top_p < 1) cut_to_mass();
    if (options_.min_p > 0) {
        const auto top = std::max_element(ranked_.begin(), ranked_.end(),
                                          [](const Ranked& a, const Ranked& b) { return a.first < b.first; });
        std::erase_if(ranked_,
                      [least = options_.min_p * top->first](const Ranked& r) { return r.first < least; });
    }
    return draw();
}

void Sampler::penalise(std::span<const float> logits, std::span<const int32_t> history) {
    scratch_.assign(logits.begin(), logits.end());
    for (float& logit : scratch_)
        if (std::isnan(logit)) logit = minus_infinity;
    if (options_.repetition_penalty == 1) return;
    const auto window = std::min(history.size(), static_cast<size_t>(options_.repetition_window));
    std::vector<int32_t> recent(history.end() - static_cast<std::ptrdiff_t>(window), history.end());
    std::sort(recent.begin(), recent.end());
    recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
    for (const auto token : recent) {
        if (token < 0 || static_cast<size_t>(token) >= scratch_.size()) continue;
        float& logit = scratch_[static_cast<size_t>(token)];
        logit = logit > 0 ? logit / options_.repetition_penalty : logit * options_.repetition_penalty;
    }
}

/// Fills ranked_ with the top_k logits, or all, in no particular order.
void Sampler::rank() {
    ranked_.clear();
    for (size_t i = 0; i < scratch_.size(); ++i) ranked_.emplace_back(scratch_[i], static_cast<int32_t>(i));
    const auto k = static_cast<size_t>(options_.top_k);
    if (k == 0 || k >= ranked_.size()) return;
    std::nth_element(ranked_.begin(), ranked_.begin() + static_cast<std::ptrdiff_t>(k), ranked_.end(),
                     before);
    ranked_.resize(k);
    std::sort(ranked_.begin(), ranked_.end(),
              [](const Ranked& a, const Ranked& b) { return a.second < b.second; });
}

/// Turns logits into probabilities up to a common factor; the most likely token weighs 1.
void Sampler::weigh() {
    float top = minus_infinity;
    for (const auto& [logit, token] : ranked_) top = std::max(top, logit);
    for (auto& [weight, token] : ranked_) {
        // Equal infinities have no difference.
        const double distance =
            weight == top ? 0 : (static_cast<double>(weight) - top) / options_.temperature;
        weight = static_cast<float>(exponential(distance));
    }
}

/// Keeps the likeliest tokens whose weights first reach top_p of the whole, sorting no more than needed.
void Sampler::cut_to_mass() {
    double whole = 0, mass = 0;
    for (const auto& [weight, token] : ranked_) whole += weight;
    size_t sorted = 0;
    for (size_t kept = 0; kept < ranked_.size(); ++kept) {
        if (kept == sorted) {
            sorted = std::min(ranked_.size(), sorted * 4 + 64);
            std::partial_sort(ranked_.begin() + static_cast<std::ptrdiff_t>(kept),
                              ranked_.begin() + static_cast<std::ptrdiff_t>(sorted), ranked_.end(), before);
        }
        mass += ranked_[kept].first;
        if (mass >= options_.top_p * whole) return ranked_.resize(kept + 1);
    }
}

int32_t Sampler::draw() {
    double whole = 0;
    for (const auto& [weight, token] : ranked_) whole += weight;
    double left = static_cast<double>(splitmix64(state_) >> 11) * 0x1p-53 * whole;
    int32_t last = ranked_.front().second;
    for (const auto& [weight, token] : ranked_) {
        if (weight == 0) continue;
        last = token;
        left -= weight;
        if (left < 0) break;
    }
    return last;
}

}  // namespace longleaf
