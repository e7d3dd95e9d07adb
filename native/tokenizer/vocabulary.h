// What tokenizers of every kind read from a file: texts, kinds, special tokens, ends.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/matcher.h"
#include "tokenizer/tokenizer.h"

namespace longleaf {

inline constexpr auto damaged_vocabulary = "The vocabulary is damaged. Look for another file of this model.";

class VocabularyTokenizer : public Tokenizer {
  public:
    VocabularyTokenizer(const Gguf&, int vocab);

  protected:
    enum class Kind : uint8_t { normal, unknown, control, user_defined, unused, byte };

    /// Cuts tokens of fixed text out: plain(stretch) for what lies between them, token(id) for each. Control
    /// tokens are such only where `special`.
    template <class Plain, class Token>
    void cut(std::string_view text, bool special, Plain&& plain, Token&& token) const {
        check_length(text);
        const auto& matcher = special ? special_ : always_;
        for (size_t at = 0; at < text.size();) {
            const auto match = matcher.find(text, at);
            if (match.at > at) plain(text.substr(at, match.at - at));
            if (match.bytes > 0) token(match.token);
            at = match.at + match.bytes;
        }
    }
    Kind kind_of(int32_t token) const;  // bad_request when it is not in the vocabulary

    std::vector<Kind> kinds_;                            // (V)
    std::unordered_map<std::string_view, int32_t> ids_;  // normal tokens by text, which texts_ owns
    size_t longest_text_ = 0;                            // bytes

  private:
    void read_texts(const Gguf&, int vocab);
    void read_kinds(const Gguf&);
    void read_ends(const Gguf&);
    void check_length(std::string_view text) const;

    TokenMatcher always_;   // user-defined tokens: matched in any text
    TokenMatcher special_;  // those and control tokens
};

}  // namespace longleaf
