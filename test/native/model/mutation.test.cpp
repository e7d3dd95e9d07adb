// Thousands of damaged copies of sound models of several families: each is refused or read, never a crash.
#include "check.h"
#include "fuzz/mutate.h"
#include "fuzz/targets.h"
#include "model/tiny_llama.h"

namespace {

/// A header with the keys that set the family apart, a vocabulary of either kind, and tensors of some type.
gguf_writer::Writer model(const std::string& family, bool pieces, uint32_t type) {
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

void damage(const fuzz::Bytes& whole, int times, unsigned seed) {
    fuzz::gguf(whole);
    // Damage where it matters: the blob is most of the file and says nothing.
    const auto table = gguf_writer::open(whole).table_bytes();
    std::mt19937_64 random(seed);
    for (int i = 0; i < times; ++i) {
        fuzz::Bytes head(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(table));
        auto bytes = fuzz::mutated(std::move(head), random);
        bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(table), whole.end());
        fuzz::gguf(bytes);
    }
}

}  // namespace

TEST("damaged models") {
    unsigned seed = 11;
    for (const char* family : {"llama", "qwen2", "qwen3", "gemma3"})
        for (const bool pieces : {false, true})
            damage(model(family, pieces, pieces ? 2 : 8).build(), 2500, seed++);
}
