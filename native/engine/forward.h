// One pass of the decoder over new tokens, for any backend: activations live on the device; token ids go up,
// the kept counts come down.
#pragma once

#include <span>
#include <vector>

#include "engine/attention_watch.h"
#include "engine/cache.h"
#include "engine/layer_drift.h"
#include "engine/progress.h"
#include "engine/scratch.h"
#include "model/config.h"
#include "model/weights.h"
#include "ops/ops.h"
#include "sparsity/policy.h"

namespace longleaf {

/// A model bound to a device. Immutable, but for the backend's queue.
struct Decoder {
    const Config* config = nullptr;
    const Weights* weights = nullptr;
    Backend* backend = nullptr;
    RopeTable rope, window_rope;     // of layers without and with a window
    DType activations = DType::f32;  // of several rows: Backend::activation_type of the matrices
    const RopeTable& rope_of(int layer) const { return config->has_window(layer) ? window_rope : rope; }
};

struct Pass {
    std::span<const int32_t> ids;  // (T)
    int start = 0;                 // position of ids[0]; the cache holds what comes before
    int answer = 0;                // the row whose logits are wanted; later rows are padding
    const SparsityPlan* sparsity = nullptr;
    Progress* progress = nullptr;
    Matrix logits;                    // (1, V), where those after row `answer` are to go
    AttentionWatch* watch = nullptr;  // of a row that is alone
    LayerDrift* drift = nullptr;      // measures, if there; then the last layer finishes every row
};

struct PassResult {
    std::vector<float> kept_fraction, block_fraction, kept_places;  // of ReadResult
};

/// Writes K and V at positions start .. start + T - 1. Returns false when cancelled; those positions are then
/// unspecified.
bool forward(const Decoder&, const KvCache&, const Scratch&, const Pass&, PassResult&);

/// Rows the last layer finishes: the answer, and one more so that a read never runs an op on a single row.
int last_layer_rows(int tokens);

}  // namespace longleaf
