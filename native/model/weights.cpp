#include "model/weights.h"

#include <algorithm>
#include <map>
#include <set>

namespace longleaf {
namespace {

constexpr auto type_hint = "Look for a Q4_K_M or Q8_0 file of this model.";

std::string shape(const std::vector<uint64_t>& ne) {
    std::string text;
    for (const auto length : ne) text += (text.empty() ? "" : " x ") + std::to_string(length);
    return text;
}

/// Hands out the tensors of a file by name and remembers which were asked for.
class Binder {
  public:
    explicit Binder(const Gguf& gguf) : gguf_(gguf) {}

    Tensor matrix(const std::string& name, int64_t rows, int64_t cols) {
        const auto& found = bind(name, {static_cast<uint64_t>(cols), static_cast<uint64_t>(rows)});
        if (!dtype_traits(found.type)) refuse_type(found, dtype_names());
        return {gguf_.file().data() + found.offset, static_cast<DType>(found.type), rows, cols};
    }

    /// A vector in f32.
    Tensor norm(const std::string& name, int64_t size) {
        const auto& found = bind(name, {static_cast<uint64_t>(size)});
        if (found.type != static_cast<uint32_t>(DType::f32)) refuse_type(found, "F32");
        return {gguf_.file().data() + found.offset, DType::f32, 1, size};
    }

    /// As norm(); without data when the file has none.
    Tensor optional(const std::string& name, int64_t size) { return has(name) ? norm(name, size) : Tensor{}; }

    bool has(const std::string& name) const { return gguf_.find(name) != nullptr; }
    uint64_t bytes() const { return bytes_; }

    /// A tensor nobody asked for (a bias, a fused projection, experts) means the model is not the one that
    /// `forward` computes.
    void refuse_unknown(const Config& config) const {
        const std::string known =
            "a " + config.architecture + " model of " + std::to_string(config.layers) + " layers";
        for (const auto& tensor : gguf_.tensors()) {
            if (bound_.contains(tensor.name) || tensor.name.starts_with("rope_f")) continue;  // config.h
            if (tensor.name.ends_with(".attn_rot_embd.weight")) continue;  // old converters: derived, unused
            gguf_.fail(
                ErrorCode::unsupported_model,
                "tensor " + quoted(tensor.name) + " is not part of " + known + " as this engine runs it",
                "Models with adapters, experts or more than text are not supported.");
        }
    }

  private:
    const GgufTensor& bind(const std::string& name, std::vector<uint64_t> expected) {
        const auto* found = gguf_.find(name);
        if (!found)
            gguf_.fail(ErrorCode::bad_model, "tensor " + quoted(name) + " is missing",
                       "The file is incomplete. Look for another file of this model.");
        auto ne = found->ne;
        while (ne.size() > expected.size() && ne.back() == 1) ne.pop_back();
        while (ne.size() < expected.size()) ne.push_back(1);
        if (ne != expected)
            gguf_.fail(
                ErrorCode::bad_model,
                "tensor " + quoted(name) + " must be " + shape(expected) + ", found " + shape(found->ne),
                "The file contradicts itself. Look for another file of this model.");
        bound_.insert(name);
        bytes_ += found->bytes;
        return *found;
    }

    [[noreturn]] void refuse_type(const GgufTensor& tensor, const char* supported) const {
        gguf_.fail(ErrorCode::unsupported_model,
                   "tensor " + quoted(tensor.name) + " has type " + gguf_type_name(tensor.type) +
                       ", which is not supported here (supported: " + supported + ")",
                   type_hint);
    }

