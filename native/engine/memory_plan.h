// What a model and a context need, before anything is allocated, against what the device has.
#pragma once

#include "engine.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace longleaf {

struct MemoryDemand {
    const Config* config = nullptr;
    const Backend* backend = nullptr;
    uint64_t weights_bytes = 0;
    KvType kv_type = KvType::f16;
    MatrixTypes matrices = {};
};

/// Peak of a session that reads `context` tokens at once.
uint64_t kv_bytes(const MemoryDemand&, int context);
uint64_t scratch_bytes(const MemoryDemand&, int context);

/// `context_tokens` 0: as many as the model declares and the device holds. Throws EngineError{bad_request}
/// for a context the model does not declare.
MemoryPlan plan_memory(const MemoryDemand&, int context_tokens);

/// As plan_memory; but where d.kv_type does not hold that context (0: the declared one) and `allow_q8`, with
/// K and V in q8_0 if those hold more. Then d.kv_type is q8_0, and the plan's note says so.
MemoryPlan plan_memory(MemoryDemand& d, int context_tokens, bool allow_q8);

/// Throws EngineError{no_memory} unless plan.fits; the hint says what would fit.
void require_fit(const MemoryDemand&, const MemoryPlan&);

std::string readable_bytes(uint64_t);  // "1.5 GB"

}  // namespace longleaf
