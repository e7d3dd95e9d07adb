#include "sparsity/policy.h"

#include <algorithm>
#include <string>

namespace longleaf {
namespace {

void require(bool condition, const std::string& sentence) {
    if (!condition) throw EngineError(ErrorCode::bad_request, sentence);
}

}  // namespace

bool SparsityPlan::any() const { return std::find(sparse.begin(), sparse.end(), true) != sparse.end(); }

SparsityPlan plan_sparsity(const Sparsity& wanted, int layers, int start, int length) {
    require(wanted.tau >= 0 && wanted.tau < 1, "tau must lie in [0, 1).");  // false for NaN too
    require(wanted.window >= 1, "The scoring window must hold at least one token.");
    require(wanted.min_tokens >= 0, "The fewest tokens kept cannot be negative.");
    require(wanted.pool >= 1 && wanted.pool % 2 == 1,
            "The width of the score pool must be odd and positive.");
    SparsityPlan plan;
    plan.sparse.assign(static_cast<size_t>(layers), false);
    plan.options = {
        .tau = wanted.tau, .window = wanted.window, .min_tokens = wanted.min_tokens, .pool = wanted.pool};
    for (const int layer : wanted.layers)
        require(layer >= 0 && layer < layers, "Layer " + std::to_string(layer) +
                                                  " does not exist; the model has " + std::to_string(layers) +
                                                  ".");
    const int64_t least = static_cast<int64_t>(wanted.min_tokens) + wanted.window;
    if (wanted.tau == 0 || start > 0 || length <= least) return plan;
    for (const int layer : wanted.layers) plan.sparse[static_cast<size_t>(layer)] = true;
    return plan;
}

}  // namespace longleaf
