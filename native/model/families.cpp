#include "model/families.h"

#include <algorithm>
#include <cmath>

namespace longleaf {
namespace {

struct Family {
    const char *architecture, *name;
    RopeOrder order;
    bool query_key_norm = false;
    bool gemma = false;  // scaled embeddings, GELU
    bool post_norms = false;
};

constexpr Family families[] = {
    {"llama", "Llama, Mistral and SmolLM2", RopeOrder::normal},
    {"mistral3", "Mistral 3", RopeOrder::normal},
    {"qwen2", "Qwen 2 and 2.5", RopeOrder::neox},
    {"qwen3", "Qwen 3", RopeOrder::neox, true},
    {"phi3", "Phi 3 and 4", RopeOrder::neox},
    {"gemma", "Gemma", RopeOrder::neox, false, true},
    {"gemma2", "Gemma 2", RopeOrder::neox, false, true, true},
    {"gemma3", "Gemma 3", RopeOrder::neox, true, true, true},
    {"granite", "Granite", RopeOrder::normal},
    {"smollm3", "SmolLM3", RopeOrder::normal},
};

const Family* find_family(const std::string& architecture) {
    const auto* found = std::find_if(std::begin(families), std::end(families), [&](const Family& family) {
        return family.architecture == architecture;
    });
    return found == std::end(families) ? nullptr : found;
}

/// Every `period`-th layer sees all positions, the others `config.window` of them.
void read_windows(const Keys& keys, int64_t period, Config& config) {
    config.windowed = keys.pattern("attention.sliding_window_pattern", period);
    const bool any = std::find(config.windowed.begin(), config.windowed.end(), true) != config.windowed.end();
    if (!any) config.windowed.clear(), config.window = 0;
}

/// The largest models of both generations divide by the root of C / H, not of D.
void scale_largest_gemma(Config& config, int layers) {
    if (config.layers == layers)
        config.attention_scale = 1 / std::sqrt(static_cast<float>(config.channels / config.heads));
}

void read_gemma2(const Keys& keys, Config& config) {
    config.window = keys.checked("attention.sliding_window",
                                 keys.find("attention.sliding_window").value_or(4096), {1, 1 << 27});
    read_windows(keys, 2, config);
    config.window_rope.base = keys.real("rope.freq_base_swa", config.rope.base, 0, 1e12);
    config.attention_soft_cap = keys.real("attn_logit_softcapping", 50.0f, -1e-9, 1e6);
    config.logit_soft_cap = keys.real("final_logit_softcapping", 30.0f, -1e-9, 1e6);
    scale_largest_gemma(config, 46);
}

void read_gemma3(const Keys& keys, Config& config) {
    if (const auto window = keys.find("attention.sliding_window").value_or(0); window > 0) {
        config.window = keys.checked("attention.sliding_window", window, {1, 1 << 27});
        read_windows(keys, 6, config);
        config.window_rope = {};
        config.window_rope.dims = config.rope.dims, config.window_rope.order = config.rope.order;
        config.window_rope.base = keys.real("rope.freq_base_swa", 10000.0f, 0, 1e12);
    }
    config.logit_soft_cap = keys.real("final_logit_softcapping", 0.0f, -1e-9, 1e6);
    scale_largest_gemma(config, 62);
}

void read_granite(const Gguf& gguf, const Keys& keys, Config& config) {
    config.embedding_scale = keys.real("embedding_scale", 1.0f, 0, 1e6);
    config.residual_scale = keys.real("residual_scale", 1.0f, 0, 1e6);
    config.attention_scale = keys.real("attention.scale", 0.0f, -1e-9, 1e6);
    config.logit_scale = 1 / keys.real("logit_scale", 1.0f, 0, 1e6);
    if (!gguf.boolean("granite.rope.scaling.finetuned").value_or(true))
        config.unturned.assign(static_cast<size_t>(config.layers), true);
}

void read_smollm3(Config& config) {
    config.unturned.resize(static_cast<size_t>(config.layers));
    for (size_t l = 3; l < config.unturned.size(); l += 4) config.unturned[l] = true;
}

void refuse_temperature(const Gguf& gguf, const Keys& keys) {
    if (keys.real("attention.temperature_scale", 0.0f, -1e6, 1e6) != 0)
        gguf.fail(ErrorCode::unsupported_model,
                  "attention whose temperature changes with the position is not supported",
                  "Look for an earlier model of this family.");
}

}  // namespace

bool family_known(const std::string& architecture) { return find_family(architecture) != nullptr; }

std::string family_names() {
    std::string names;
    for (const auto& family : families) {
        if (!names.empty()) names += &family == std::end(families) - 1 ? " and " : ", ";
        names += std::string(family.name) + " (" + family.architecture + ")";
    }
    return names;
}

void read_family(const Gguf& gguf, const Keys& keys, Config& config) {
    const Family& family = *find_family(config.architecture);
    config.query_key_norm = family.query_key_norm;
    config.post_norms = family.post_norms;
    config.rope = config.window_rope = read_rope(gguf, keys, config, family.order);
    if (family.gemma) {
        config.gate = GateFunction::gelu;
        config.embedding_scale = std::sqrt(static_cast<float>(config.channels));
    }
    if (config.architecture == "gemma2") read_gemma2(keys, config);
    if (config.architecture == "gemma3") read_gemma3(keys, config);
    if (config.architecture == "granite") read_granite(gguf, keys, config);
    if (config.architecture == "smollm3") read_smollm3(config);
    if (config.architecture == "mistral3") refuse_temperature(gguf, keys);
}

}  // namespace longleaf
