// Policy only: which layers of one prefill may be sparse, and with what budget. No tensors.
#pragma once

#include <vector>

#include "engine.h"
#include "ops/ops.h"

namespace longleaf {

/// Per-layer plan of one prefill of `length` tokens that starts at position 0.
struct SparsityPlan {
    std::vector<bool> sparse;  // (L)
    SelectOptions options;
    bool keys_only = false;
    bool any() const;
};

/// Whether this asks for no sparsity, however long the text.
bool is_dense(const Sparsity&);

/// Dense for every layer when nothing may be dropped, when start > 0, or when length <= min_tokens + window
/// (fact sheet §1.1). Throws EngineError{bad_request} for values out of range or layers the model does not
/// have.
SparsityPlan plan_sparsity(const Sparsity&, int layers, int start, int length);

}  // namespace longleaf