    const Gguf& gguf_;
    std::set<std::string, std::less<>> bound_;
    uint64_t bytes_ = 0;
};

/// Rows first .. first + rows - 1 of a matrix.
Tensor rows_of(const Tensor& whole, int64_t first, int64_t rows) {
    const auto bytes = row_bytes(whole.type, static_cast<size_t>(whole.cols)) * static_cast<size_t>(first);
    return {static_cast<const uint8_t*>(whole.data) + bytes, whole.type, rows, whole.cols};
}

struct LayerNames {
    std::string prefix;
    std::string operator()(const char* part) const { return prefix + part + ".weight"; }
    std::string bias(const char* part) const { return prefix + part + ".bias"; }
};

void bind_attention(Binder& binder, const Config& c, const LayerNames& name, LayerWeights& w) {
    const int64_t q_rows = int64_t{c.heads} * c.head_dim, kv_rows = int64_t{c.kv_heads} * c.head_dim;
    if (binder.has(name("attn_qkv"))) {  // one matrix after the other
        const Tensor all = binder.matrix(name("attn_qkv"), q_rows + 2 * kv_rows, c.channels);
        w.q = rows_of(all, 0, q_rows);
        w.k = rows_of(all, q_rows, kv_rows);
        w.v = rows_of(all, q_rows + kv_rows, kv_rows);
    } else {
        w.q = binder.matrix(name("attn_q"), q_rows, c.channels);
        w.k = binder.matrix(name("attn_k"), kv_rows, c.channels);
        w.v = binder.matrix(name("attn_v"), kv_rows, c.channels);
    }
    w.q_bias = binder.optional(name.bias("attn_q"), q_rows);
    w.k_bias = binder.optional(name.bias("attn_k"), kv_rows);
    w.v_bias = binder.optional(name.bias("attn_v"), kv_rows);
    if (c.query_key_norm) {
        w.q_norm = binder.norm(name("attn_q_norm"), c.head_dim);
        w.k_norm = binder.norm(name("attn_k_norm"), c.head_dim);
    }
    w.attn_output = binder.matrix(name("attn_output"), c.channels, q_rows);
}

LayerWeights bind_layer(Binder& binder, const Config& c, int layer) {
    const LayerNames name{"blk." + std::to_string(layer) + "."};
    LayerWeights w;
    w.attn_norm = binder.norm(name("attn_norm"), c.channels);
    bind_attention(binder, c, name, w);
    w.ffn_norm = binder.norm(name("ffn_norm"), c.channels);
    if (c.architecture == "phi3") {  // gate, then up
        const Tensor both = binder.matrix(name("ffn_up"), 2 * int64_t{c.ffn}, c.channels);
        w.gate = rows_of(both, 0, c.ffn);
        w.up = rows_of(both, c.ffn, c.ffn);
    } else {
        w.gate = binder.matrix(name("ffn_gate"), c.ffn, c.channels);
        w.up = binder.matrix(name("ffn_up"), c.ffn, c.channels);
    }
    w.down = binder.matrix(name("ffn_down"), c.channels, c.ffn);
    if (c.post_norms) {
        w.attn_post = binder.norm(name("post_attention_norm"), c.channels);
        w.ffn_post = binder.norm(name("post_ffw_norm"), c.channels);
    }
    return w;
}

MatrixTypes types_of(const std::vector<LayerWeights>& layers) {
    std::map<DType, int64_t> values;
    for (const LayerWeights& of : layers)
        for (const Tensor* w : {&of.q, &of.k, &of.v, &of.attn_output, &of.gate, &of.up, &of.down})
            values[w->type] += w->rows * w->cols;
    const auto most = std::max_element(values.begin(), values.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return {most->first, values.size() == 1};
}

}  // namespace

Weights bind_weights(const Gguf& gguf, const Config& config) {
    gguf.file().require_unchanged();
    Binder binder(gguf);
    Weights weights;
    weights.embedding = binder.matrix("token_embd.weight", config.vocab, config.channels);
    weights.output_norm = binder.norm("output_norm.weight", config.channels);
    weights.output = binder.has("output.weight")
                         ? binder.matrix("output.weight", config.vocab, config.channels)
                         : weights.embedding;
    for (int layer = 0; layer < config.layers; ++layer)
        weights.layers.push_back(bind_layer(binder, config, layer));
    binder.refuse_unknown(config);
    weights.bytes = binder.bytes();
    weights.in_layers = types_of(weights.layers);
    return weights;
}

}  // namespace longleaf
