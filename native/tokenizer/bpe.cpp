#include "tokenizer/bpe.h"

#include "engine.h"
#include "model/describe.h"
#include "tokenizer/byte_level.h"

namespace longleaf {
namespace {

constexpr size_t cached_word_bytes = 32, cached_words = size_t{1} << 16;

}  // namespace

struct BpeTokenizer::Scratch {
    explicit Scratch(const MergeTable& merges) : merger(merges) {}
    struct Slice {
        size_t begin, end;
    };
    WordMerger merger;
    std::vector<int32_t> symbols;                      // of the current word
    std::unordered_map<std::string_view, Slice> seen;  // words of the text -> slice of tokens
    std::vector<int32_t> tokens;
};

BpeTokenizer::BpeTokenizer(const Gguf& gguf, int vocab, PreTokenizer pattern, bool whole_words_first)
    : VocabularyTokenizer(gguf, vocab), pattern_(pattern), whole_words_first_(whole_words_first) {
    read_bytes(gguf);
    read_merges(gguf);
}

void BpeTokenizer::read_bytes(const Gguf& gguf) {
    const int32_t unknown =
        token_id(gguf, "tokenizer.ggml.unknown_token_id", static_cast<int>(texts_.size()));
    for (int byte = 0; byte < 256; ++byte) {
        const auto found = ids_.find(bytes_to_text(std::string(1, static_cast<char>(byte))));
        byte_tokens_[byte] = found != ids_.end() ? found->second : unknown;
        if (byte_tokens_[byte] < 0)
            gguf.fail(
                ErrorCode::bad_model,
                "the vocabulary has no token for byte " + std::to_string(byte) + " and no unknown token",
                damaged_vocabulary);
    }
}

void BpeTokenizer::read_merges(const Gguf& gguf) {
    const auto* lines = gguf.strings("tokenizer.ggml.merges");
    if (!lines)
        gguf.fail(ErrorCode::bad_model, "key \"tokenizer.ggml.merges\" is missing", damaged_vocabulary);
    // A token that is not normal must never come out of merging, so its merges are left out.
    std::unordered_map<std::string_view, int32_t> others;
    for (size_t i = 0; i < texts_.size(); ++i)
        if (kinds_[i] != Kind::normal) others.emplace(texts_[i], static_cast<int32_t>(i));
    uint32_t rank = 0;
    for (const auto line : *lines) {
        const auto space = line.find(' ', 1);
        if (space == std::string_view::npos || space + 1 == line.size())
            gguf.fail(ErrorCode::bad_model, "merge " + std::to_string(rank) + " is not a pair of tokens",
                      damaged_vocabulary);
        const std::string whole = std::string(line.substr(0, space)).append(line.substr(space + 1));
        const std::array<std::string_view, 3> parts = {line.substr(0, space), line.substr(space + 1), whole};
        int32_t ids[3];
        bool usable = true;
        for (int i = 0; i < 3; ++i) {
            const auto found = ids_.find(parts[i]);
            if (found == ids_.end() && !others.contains(parts[i]))
                gguf.fail(
                    ErrorCode::bad_model,
                    "merge " + std::to_string(rank) + " needs a token that the vocabulary does not have",
                    damaged_vocabulary);
            usable = usable && found != ids_.end();
            ids[i] = found != ids_.end() ? found->second : -1;
        }
        if (usable) merges_.add(ids[0], {ids[1], ids[2], rank});
        ++rank;
    }
    merges_.seal(static_cast<int>(texts_.size()));
}

void BpeTokenizer::encode(std::string_view text, bool special, std::vector<int32_t>& out) const {
    Scratch scratch(merges_);
    cut(
        text, special, [&](std::string_view plain) { encode_words(plain, scratch, out); },
        [&out](int32_t token) { out.push_back(token); });
}

void BpeTokenizer::encode_words(std::string_view text, Scratch& scratch, std::vector<int32_t>& out) const {
    while (!text.empty()) {
        const auto word = text.substr(0, next_word(pattern_, text));
        text.remove_prefix(word.size());
        if (word.size() > cached_word_bytes) {
            encode_word(word, scratch, out);
            continue;
        }
        auto found = scratch.seen.find(word);
        if (found == scratch.seen.end()) {
            if (scratch.seen.size() == cached_words) {
                scratch.seen.clear();
                scratch.tokens.clear();
            }
            const size_t begin = scratch.tokens.size();
            encode_word(word, scratch, scratch.tokens);
            found = scratch.seen.emplace(word, Scratch::Slice{begin, scratch.tokens.size()}).first;
        }
        const auto& [begin, end] = found->second;
        out.insert(out.end(), scratch.tokens.begin() + static_cast<ptrdiff_t>(begin),
                   scratch.tokens.begin() + static_cast<ptrdiff_t>(end));
    }
}

void BpeTokenizer::encode_word(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const {
    if (whole_words_first_ && word.size() <= longest_text_) {
        const auto found = ids_.find(bytes_to_text(word));
        if (found != ids_.end()) return out.push_back(found->second);
    }
    scratch.symbols.clear();
    for (const unsigned char byte : word) scratch.symbols.push_back(byte_tokens_[byte]);
    scratch.merger.merge(scratch.symbols, out);
}

std::string BpeTokenizer::piece(int32_t token) const {
    const Kind kind = kind_of(token);
    if (kind == Kind::normal) return text_to_bytes(token_text(token));
    return kind == Kind::user_defined ? token_text(token) : std::string();
}

}  // namespace longleaf
