// Weights where the backend reads them: a backend of host memory uses the file's mapping, any other gets a
// copy of every tensor.
#pragma once

#include <vector>

#include "engine/buffer.h"
#include "model/weights.h"

namespace longleaf {

/// Points `weights` at the backend's copies, which live as long as the result. Tied tensors are copied once.
/// Reports progress; returns false when `progress` gave up. Throws EngineError{no_memory}.
bool place_weights(Backend&, Weights& weights, std::vector<Buffer>& copies, const LoadProgress& progress);

}  // namespace longleaf
