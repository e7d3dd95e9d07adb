#include "model/config.h"

#include "model/families.h"

namespace longleaf {
namespace {

constexpr Range layer_range{1, 1024}, context_range{1, int64_t{1} << 27}, channel_range{1, 1 << 17};
constexpr Range head_range{1, 1024}, head_dim_range{2, 1024}, ffn_range{1, 1 << 20}, vocab_range{1, 1 << 21};

int read_vocab(const Gguf& gguf, const Keys& keys) {
    const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
    if (!tokens) return keys.get("vocab_size", vocab_range);
    return keys.checked("vocab_size", static_cast<int64_t>(tokens->size()), vocab_range);
}

void read_heads(const Gguf& gguf, const Keys& keys, Config& config) {
    config.heads = keys.get("attention.head_count", head_range);
    config.kv_heads = keys.checked("attention.head_count_kv",
                                   keys.find("attention.head_count_kv").value_or(config.heads), head_range);
    if (config.heads % config.kv_heads != 0)
        gguf.fail(ErrorCode::bad_model, std::to_string(config.heads) + " heads cannot share " +
                                            std::to_string(config.kv_heads) + " kv heads evenly");
    auto key_length = keys.find("attention.key_length");
    if (!key_length) {
        if (config.channels % config.heads != 0)
            gguf.fail(ErrorCode::bad_model, "embedding length " + std::to_string(config.channels) +
                                                " is not a multiple of " + std::to_string(config.heads) +
                                                " heads");
        key_length = config.channels / config.heads;
    }
    config.head_dim = keys.checked("attention.key_length", key_length, head_dim_range);
    if (config.head_dim % 2 != 0)
        gguf.fail(ErrorCode::bad_model,
                  "the head size must be even, found " + std::to_string(config.head_dim));
    const auto value_length = keys.find("attention.value_length").value_or(config.head_dim);
    if (value_length != config.head_dim)
        gguf.fail(ErrorCode::unsupported_model, "keys of " + std::to_string(config.head_dim) +
                                                    " and values of " + std::to_string(value_length) +
                                                    " per head; only equal sizes are supported");
}

void refuse_other_kinds(const Gguf& gguf, const Keys& keys, const std::string& architecture) {
    if (gguf.integer("split.count").value_or(1) > 1)
        gguf.fail(
            ErrorCode::unsupported_model,
            "this is one of " + std::to_string(*gguf.integer("split.count")) + " parts of a split model",
            "Merge the parts into one file, or download the model as a single file.");
    if (!family_known(architecture))
        gguf.fail(ErrorCode::unsupported_model, "architecture " + quoted(architecture) + " is not supported",
                  "Longleaf runs " + family_names() + ".");
    const auto type = gguf.text("general.type").value_or("model");
    if (type != "model")
        gguf.fail(ErrorCode::unsupported_model, "the file holds " + quoted(type) + ", not a whole model",
                  "Choose the model's main file.");
    if (const auto experts = keys.find("expert_count").value_or(0); experts > 0)
        gguf.fail(ErrorCode::unsupported_model,
                  "a mixture of " + std::to_string(experts) + " experts is not supported; dense models are",
                  "Look for a dense model.");
}

}  // namespace

Config read_config(const Gguf& gguf) {
    Config config;
    const auto architecture = gguf.text("general.architecture");
    if (!architecture)
        gguf.fail(ErrorCode::bad_model, "key \"general.architecture\" is missing", another_file);
    config.architecture = *architecture;
    Keys keys(gguf, config.architecture);
    refuse_other_kinds(gguf, keys, config.architecture);
    config.layers = keys.get("block_count", layer_range);
    keys.set_layers(config.layers);
    config.context_length = keys.get("context_length", context_range);
    config.channels = keys.get("embedding_length", channel_range);
    config.ffn = keys.get("feed_forward_length", ffn_range);
    config.vocab = read_vocab(gguf, keys);
    read_heads(gguf, keys, config);
    config.rms_eps = keys.real("attention.layer_norm_rms_epsilon", 1e-5f, 0, 1);
    read_family(gguf, keys, config);
    return config;
}

}  // namespace longleaf
