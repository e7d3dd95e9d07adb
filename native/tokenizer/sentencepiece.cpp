#include "tokenizer/sentencepiece.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine.h"
#include "model/describe.h"
#include "tokenizer/unicode.h"

namespace longleaf {
namespace {

constexpr std::string_view space_sign = "\xe2\x96\x81";  // U+2581
constexpr size_t cached_word_bytes = 48, cached_words = size_t{1} << 16;
constexpr uint32_t none = 0xffffffff;

std::string escaped(std::string_view text, bool space_first) {
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    if (space_first) out += space_sign;
    for (const char c : text) c == ' ' ? out += space_sign : out += c;
    return out;
}

/// The byte of "<0xNN>", or -1.
int spelled_byte(std::string_view text) {
    int value = -1;
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
    const auto [end, error] = std::from_chars(text.data() + 3, text.data() + 5, value, 16);
    return error == std::errc() && end == text.data() + 5 && value >= 0 ? value : -1;
}

/// Whether a space follows another character in it.
bool has_inner_space(std::string_view text) {
    for (size_t at = text.find(space_sign); at != std::string_view::npos;
         at = text.find(space_sign, at + space_sign.size()))
        if (at > 0 && (at < space_sign.size() || text.substr(at - space_sign.size(), 3) != space_sign))
            return true;
    return false;
}

}  // namespace

struct SentencePieceTokenizer::Scratch {
    struct Symbol {
        uint32_t begin, end;  // bytes of the word; empty once merged into the one before
        uint32_t before, after;
    };
    struct Pair {
        float score;
        uint32_t left, right, bytes;
        /// Highest score first, then leftmost.
        bool operator<(const Pair& other) const {
            return score != other.score ? score < other.score : left > other.left;
        }
    };
    struct Slice {
        size_t begin, end;
    };
    std::vector<Symbol> symbols;
    std::vector<Pair> heap;
    std::unordered_map<std::string, Slice> seen;  // words of the text -> slice of tokens
    std::vector<int32_t> tokens;
};

SentencePieceTokenizer::SentencePieceTokenizer(const Gguf& gguf, int vocab)
    : VocabularyTokenizer(gguf, vocab),
      space_first_(gguf.boolean("tokenizer.ggml.add_space_prefix").value_or(true)),
      drops_spaces_(gguf.text("general.architecture").value_or("") == "phi3") {
    read_scores(gguf);
    read_bytes(gguf);
    words_are_apart_ =
        std::none_of(ids_.begin(), ids_.end(), [](const auto& each) { return has_inner_space(each.first); });
}

void SentencePieceTokenizer::read_scores(const Gguf& gguf) {
    const auto* scores = gguf.array("tokenizer.ggml.scores");
    if (!scores || scores->floats.size() != texts_.size())
        gguf.fail(ErrorCode::bad_model,
                  "key \"tokenizer.ggml.scores\" must have " + std::to_string(texts_.size()) +
                      " numbers, found " + std::to_string(scores ? scores->floats.size() : 0),
                  damaged_vocabulary);
    scores_ = scores->floats;
    for (size_t i = 0; i < scores_.size(); ++i)
        if (std::isnan(scores_[i]))
            gguf.fail(ErrorCode::bad_model,
                      "token " + std::to_string(i) + " has a score that is not a number", damaged_vocabulary);
}

void SentencePieceTokenizer::read_bytes(const Gguf& gguf) {
    byte_tokens_.fill(token_id(gguf, "tokenizer.ggml.unknown_token_id", static_cast<int>(texts_.size())));
    for (size_t i = 0; i < texts_.size(); ++i) {
        if (kinds_[i] != Kind::byte) continue;
        const int byte = spelled_byte(texts_[i]);
        if (byte < 0)
            gguf.fail(
                ErrorCode::bad_model,
                "token " + std::to_string(i) + " stands for a byte, but is spelled " + quoted(texts_[i]),
                damaged_vocabulary);
        byte_tokens_[static_cast<size_t>(byte)] = static_cast<int32_t>(i);
    }
    for (size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
        if (byte_tokens_[byte] >= 0) continue;
        const auto found = ids_.find(std::string(1, static_cast<char>(byte)));
        if (found == ids_.end())
            gguf.fail(
                ErrorCode::bad_model,
                "the vocabulary has no token for byte " + std::to_string(byte) + " and no unknown token",
                damaged_vocabulary);
        byte_tokens_[byte] = found->second;
    }
}

bool SentencePieceTokenizer::starts_afresh(const std::vector<int32_t>& out) const {
    if (out.empty()) return true;
    const Kind kind = kind_of(out.back());
    return kind == Kind::control || kind == Kind::user_defined;
}

void SentencePieceTokenizer::encode(std::string_view text, bool special, std::vector<int32_t>& out) const {
    Scratch scratch;
    bool drop = false;
    cut(
        text, special,
        [&](std::string_view plain) {
            if (drop) plain.remove_prefix(std::min(plain.size(), plain.find_first_not_of(" \t\n\r")));
            if (!plain.empty()) encode_plain(plain, scratch, out);
            drop = false;
        },
        [&](int32_t token) {
            out.push_back(token);
            drop = drops_spaces_ && kind_of(token) == Kind::control && token != bos_;
        });
}

/// Where the word that starts at `from` ends: before the next space that follows another character.
size_t SentencePieceTokenizer::word_end(std::string_view text, size_t from) const {
    if (!words_are_apart_) return text.size();
    size_t at = from;
    while (text.substr(at).starts_with(space_sign)) at += space_sign.size();
    return std::min(text.size(), text.find(space_sign, at));
}

void SentencePieceTokenizer::encode_plain(std::string_view text, Scratch& scratch,
                                          std::vector<int32_t>& out) const {
    const std::string all = escaped(text, space_first_ && starts_afresh(out));
    for (size_t from = 0; from < all.size();) {
        const size_t end = word_end(all, from);
        const auto word = std::string_view(all).substr(from, end - from);
        from = end;
        if (word.size() > cached_word_bytes) {
            encode_word(word, scratch, out);
            continue;
        }
        auto found = scratch.seen.find(std::string(word));
        if (found == scratch.seen.end()) {
            if (scratch.seen.size() == cached_words) scratch.seen.clear(), scratch.tokens.clear();
            const size_t begin = scratch.tokens.size();
            encode_word(word, scratch, scratch.tokens);
            found = scratch.seen.emplace(word, Scratch::Slice{begin, scratch.tokens.size()}).first;
        }
        const auto [begin, last] = found->second;
        out.insert(out.end(), scratch.tokens.begin() + static_cast<ptrdiff_t>(begin),
                   scratch.tokens.begin() + static_cast<ptrdiff_t>(last));
    }
}

const int32_t* SentencePieceTokenizer::find(std::string_view text) const {
    if (text.size() > longest_text_) return nullptr;
    const auto found = ids_.find(text);
    return found == ids_.end() ? nullptr : &found->second;
}

void SentencePieceTokenizer::encode_word(std::string_view word, Scratch& scratch,
                                         std::vector<int32_t>& out) const {
    auto& symbols = scratch.symbols;
    auto& heap = scratch.heap;
    symbols.clear(), heap.clear();
    for (size_t at = 0; at < word.size();) {
        const auto bytes = decode_utf8(word.substr(at)).bytes;
        const auto index = static_cast<uint32_t>(symbols.size()), begin = static_cast<uint32_t>(at);
        symbols.push_back({begin, begin + bytes, index == 0 ? none : index - 1, index + 1});
        at += bytes;
    }
    symbols.back().after = none;
    const auto text_of = [&](uint32_t left, uint32_t right) {
        return word.substr(symbols[left].begin, symbols[right].end - symbols[left].begin);
    };
    const auto push = [&](uint32_t left, uint32_t right) {
        if (left == none || right == none) return;
        const auto text = text_of(left, right);
        if (const int32_t* token = find(text)) {
            heap.push_back(
                {scores_[static_cast<size_t>(*token)], left, right, static_cast<uint32_t>(text.size())});
            std::push_heap(heap.begin(), heap.end());
        }
    };
    for (uint32_t i = 1; i < symbols.size(); ++i) push(i - 1, i);
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end());
        const auto [score, left, right, bytes] = heap.back();
        heap.pop_back();
        auto &a = symbols[left], &b = symbols[right];
        // Either side may have grown or gone since the pair was queued.
        if (a.begin == a.end || b.begin == b.end || b.end - a.begin != bytes || a.after != right) continue;
        a.end = b.end, b.begin = b.end;
        a.after = b.after;
        if (a.after != none) symbols[a.after].before = left;
        push(a.before, left);
        push(left, a.after);
    }
    for (uint32_t i = 0; i != none; i = symbols[i].after) {
        const auto text = text_of(i, i);
        if (const int32_t* token = find(text))
            out.push_back(*token);
        else
            for (const unsigned char byte : text) out.push_back(byte_tokens_[byte]);
    }
}

std::string SentencePieceTokenizer::piece(int32_t token) const {
    const Kind kind = kind_of(token);
    const std::string& text = token_text(token);
    if (kind == Kind::user_defined) return text;
    if (kind == Kind::byte) return std::string(1, static_cast<char>(spelled_byte(text)));
    if (kind != Kind::normal) return {};
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const bool space = std::string_view(text).substr(at).starts_with(space_sign);
        out += space ? ' ' : text[at];
        at += space ? space_sign.size() : 1;
    }
    return out;
}

}  // namespace longleaf
