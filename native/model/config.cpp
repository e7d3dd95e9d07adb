#include "model/config.h"

#include <cmath>
#include <cstring>

#include "ops/quant.h"

namespace longleaf {
namespace {

constexpr auto another_file = "Look for another file of this model.";
constexpr auto llama_only = "Longleaf runs models of the Llama architecture (\"llama\").";

struct Range {
    int64_t least, most;
};
constexpr Range layer_range{1, 1024}, context_range{1, int64_t{1} << 27}, channel_range{1, 1 << 17};
constexpr Range head_range{1, 1024}, head_dim_range{2, 1024}, ffn_range{1, 1 << 20}, vocab_range{1, 1 << 21};

/// Reads "<architecture>.<name>" keys. Per-layer arrays count as one value when all layers agree.
class Keys {
  public:
    Keys(const Gguf& gguf, std::string architecture) : gguf_(gguf), prefix_(std::move(architecture) + ".") {}

    std::optional<int64_t> find(const char* name) const {
        const auto key = prefix_ + name;
        const auto found = gguf_.metadata().find(key);
        if (found == gguf_.metadata().end()) return {};
        if (std::holds_alternative<std::shared_ptr<GgufArray>>(found->second)) return from_array(key);
        return gguf_.integer(key);
    }

    int checked(const char* name, std::optional<int64_t> value, Range range) const {
        const auto key = "key " + quoted(prefix_ + name);
        if (!value) gguf_.fail(ErrorCode::bad_model, key + " is missing", another_file);
        if (*value < range.least || *value > range.most)
            gguf_.fail(ErrorCode::bad_model,
                       key + " must be from " + std::to_string(range.least) + " to " +
                           std::to_string(range.most) + ", found " + std::to_string(*value),
                       another_file);
        return static_cast<int>(*value);
    }

    int get(const char* name, Range range) const { return checked(name, find(name), range); }

    float real(const char* name, float otherwise, double above, double most) const {
        const auto key = prefix_ + name;
        const auto value = gguf_.real(key);
        if (!value) return otherwise;
        if (!(*value > above && *value <= most))
            gguf_.fail(ErrorCode::bad_model,
                       "key " + quoted(key) + " is out of range: " + std::to_string(*value), another_file);
        return static_cast<float>(*value);
    }

    std::optional<std::string> text(const char* name) const { return gguf_.text(prefix_ + name); }

    void set_layers(int layers) { layers_ = layers; }

  private:
    int64_t from_array(const std::string& key) const {
        const auto& values = gguf_.array(key)->integers;
        if (values.size() != static_cast<size_t>(layers_))
            gguf_.fail(ErrorCode::bad_model, "key " + quoted(key) + " must have one integer for each of " +
                                                 std::to_string(layers_) + " layers, found " +
                                                 std::to_string(values.size()));
        for (const auto value : values)
            if (value != values[0])
                gguf_.fail(ErrorCode::unsupported_model,
                           "key " + quoted(key) + " differs from layer to layer, which is not supported",
                           llama_only);
        return values[0];
    }

    const Gguf& gguf_;
    std::string prefix_;
    int layers_ = 0;
};

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

/// The llama3 scaling: one divisor per pair, shared by all layers.
std::vector<float> read_rope_factors(const Gguf& gguf, int head_dim) {
    const auto* tensor = gguf.find("rope_freqs.weight");
    if (!tensor) return {};
    const auto pairs = static_cast<uint64_t>(head_dim / 2);
    if (tensor->type != static_cast<uint32_t>(DType::f32) || tensor->elements() != pairs)
        gguf.fail(ErrorCode::bad_model, "tensor \"rope_freqs.weight\" must hold " + std::to_string(pairs) +
                                            " F32 values, found " + std::to_string(tensor->elements()) +
                                            " of " + gguf_type_name(tensor->type));
    std::vector<float> factors(pairs);
    std::memcpy(factors.data(), gguf.file().data() + tensor->offset, tensor->bytes);
    for (const float factor : factors)
        if (!std::isfinite(factor) || factor <= 0)
            gguf.fail(ErrorCode::bad_model, "tensor \"rope_freqs.weight\" holds " + std::to_string(factor) +
                                                "; every factor must be positive");
    return factors;
}

void read_rope(const Gguf& gguf, const Keys& keys, Config& config) {
    const auto rotated = keys.find("rope.dimension_count").value_or(config.head_dim);
    if (rotated != config.head_dim)
        gguf.fail(ErrorCode::unsupported_model, "rotary embedding over " + std::to_string(rotated) + " of " +
                                                    std::to_string(config.head_dim) +
                                                    " values per head; only whole heads are supported");
    config.rope_base = keys.real("rope.freq_base", 10000.0f, 0, 1e12);
    const auto type = keys.text("rope.scaling.type").value_or("linear");
    if (type != "linear" && type != "none")
        gguf.fail(ErrorCode::unsupported_model,
                  "rotary scaling " + quoted(type) + " is not supported; none, linear and llama3 are",
                  "Look for a file of this model without extended context.");
    for (const auto* name : {"rope_factors_long.weight", "rope_factors_short.weight"})
        if (gguf.find(name))
            gguf.fail(ErrorCode::unsupported_model,
                      "rotary scaling \"longrope\" (tensor \"" + std::string(name) + "\") is not supported");
    if (type == "linear") {
        // Writers put 0 where there is no scaling.
        const float legacy = keys.real("rope.scale_linear", 0.0f, -1e-9, 1e6);
        const float factor = keys.real("rope.scaling.factor", legacy, -1e-9, 1e6);
        if (factor > 0) config.rope_scale = 1.0f / factor;
    }
    config.rope_factors = read_rope_factors(gguf, config.head_dim);
}

void refuse_other_kinds(const Gguf& gguf, const Keys& keys, const std::string& architecture) {
    if (gguf.integer("split.count").value_or(1) > 1)
        gguf.fail(
            ErrorCode::unsupported_model,
            "this is one of " + std::to_string(*gguf.integer("split.count")) + " parts of a split model",
            "Merge the parts into one file, or download the model as a single file.");
    if (architecture != "llama")
        gguf.fail(ErrorCode::unsupported_model, "architecture " + quoted(architecture) + " is not supported",
                  llama_only);
    const auto type = gguf.text("general.type").value_or("model");
    if (type != "model")
        gguf.fail(ErrorCode::unsupported_model, "the file holds " + quoted(type) + ", not a whole model",
                  "Choose the model's main file.");
    if (const auto experts = keys.find("expert_count").value_or(0); experts > 0)
        gguf.fail(ErrorCode::unsupported_model,
                  "a mixture of " + std::to_string(experts) + " experts is not supported; dense models are",
                  llama_only);
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
    read_rope(gguf, keys, config);
    return config;
}

}  // namespace longleaf
