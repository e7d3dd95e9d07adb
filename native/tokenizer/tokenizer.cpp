#include "tokenizer/tokenizer.h"

#include <algorithm>

#include "tokenizer/bpe.h"
#include "tokenizer/sentencepiece.h"

namespace longleaf {
namespace {

struct Pattern {
    const char* name;
    PreTokenizer pre;
    bool whole_words_first;  // "ignore_merges"
};

constexpr Pattern patterns[] = {
    {"gpt-2", PreTokenizer::gpt2, false},       {"phi-2", PreTokenizer::gpt2, false},
    {"mpt", PreTokenizer::gpt2, false},         {"olmo", PreTokenizer::gpt2, false},
    {"smollm", PreTokenizer::smollm, false},    {"refact", PreTokenizer::smollm, false},
    {"starcoder", PreTokenizer::smollm, false}, {"command-r", PreTokenizer::smollm, false},
    {"codeshell", PreTokenizer::smollm, false}, {"llama-bpe", PreTokenizer::llama3, true},
    {"llama3", PreTokenizer::llama3, true},     {"llama-v3", PreTokenizer::llama3, true},
    {"falcon3", PreTokenizer::llama3, true},    {"pixtral", PreTokenizer::llama3, true},
    {"dbrx", PreTokenizer::llama3, false},      {"smaug-bpe", PreTokenizer::llama3, false},
    {"qwen2", PreTokenizer::qwen2, false},      {"deepseek-r1-qwen", PreTokenizer::qwen2, false},
    {"megrez", PreTokenizer::qwen2, false},     {"qwen35", PreTokenizer::qwen35, false},
    {"tekken", PreTokenizer::tekken, true},     {"gpt-4o", PreTokenizer::gpt4o, false},
};

std::string pattern_names() {
    std::string names;
    for (const auto& pattern : patterns) names += (names.empty() ? "" : ", ") + quoted(pattern.name);
    return names;
}

/// Files written before the key existed are GPT-2's or, with this token, Llama 3's.
Pattern choose_pattern(const Gguf& gguf) {
    const auto pre = gguf.text("tokenizer.ggml.pre");
    if (!pre) {
        const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
        const bool llama3 =
            tokens && std::find(tokens->begin(), tokens->end(), "<|begin_of_text|>") != tokens->end();
        return {"", llama3 ? PreTokenizer::llama3 : PreTokenizer::gpt2, llama3};
    }
    for (const auto& pattern : patterns)
        if (*pre == pattern.name) return pattern;
    gguf.fail(ErrorCode::unsupported_model,
              "pre-tokenizer " + quoted(*pre) + " is not supported (supported: " + pattern_names() + ")",
              "Look for another model, or a newer file of this one.");
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::create(const Gguf& gguf, int vocab) {
    const auto model = gguf.text("tokenizer.ggml.model");
    if (!model)
        gguf.fail(ErrorCode::bad_model, "key \"tokenizer.ggml.model\" is missing",
                  "Look for another file of this model.");
    if (*model == "llama") return std::make_unique<SentencePieceTokenizer>(gguf, vocab);
    if (*model != "gpt2")
        gguf.fail(ErrorCode::unsupported_model,
                  "tokenizer " + quoted(*model) +
                      " is not supported; byte-level BPE (\"gpt2\") and SentencePiece (\"llama\") are",
                  "Look for another model.");
    const Pattern pattern = choose_pattern(gguf);
    return std::make_unique<BpeTokenizer>(gguf, vocab, pattern.pre, pattern.whole_words_first);
}

bool Tokenizer::is_end(int32_t token) const {
    return std::find(ends_.begin(), ends_.end(), token) != ends_.end();
}

}  // namespace longleaf
