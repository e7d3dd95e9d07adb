// Policy only: which layers of one prefill may be sparse, and with what budget. No tensors.
#pragma once

#include <vector>

#include "engine.h"
#include "ops/ops.h"

namespace longleaf {

/// Per-layer plan of one prefill of `length` tokens that starts at position 0.
struct SparsityPlan {
    std::vector<bool> sparse;  // (L) tokens are selected
    SelectOptions options;
    bool keys_only = false;
    std::vector<bool> blocks;  // (L) attention is planned by blocks
    BlockOptions block_options;

    bool selects() const;
    bool plans() const;
    bool any() const { return selects() || plans(); }
    /// Leaves both out of a layer.
    void keep_dense(int layer);
};

/// Whether this asks for no sparsity, however long the text.
bool is_dense(const Sparsity&);

/// Layers by blocks are those asked for but the last, which finishes only rows that look everywhere.
/// Dense for every layer when nothing may be dropped, when start > 0, or when length <= min_tokens + window
/// (fact sheet §1.1). Throws EngineError{bad_request} for values out of range or layers the model does not
/// have.
SparsityPlan plan_sparsity(const Sparsity&, int layers, int start, int length);

}  // namespace longleaf
