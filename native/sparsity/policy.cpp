#include "sparsity/policy.h"

#include <algorithm>
#include <string>

namespace longleaf {
namespace {

void require(bool condition, const std::string& sentence) {
    if (!condition) throw EngineError(ErrorCode::bad_request, sentence);
}

}  // namespace

bool is_dense(const Sparsity& s) { return (s.tau == 0 && s.keep == 0) || s.layers.empty(); }

bool SparsityPlan::any() const { return std::find(sparse.begin(), sparse.end(), true) != sparse.end(); }

SparsityPlan plan_sparsity(const Sparsity& wanted, int layers, int start, int length) {
    require(wanted.tau >= 0 && wanted.tau < 1, "tau must lie in [0, 1).");  // false for NaN too
    require(wanted.keep >= 0 && wanted.keep < 1, "The share of tokens kept must lie in [0, 1).");
    require(wanted.sinks >= 0, "The number of first tokens kept cannot be negative.");
    require(wanted.window >= 1, "The scoring window must hold at least one token.");
    require(wanted.min_tokens >= 0, "The fewest tokens kept cannot be negative.");
    require(wanted.pool >= 1 && wanted.pool % 2 == 1,
            "The width of the score pool must be odd and positive.");
    SparsityPlan plan;
    plan.sparse.assign(static_cast<size_t>(layers), false);
    plan.options = {.tau = wanted.tau,
                    .window = wanted.window,
                    .min_tokens = wanted.min_tokens,
                    .pool = wanted.pool,
                    .keep = wanted.keep,
                    .sinks = wanted.sinks,
                    .per_group = wanted.per_group};
    plan.keys_only = wanted.keys_only;
    for (const int layer : wanted.layers)
        require(layer >= 0 && layer < layers, "Layer " + std::to_string(layer) +
                                                  " does not exist; the model has " + std::to_string(layers) +
                                                  ".");
    if (start > 0 || !plan.options.drops(length)) return plan;
    for (const int layer : wanted.layers) plan.sparse[static_cast<size_t>(layer)] = true;
    return plan;
}

}  // namespace longleaf
