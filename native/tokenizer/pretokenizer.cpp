#include "tokenizer/pretokenizer.h"

#include "tokenizer/unicode.h"

namespace longleaf {
namespace {

using enum CharClass;

struct Char {
    uint32_t code = not_a_character;
    uint32_t bytes = 0;  // 0: the end of the text
    CharClass of = other;

    bool end() const { return bytes == 0; }
    bool is(CharClass wanted) const { return bytes != 0 && of == wanted; }
    bool newline() const { return code == '\r' || code == '\n'; }
};

Char char_at(std::string_view text, size_t at) {
    if (at >= text.size()) return {};
    const auto found = decode_utf8(text.substr(at));
    if (found.state != Utf8::whole) return {not_a_character, 1, other};
    return {found.code, found.bytes, char_class(found.code)};
}

/// Where the run of `of` that starts at `at` ends, after at most `most` characters.
size_t run_end(std::string_view text, size_t at, CharClass of, size_t most = SIZE_MAX) {
    for (; most > 0; --most) {
        const Char c = char_at(text, at);
        if (!c.is(of)) break;
        at += c.bytes;
    }
    return at;
}

/// Bytes of a contraction ('s, 't, 're, 've, 'm, 'll, 'd) at the start of the text, or 0.
size_t contraction(std::string_view text, bool any_case) {
    if (text.size() < 2 || text[0] != '\'') return 0;
    constexpr std::string_view long_s = "\xc5\xbf";  // U+017F folds to s
    if (any_case && text.substr(1).starts_with(long_s)) return 1 + long_s.size();
    const auto letter_at = [&](size_t at) {
        const char c = at < text.size() ? text[at] : '\0';
        return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    const char first = letter_at(1), second = letter_at(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l'))
        return 3;
    return 0;
}

/// \s+(?!\S)|\s+ : a run of white space leaves its last character to the word that follows.
size_t space_run(std::string_view text) {
    size_t end = 0, last = 0;
    for (Char c = char_at(text, 0); c.is(space); c = char_at(text, end)) {
        last = end;
        end += c.bytes;
    }
    return end < text.size() && last > 0 ? last : end;
}

/// End of \s*[\r\n]+ at the start of the text, or 0.
size_t newline_run(std::string_view text) {
    size_t end = 0, after_newline = 0;
    for (Char c = char_at(text, 0); c.is(space); c = char_at(text, end)) {
        end += c.bytes;
        if (c.newline()) after_newline = end;
    }
    return after_newline;
}

size_t gpt2_word(std::string_view text) {
    if (const size_t bytes = contraction(text, false)) return bytes;
    const size_t start = text[0] == ' ' ? 1 : 0;
    const Char c = char_at(text, start);
    if (!c.end() && c.of != space) return run_end(text, start, c.of);
    return space_run(text);
}

size_t llama3_word(std::string_view text) {
    if (const size_t bytes = contraction(text, true)) return bytes;
    const Char first = char_at(text, 0);
    if (first.is(letter)) return run_end(text, 0, letter);
    if (first.is(number)) return run_end(text, 0, number, 3);
    if (!first.newline() && char_at(text, first.bytes).is(letter)) return run_end(text, first.bytes, letter);
    const size_t start = first.code == ' ' ? 1 : 0;
    if (char_at(text, start).is(other)) {
        size_t end = run_end(text, start, other);
        while (end < text.size() && (text[end] == '\r' || text[end] == '\n')) ++end;
        return end;
    }
    if (const size_t end = newline_run(text)) return end;
    return space_run(text);
}

}  // namespace

size_t next_word(PreTokenizer pattern, std::string_view text) {
    return pattern == PreTokenizer::gpt2 ? gpt2_word(text) : llama3_word(text);
}

}  // namespace longleaf
