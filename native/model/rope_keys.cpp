// Rotary embedding from metadata: linear, YaRN, and the factors of llama3 and LongRoPE, which are tensors.
#include <cmath>
#include <cstring>

#include "model/families.h"
#include "ops/quant.h"

namespace longleaf {
namespace {

/// One divisor per pair, shared by all layers; empty when the file has no such tensor.
std::vector<float> read_factors(const Gguf& gguf, const char* name, int dims) {
    const auto* tensor = gguf.find(name);
    if (!tensor) return {};
    const auto pairs = static_cast<uint64_t>(dims / 2);
    const std::string tensor_name = "tensor " + quoted(name);
    if (tensor->type != static_cast<uint32_t>(DType::f32) || tensor->elements() != pairs)
        gguf.fail(ErrorCode::bad_model, tensor_name + " must hold " + std::to_string(pairs) +
                                            " F32 values, found " + std::to_string(tensor->elements()) +
                                            " of " + gguf_type_name(tensor->type));
    std::vector<float> factors(pairs);
    std::memcpy(factors.data(), gguf.file().data() + tensor->offset, tensor->bytes);
    for (const float factor : factors)
        if (!std::isfinite(factor) || factor <= 0)
            gguf.fail(ErrorCode::bad_model,
                      tensor_name + " holds " + std::to_string(factor) + "; every factor must be positive");
    return factors;
}

int read_original_context(const Keys& keys, const Config& config) {
    const auto value = keys.find("rope.scaling.original_context_length").value_or(config.context_length);
    return keys.checked("rope.scaling.original_context_length", value, {1, 1 << 27});
}

void read_yarn(const Gguf& gguf, const Keys& keys, const Config& config, Rope& rope) {
    rope.yarn = rope.scale < 1;
    if (!rope.yarn) return;
    rope.original_context = read_original_context(keys, config);
    rope.beta_fast = keys.real("rope.scaling.yarn_beta_fast", 32.0f, 0, 1e6);
    rope.beta_slow = keys.real("rope.scaling.yarn_beta_slow", 1.0f, 0, 1e6);
    if (rope.base <= 1)
        gguf.fail(ErrorCode::bad_model,
                  "rotary scaling \"yarn\" needs a base above 1, found " + std::to_string(rope.base),
                  another_file);
    // What attention gains from positions that lie closer (section 3.4 of the paper). A multiplier for all
    // dimensions takes it back.
    const float gain = 0.1f * std::log(1 / rope.scale);
    const float multiplier = keys.real("rope.scaling.yarn_log_multiplier", 0.0f, -1e6, 1e6);
    rope.magnitude *= (1 + gain) / (1 + multiplier * gain);
}

void read_longrope(const Gguf& gguf, const Keys& keys, const Config& config, Rope& rope) {
    rope.long_factors = read_factors(gguf, "rope_factors_long.weight", rope.dims);
    rope.short_factors = read_factors(gguf, "rope_factors_short.weight", rope.dims);
    if (rope.long_factors.empty() != rope.short_factors.empty())
        gguf.fail(ErrorCode::bad_model,
                  "only one of \"rope_factors_long.weight\" and \"rope_factors_short.weight\" is there",
                  another_file);
    if (!rope.long_factors.empty()) rope.original_context = read_original_context(keys, config);
}

}  // namespace

Rope read_rope(const Gguf& gguf, const Keys& keys, const Config& config, RopeOrder order) {
    Rope rope;
    rope.order = order;
    rope.dims =
        keys.checked("rope.dimension_count", keys.find("rope.dimension_count").value_or(config.head_dim),
                     {2, config.head_dim});
    if (rope.dims % 2 != 0)
        gguf.fail(ErrorCode::bad_model,
                  "key \"rope.dimension_count\" must be even, found " + std::to_string(rope.dims));
    rope.base = keys.real("rope.freq_base", 10000.0f, 0, 1e12);
    const auto type = keys.text("rope.scaling.type").value_or("linear");
    if (type != "linear" && type != "none" && type != "yarn" && type != "longrope")
        gguf.fail(ErrorCode::unsupported_model,
                  "rotary scaling " + quoted(type) +
                      " is not supported; none, linear, llama3, yarn and longrope are",
                  "Look for a file of this model without extended context.");
    if (type == "linear" || type == "yarn") {
        // Writers put 0 where there is no scaling.
        const float legacy = keys.real("rope.scale_linear", 0.0f, -1e-9, 1e6);
        const float factor = keys.real("rope.scaling.factor", legacy, -1e-9, 1e6);
        if (factor > 0) rope.scale = 1.0f / factor;
    }
    rope.magnitude = keys.real("rope.scaling.attn_factor", 1.0f, 0, 1e6);
    if (type == "yarn") read_yarn(gguf, keys, config, rope);
    rope.factors = read_factors(gguf, "rope_freqs.weight", rope.dims);
    read_longrope(gguf, keys, config, rope);
    if (type == "longrope" && rope.long_factors.empty())
        gguf.fail(
            ErrorCode::bad_model,
            "rotary scaling \"longrope\" needs the tensor \"rope_factors_long.weight\", which is missing",
            another_file);
    return rope;
}

}  // namespace longleaf
