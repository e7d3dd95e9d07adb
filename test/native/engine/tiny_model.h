// A tiny random Llama model: its weights as plain floats for the reference, and as a GGUF file for the
// engine. The vocabulary is the 256 bytes, then <s>, </s>, <x> and <y>.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "model/gguf_writer.h"

namespace tiny {

struct Shape {
    int layers = 3, channels = 64, heads = 4, kv_heads = 2, head_dim = 32, ffn = 96, context = 4096;
    double rope_base = 10000;
    int vocab() const { return 260; }
};

struct Model {
    Shape shape;
    std::map<std::string, std::vector<float>> tensors;  // by GGUF name, row-major
    std::map<std::string, std::vector<int64_t>> sizes;  // ne, contiguous dimension first
    const std::vector<float>& of(int layer, const std::string& name) const {
        return tensors.at("blk." + std::to_string(layer) + "." + name + ".weight");
    }
};

inline Model make(const Shape& s, uint32_t seed) {
    Model m;
    m.shape = s;
    std::mt19937 random(seed);
    const auto add = [&](const std::string& name, std::vector<int64_t> ne, float mean, float spread) {
        size_t n = 1;
        for (const auto d : ne) n *= d;
        std::vector<float> values(n);
        // Sums of uniform draws: the same on every standard library, unlike std::normal_distribution.
        for (auto& v : values) {
            double sum = -6;
            for (int i = 0; i < 12; ++i) sum += random() / 4294967296.0;
            v = mean + spread * static_cast<float>(sum);
        }
        m.tensors[name] = std::move(values);
        m.sizes[name] = std::move(ne);
    };
    const int64_t C = s.channels, Q = s.heads * s.head_dim, G = s.kv_heads * s.head_dim, F = s.ffn;
    const float scale = 1.0f / std::sqrt(static_cast<float>(C));
    add("token_embd.weight", {C, s.vocab()}, 0, 1.0f);
    add("output_norm.weight", {C}, 1, 0.1f);
    add("output.weight", {C, s.vocab()}, 0, 1.5f * scale);
    for (int l = 0; l < s.layers; ++l) {
        const std::string p = "blk." + std::to_string(l) + ".";
        add(p + "attn_norm.weight", {C}, 1, 0.1f);
        add(p + "attn_q.weight", {C, Q}, 0, 2.0f * scale);
        add(p + "attn_k.weight", {C, G}, 0, 2.0f * scale);
        add(p + "attn_v.weight", {C, G}, 0, scale);
        add(p + "attn_output.weight", {Q, C}, 0, scale);
        add(p + "ffn_norm.weight", {C}, 1, 0.1f);
        add(p + "ffn_gate.weight", {C, F}, 0, scale);
        add(p + "ffn_up.weight", {C, F}, 0, scale);
        add(p + "ffn_down.weight", {F, C}, 0, scale);
    }
    return m;
}

/// The GPT-2 spelling of a byte.
inline std::string byte_text(int byte) {
    int code = byte;
    const auto printable = [](int b) {
        return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
    };
    if (!printable(byte)) {
        code = 256;
        for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
    }
    if (code < 0x80) return {static_cast<char>(code)};
    return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

inline void write(const Model& m, const std::string& path) {
    const Shape& s = m.shape;
    gguf_writer::Writer w;
    w.text("general.architecture", "llama").text("general.name", "Tiny");
    w.u32("llama.block_count", s.layers).u32("llama.context_length", s.context);
    w.u32("llama.embedding_length", s.channels).u32("llama.feed_forward_length", s.ffn);
    w.u32("llama.attention.head_count", s.heads).u32("llama.attention.head_count_kv", s.kv_heads);
    w.u32("llama.attention.key_length", s.head_dim).u32("llama.attention.value_length", s.head_dim);
    w.u32("llama.rope.dimension_count", s.head_dim);
    w.f32("llama.rope.freq_base", static_cast<float>(s.rope_base));
    w.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    std::vector<std::string> texts;
    std::vector<int32_t> types(256, 1);
    for (int b = 0; b < 256; ++b) texts.push_back(byte_text(b));
    for (const char* special : {"<s>", "</s>", "<x>", "<y>"}) texts.push_back(special), types.push_back(3);
    w.strings("tokenizer.ggml.tokens", texts).integers("tokenizer.ggml.token_type", types);
    w.strings("tokenizer.ggml.merges", {});
    w.u32("tokenizer.ggml.bos_token_id", 256).u32("tokenizer.ggml.eos_token_id", 257);
    for (const auto& [name, values] : m.tensors) {
        w.f32_tensor(name, m.sizes.at(name));
        std::memcpy(w.tensors.back().data.data(), values.data(), values.size() * sizeof(float));
    }
    const auto bytes = w.build();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// A model file that is gone with its owner.
class File {
  public:
    explicit File(const Model& model) {
        static int number = 0;
        path_ = (std::filesystem::temp_directory_path() /
                 ("longleaf-tiny-" + std::to_string(std::random_device{}()) + "-" + std::to_string(number++) +
                  ".gguf"))
                    .string();
        write(model, path_);
    }
    ~File() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// Deterministic byte tokens that repeat themselves now and then, so that attention has something to find.
inline std::vector<int32_t> tokens(int count, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<int32_t> out;
    while (static_cast<int>(out.size()) < count)
        out.push_back(out.size() > 40 && random() % 3 == 0 ? out[out.size() - 37] : random() % 256);
    return out;
}

}  // namespace tiny
