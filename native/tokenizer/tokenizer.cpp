#include "tokenizer/tokenizer.h"

#include <algorithm>

#include "tokenizer/bpe.h"

namespace longleaf {
namespace {

/// Files written before the key existed are GPT-2's or, with this token, Llama 3's.
PreTokenizer choose_pattern(const Gguf& gguf) {
    const auto pre = gguf.text("tokenizer.ggml.pre");
    if (!pre) {
        const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
        const bool llama3 =
            tokens && std::find(tokens->begin(), tokens->end(), "<|begin_of_text|>") != tokens->end();
        return llama3 ? PreTokenizer::llama3 : PreTokenizer::gpt2;
    }
    if (*pre == "gpt-2") return PreTokenizer::gpt2;
    if (*pre == "llama-bpe" || *pre == "llama3" || *pre == "llama-v3") return PreTokenizer::llama3;
    gguf.fail(ErrorCode::unsupported_model,
              "pre-tokenizer " + quoted(*pre) + " is not supported; \"gpt-2\" and \"llama-bpe\" are",
              "Look for a model of the Llama 3 family.");
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::create(const Gguf& gguf, int vocab) {
    const auto model = gguf.text("tokenizer.ggml.model");
    if (!model)
        gguf.fail(ErrorCode::bad_model, "key \"tokenizer.ggml.model\" is missing",
                  "Look for another file of this model.");
    if (*model != "gpt2")
        gguf.fail(ErrorCode::unsupported_model,
                  "tokenizer " + quoted(*model) + " is not supported; byte-level BPE (\"gpt2\") is",
                  "Look for a model of the Llama 3 family.");
    return std::make_unique<BpeTokenizer>(gguf, vocab, choose_pattern(gguf));
}

bool Tokenizer::is_end(int32_t token) const {
    return std::find(ends_.begin(), ends_.end(), token) != ends_.end();
}

}  // namespace longleaf
