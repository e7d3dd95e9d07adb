// Byte-level byte-pair encoding (tokenizer.ggml.model "gpt2").
#pragma once

#include <array>

#include "tokenizer/merges.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/vocabulary.h"

namespace longleaf {

class BpeTokenizer : public VocabularyTokenizer {
  public:
    /// `whole_words_first`: a word that is a token stays whole, whatever the merges say ("ignore_merges").
    BpeTokenizer(const Gguf&, int vocab, PreTokenizer, bool whole_words_first);
    void encode(std::string_view text, bool special, std::vector<int32_t>& out) const override;
    std::string piece(int32_t token) const override;

  private:
    /// One call's buffers and the words it has already merged.
    struct Scratch;

    void read_bytes(const Gguf&);
    void read_merges(const Gguf&);
    void encode_words(std::string_view text, Scratch&, std::vector<int32_t>& out) const;
    void encode_word(std::string_view word, Scratch&, std::vector<int32_t>& out) const;

    PreTokenizer pattern_;
    bool whole_words_first_;
    std::array<int32_t, 256> byte_tokens_{};  // the token of each byte
    MergeTable merges_;
};

}  // namespace longleaf
