// Thousands of damaged copies of a sound model: each is refused or read, never a crash.
#include "check.h"
#include "fuzz/mutate.h"
#include "fuzz/targets.h"
#include "model/tiny_llama.h"

TEST("damaged models") {
    auto w = tiny_llama::header({{"vocab_size", std::nullopt}, {"embedding_length", 64}});
    w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    w.strings("tokenizer.ggml.tokens", small_vocab::tokens())
        .strings("tokenizer.ggml.merges", small_vocab::merges);
    w.u32("tokenizer.ggml.eos_token_id", 0).u32("general.alignment", 32).f32("llama.rope.freq_base", 1e4f);
    tiny_llama::add_tensors(w);
    const auto whole = w.build();
    fuzz::gguf(whole);
    // Damage where it matters: the blob is most of the file and says nothing.
    const auto table = gguf_writer::open(whole).table_bytes();
    std::mt19937_64 random(11);
    for (int i = 0; i < 20000; ++i) {
        fuzz::Bytes head(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(table));
        auto bytes = fuzz::mutated(std::move(head), random);
        bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(table), whole.end());
        fuzz::gguf(bytes);
    }
}
