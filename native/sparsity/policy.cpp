#include "sparsity/policy.h"

#include <algorithm>
#include <string>

namespace longleaf {
namespace {

void require(bool condition, const std::string& sentence) {
    if (!condition) throw EngineError(ErrorCode::bad_request, sentence);
}

bool any_of(const std::vector<bool>& layers) {
    return std::find(layers.begin(), layers.end(), true) != layers.end();
}

void require_layers(const std::vector<int>& wanted, int layers) {
    for (const int layer : wanted)
        require(layer >= 0 && layer < layers, "Layer " + std::to_string(layer) +
                                                  " does not exist; the model has " + std::to_string(layers) +
                                                  ".");
}

void require_blocks(const Sparsity& wanted) {
    const BlockSparsity& b = wanted.blocks;
    require(b.gamma >= 0 && b.gamma <= 1, "The share of attention that blocks cover must lie in [0, 1].");
    require(b.similarity >= 0, "The distance at which heads are planned by rows cannot be negative.");
    require(b.min_tokens >= 0 && b.sinks >= 0 && b.local >= 0, "Numbers of tokens cannot be negative.");
    require(b.pattern == BlockPattern::none || !wanted.keys_only,
            "Dropping keys alone cannot be combined with attention by blocks.");
}

}  // namespace

bool is_dense(const Sparsity& s) {
    const bool selects = (s.tau != 0 || s.keep != 0) && !s.layers.empty();
    return !selects && (s.blocks.pattern == BlockPattern::none || s.blocks.layers.empty());
}

bool SparsityPlan::selects() const { return any_of(sparse); }
bool SparsityPlan::plans() const { return any_of(blocks); }

void SparsityPlan::keep_dense(int layer) {
    sparse[static_cast<size_t>(layer)] = blocks[static_cast<size_t>(layer)] = false;
}

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
    require_layers(wanted.layers, layers);
    require_layers(wanted.blocks.layers, layers);
    require_blocks(wanted);
    plan.blocks.assign(static_cast<size_t>(layers), false);
    plan.block_options = {.pattern = wanted.blocks.pattern,
                          .gamma = wanted.blocks.gamma,
                          .similarity = wanted.blocks.similarity,
                          .min_tokens = wanted.blocks.min_tokens,
                          .sinks = wanted.blocks.sinks,
                          .local = wanted.blocks.local};
    if (start > 0) return plan;
    if (plan.options.drops(length))
        for (const int layer : wanted.layers) plan.sparse[static_cast<size_t>(layer)] = true;
    if (!plan.block_options.whole(length))
        for (const int layer : wanted.blocks.layers)
            if (layer < layers - 1) plan.blocks[static_cast<size_t>(layer)] = true;
    return plan;
}

}  // namespace longleaf
