#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace longleaf {
namespace {

constexpr double pi = 3.14159265358979323846;

/// Index of the pair that turns `rotations` times within the original context.
double pair_turning(const Rope& rope, double rotations) {
    return rope.dims * std::log(rope.original_context / (rotations * 2 * pi)) /
           (2 * std::log(static_cast<double>(rope.base)));
}

/// How much of pair i is scaled: 0 for the fast ones, 1 for the slow ones.
double yarn_share(const Rope& rope, int pair) {
    const double most = rope.dims - 1;
    const double low = std::max(0.0, std::floor(pair_turning(rope, static_cast<double>(rope.beta_fast))));
    const double high = std::min(most, std::ceil(pair_turning(rope, static_cast<double>(rope.beta_slow))));
    return std::clamp((pair - low) / std::max(0.001, high - low), 0.0, 1.0);
}

}  // namespace

std::vector<float> inverse_frequencies(const Rope& rope, int context_tokens) {
    const auto& extended = context_tokens > rope.original_context ? rope.long_factors : rope.short_factors;
    std::vector<float> theta(static_cast<size_t>(rope.dims) / 2);
    for (size_t i = 0; i < theta.size(); ++i) {
        double value = std::pow(static_cast<double>(rope.base), -2.0 * static_cast<double>(i) / rope.dims);
        if (!rope.factors.empty()) value /= static_cast<double>(rope.factors[i]);
        if (!extended.empty()) value /= static_cast<double>(extended[i]);
        const double share = rope.yarn ? yarn_share(rope, static_cast<int>(i)) : 1;
        theta[i] = static_cast<float>(value * (1 + share * (static_cast<double>(rope.scale) - 1)));
    }
    return theta;
}

}  // namespace longleaf
