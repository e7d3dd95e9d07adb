// Sound little models of several families, for damage to begin with.
#pragma once

#include <string>

#include "model/tiny_llama.h"
#include "tokenizer/small_vocab.h"

namespace fuzz {

inline constexpr const char* families[] = {"llama", "qwen2", "qwen3", "gemma3"};

/// A header with the keys that set the family apart, a vocabulary of either kind, and tensors of some type.
inline gguf_writer::Writer model(const std::string& family, bool pieces, uint32_t type) {
    auto w = tiny_llama::header({{"vocab_size", std::nullopt}, {"attention.sliding_window", 128}}, family);
    w.f32(family + ".rope.freq_base", 1e4f).f32(family + ".attn_logit_softcapping", 50);
    w.text(family + ".rope.scaling.type", family == "gemma3" ? "linear" : "yarn");
    w.f32(family + ".rope.scaling.factor", 4).u32(family + ".rope.dimension_count", 16);
    if (pieces) {
        w.text("tokenizer.ggml.model", "llama");
        w.strings("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "<0x41>", "\u2581a", "\u2581", "a"});
        w.integers("tokenizer.ggml.token_type", {2, 3, 3, 6, 1, 1, 1});
        w.floats("tokenizer.ggml.scores", {0, 0, 0, 0, -1, -2, -3});
        w.u32("tokenizer.ggml.unknown_token_id", 0);
    } else {
        w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "qwen2");
        w.strings("tokenizer.ggml.tokens", small_vocab::tokens())
            .strings("tokenizer.ggml.merges", small_vocab::merges);
    }
    w.u32("tokenizer.ggml.eos_token_id", 0).u32("general.alignment", 32);
    tiny_llama::add_tensors(w);
    for (auto& tensor : w.tensors)
        if (tensor.type == 8 && type == 2)
            tensor.type = type, tensor.data.resize(tensor.data.size() / 34 * 18);
    w.f32_tensor("blk.0.attn_q.bias", {64}).f32_tensor("rope_factors_long.weight", {8});
    w.f32_tensor("rope_factors_short.weight", {8});
    for (const char* name : {"attn_q_norm", "attn_k_norm"})
        w.f32_tensor("blk.0." + std::string(name) + ".weight", {16});
    return w;
}

/// With SentencePiece's vocabulary and Q4_0, or BPE's and Q8_0.
inline gguf_writer::Writer model(const std::string& family, bool pieces) {
    return model(family, pieces, pieces ? 2 : 8);
}

}  // namespace fuzz
