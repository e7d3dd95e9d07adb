#include "sparsity/drift.h"

#include <algorithm>
#include <cmath>

#include "engine.h"

namespace longleaf {

double representation_drift(const float* in, const float* out, int64_t tokens, int64_t width) {
    double sum = 0;
    for (int64_t t = 0; t < tokens; ++t) {
        double moved = 0, size = 0;
        for (int64_t c = t * width; c < (t + 1) * width; ++c) {
            const double from = in[c], step = static_cast<double>(out[c]) - from;
            moved += step * step;
            size += from * from;
        }
        sum += std::sqrt(moved) / (std::sqrt(size) + 1e-8);
    }
    return tokens > 0 ? sum / static_cast<double>(tokens) : 0;
}

std::vector<int> quiet_layers(std::span<const double> drift, double delta) {
    if (!(delta >= 0 && delta <= 1)) throw EngineError(ErrorCode::bad_request, "delta must lie in [0, 1].");
    double total = 0;
    for (const double d : drift) {
        if (!(d >= 0 && std::isfinite(d)))
            throw EngineError(ErrorCode::bad_request,
                              "A drift is negative or not finite: the calibration run failed.");
        total += d;
    }
    std::vector<double> shares;
    for (const double d : drift) shares.push_back(total > 0 ? d / total : 0);
    if (shares.empty()) return {};

    std::vector<double> sorted = shares;
    std::sort(sorted.begin(), sorted.end());
    const double place = delta * static_cast<double>(sorted.size() - 1);
    const size_t below = static_cast<size_t>(place), above = std::min(below + 1, sorted.size() - 1);
    const double limit =
        sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);

    std::vector<int> layers;
    for (size_t i = 0; i < shares.size(); ++i)
        if (shares[i] <= limit) layers.push_back(static_cast<int>(i));
    return layers;
}

}  // namespace longleaf
