#include "engine/memory_plan.h"

#include <algorithm>
#include <cstdio>

#include "engine/cache.h"
#include "engine/scratch.h"

namespace longleaf {

std::string readable_bytes(uint64_t bytes) {
    char text[32];
    if (bytes >= 1000000000)
        std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
    else
        std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
    return text;
}

uint64_t kv_bytes(const MemoryDemand& d, int context) {
    return kv_bytes_per_token(*d.config, d.kv_type) * (static_cast<uint64_t>(context) + cache_slack);
}

uint64_t scratch_bytes(const MemoryDemand& d, int context) {
    const Config& c = *d.config;
    const int64_t q_dim = int64_t{c.heads} * c.head_dim, kv_dim = int64_t{c.kv_heads} * c.head_dim;
    const int64_t widest = std::max({int64_t{c.channels}, int64_t{c.ffn}, q_dim});
    // A read of several chunks keeps one layer's matrices unpacked (forward.cpp).
    const DType rows = d.backend->activation_type(d.matrices.most);
    const bool as_stored = d.matrices.alike && rows == d.matrices.most;
    const bool unpacks = context > d.backend->chunk_rows() && rows != DType::f32 && !as_stored;
    const int64_t prepared = unpacks ? c.channels * (2 * q_dim + 2 * kv_dim + 3 * int64_t{c.ffn}) : 0;
    const SelectOptions select;
    return Scratch::bytes(c, *d.backend, rows, context, &select, false) +
           static_cast<uint64_t>(c.vocab) * sizeof(float) + d.backend->scratch_bytes(widest, prepared) +
           d.backend->attention_bytes(d.kv_type, c.kv_heads, context, c.head_dim);
}

static uint64_t total_bytes(const MemoryDemand& d, int context) {
    return d.weights_bytes + kv_bytes(d, context) + scratch_bytes(d, context);
}

/// Rounded down to a multiple of 256 when memory, not the model, sets the limit: the figure should not
/// change with every page some other program takes.
static int largest_context(const MemoryDemand& d, uint64_t available) {
    int low = 0, high = d.config->context_length;  // low fits, or is 0
    if (total_bytes(d, high) <= available) return high;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        (total_bytes(d, middle) <= available ? low : high) = middle;
    }
    return low / 256 * 256;
}

MemoryPlan plan_memory(const MemoryDemand& d, int context_tokens) {
    const int declared = d.config->context_length;
    if (context_tokens < 0 || context_tokens > declared)
        throw EngineError(ErrorCode::bad_request,
                          "A context of " + std::to_string(context_tokens) + " tokens was asked for, but " +
                              "this model declares " + std::to_string(declared) + ".",
                          "Choose a context of at most " + std::to_string(declared) + " tokens.");
    MemoryPlan plan;
    plan.available_bytes = d.backend->available_bytes();
    plan.largest_context_tokens = largest_context(d, plan.available_bytes);
    plan.context_tokens = context_tokens > 0 ? context_tokens : plan.largest_context_tokens;
    plan.weights_bytes = d.weights_bytes;
    plan.kv_bytes = kv_bytes(d, plan.context_tokens);
    plan.scratch_bytes = scratch_bytes(d, plan.context_tokens);
    plan.total_bytes = plan.weights_bytes + plan.kv_bytes + plan.scratch_bytes;
    plan.fits = plan.context_tokens > 0 && plan.total_bytes <= plan.available_bytes;
    plan.kv_type = d.kv_type;
    return plan;
}

static bool can_shrink(const MemoryDemand& d) {
    return d.kv_type != KvType::q8_0 && d.config->head_dim % 32 == 0 &&
           d.backend->attends(d.config->head_dim, KvType::q8_0);
}

MemoryPlan plan_memory(MemoryDemand& d, int context_tokens, bool allow_q8) {
    const MemoryPlan plan = plan_memory(d, context_tokens);
    const int wanted = context_tokens > 0 ? context_tokens : d.config->context_length;
    if (!allow_q8 || !can_shrink(d) || (plan.fits && plan.context_tokens >= wanted)) return plan;
    MemoryDemand smaller = d;
    smaller.kv_type = KvType::q8_0;
    MemoryPlan shrunk = plan_memory(smaller, context_tokens);
    if (!shrunk.fits || (plan.fits && shrunk.context_tokens <= plan.context_tokens)) return plan;
    d = smaller;
    shrunk.note = "The reading is kept in 8 bits (q8_0): more precision does not fit.";
    return shrunk;
}

void require_fit(const MemoryDemand& d, const MemoryPlan& plan) {
    if (plan.fits) return;
    MemoryDemand smaller = d;
    smaller.kv_type = KvType::q8_0;
    const int with_q8 = can_shrink(d) ? largest_context(smaller, plan.available_bytes) : 0;
    std::string hint;
    if (plan.largest_context_tokens > 0)
        hint = "Choose a context of at most " + std::to_string(plan.largest_context_tokens) + " tokens";
    if (with_q8 > plan.largest_context_tokens)
        hint += (hint.empty() ? "Choose " : ", or ") + std::string("KV type q8_0, which leaves room for ") +
                std::to_string(with_q8) + " tokens";
    hint = hint.empty() ? "Choose a smaller model, or close other programs." : hint + ".";
    const uint64_t needed =
        plan.context_tokens > 0 ? plan.total_bytes : plan.weights_bytes + scratch_bytes(d, 256);
    throw EngineError(ErrorCode::no_memory,
                      "This model needs " + readable_bytes(needed) + " (weights " +
                          readable_bytes(plan.weights_bytes) + ", a context of " +
                          std::to_string(plan.context_tokens) + " tokens " + readable_bytes(plan.kv_bytes) +
                          ", work space " + readable_bytes(plan.scratch_bytes) + "), but " +
                          readable_bytes(plan.available_bytes) + " are available.",
                      hint);
}

}  // namespace longleaf
