// A Llama model of two layers with a vocabulary of bytes, as a writer that tests can damage.
#pragma once

#include <functional>
#include <map>

#include "model/gguf_writer.h"

namespace tiny_llama {

constexpr int layers = 2, channels = 64, heads = 4, kv_heads = 2, head_dim = 16, ffn = 96, vocab = 32;

using Numbers = std::map<std::string, std::optional<uint32_t>>;

/// Hyper-parameters; `change` replaces or (nullopt) leaves out keys, without their "llama." prefix.
inline gguf_writer::Writer header(const Numbers& change = {}, const std::string& architecture = "llama") {
    gguf_writer::Writer w;
    Numbers numbers = {
        {"block_count", layers},      {"context_length", 256},         {"embedding_length", channels},
        {"feed_forward_length", ffn}, {"attention.head_count", heads}, {"attention.head_count_kv", kv_heads},
        {"vocab_size", vocab}};
    for (const auto& [key, value] : change) numbers[key] = value;
    w.text("general.architecture", architecture);
    for (const auto& [key, value] : numbers)
        if (value) w.u32(architecture + "." + key, *value);
    return w;
}

/// All tensors: norms F32, matrices Q8_0; output tied.
inline void add_tensors(gguf_writer::Writer& w) {
    const auto matrix = [&w](const std::string& name, int64_t rows, int64_t cols) {
        w.tensor(name, {cols, rows}, 8, static_cast<size_t>(rows * cols / 32 * 34));
    };
    matrix("token_embd.weight", vocab, channels);
    for (int l = 0; l < layers; ++l) {
        const std::string blk = "blk." + std::to_string(l) + ".";
        w.f32_tensor(blk + "attn_norm.weight", {channels});
        matrix(blk + "attn_q.weight", heads * head_dim, channels);
        matrix(blk + "attn_k.weight", kv_heads * head_dim, channels);
        matrix(blk + "attn_v.weight", kv_heads * head_dim, channels);
        matrix(blk + "attn_output.weight", channels, heads * head_dim);
        w.f32_tensor(blk + "ffn_norm.weight", {channels});
        matrix(blk + "ffn_gate.weight", ffn, channels);
        matrix(blk + "ffn_up.weight", ffn, channels);
        matrix(blk + "ffn_down.weight", channels, ffn);
    }
    w.f32_tensor("output_norm.weight", {channels});
}

inline gguf_writer::Writer model() {
    auto w = header();
    add_tensors(w);
    return w;
}

}  // namespace tiny_llama
