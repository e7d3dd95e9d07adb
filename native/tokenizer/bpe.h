// Byte-level byte-pair encoding (tokenizer.ggml.model "gpt2").
#pragma once

#include <array>
#include <unordered_map>

#include "tokenizer/matcher.h"
#include "tokenizer/merges.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/tokenizer.h"

namespace longleaf {

class BpeTokenizer : public Tokenizer {
  public:
    BpeTokenizer(const Gguf&, int vocab, PreTokenizer);
    void encode(std::string_view text, bool special, std::vector<int32_t>& out) const override;
    std::string piece(int32_t token) const override;

  private:
    enum class Kind : uint8_t { normal, unknown, control, user_defined, unused };

    /// One call's buffers and the words it has already merged.
    struct Scratch;

    void read_texts(const Gguf&, int vocab);
    void read_kinds(const Gguf&);
    void read_bytes(const Gguf&);
    void read_merges(const Gguf&);
    void read_ends(const Gguf&);
    void encode_words(std::string_view text, Scratch&, std::vector<int32_t>& out) const;
    void encode_word(std::string_view word, Scratch&, std::vector<int32_t>& out) const;

    PreTokenizer pattern_;
    bool whole_words_first_;                             // "ignore_merges"
    std::vector<Kind> kinds_;                            // (V)
    std::unordered_map<std::string_view, int32_t> ids_;  // normal tokens by text, which texts_ owns
    std::array<int32_t, 256> byte_tokens_{};             // the token of each byte
    size_t longest_text_ = 0;                            // bytes
    MergeTable merges_;
    TokenMatcher always_;   // user-defined tokens: matched in any text
    TokenMatcher special_;  // those and control tokens
};

}  // namespace longleaf
