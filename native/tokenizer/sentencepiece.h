// SentencePiece's byte-pair encoding (tokenizer.ggml.model "llama"): spaces are the character U+2581,
// neighbours merge by the score of what they become, and what is no token is spelled in bytes.
#pragma once

#include <array>

#include "tokenizer/vocabulary.h"

namespace longleaf {

class SentencePieceTokenizer : public VocabularyTokenizer {
  public:
    SentencePieceTokenizer(const Gguf&, int vocab);
    void encode(std::string_view text, bool special, std::vector<int32_t>& out) const override;
    std::string piece(int32_t token) const override;

  private:
    /// One call's buffers and the words it has already merged.
    struct Scratch;

    void read_scores(const Gguf&);
    void read_bytes(const Gguf&);
    void encode_plain(std::string_view text, Scratch&, std::vector<int32_t>& out) const;
    size_t word_end(std::string_view escaped, size_t from) const;
    void encode_word(std::string_view word, Scratch&, std::vector<int32_t>& out) const;
    const int32_t* find(std::string_view text) const;
    bool starts_afresh(const std::vector<int32_t>& out) const;

    std::vector<float> scores_;               // (V)
    std::array<int32_t, 256> byte_tokens_{};  // the token of each byte
    bool space_first_;      // text at the start, or after a special token, gets a space before it
    bool drops_spaces_;     // white space after a special token goes (Phi 3)
    bool words_are_apart_;  // no token has a space after another character: text can be cut before spaces
};

}  // namespace longleaf
