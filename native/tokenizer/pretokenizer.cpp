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
    bool is_letter() const { return bytes != 0 && (of == upper || of == lower || of == letter); }
    bool is_symbol() const { return bytes != 0 && (of == other || of == mark); }
    bool newline() const { return code == '\r' || code == '\n'; }
};

Char char_at(std::string_view text, size_t at) {
    if (at >= text.size()) return {};
    const auto found = decode_utf8(text.substr(at));
    if (found.state != Utf8::whole) return {not_a_character, 1, other};
    return {found.code, found.bytes, char_class(found.code)};
}

/// Where the run of characters of one sort that starts at `at` ends, after at most `most` of them.
template <class Sort>
size_t run_end(std::string_view text, size_t at, Sort sort, size_t most = SIZE_MAX) {
    for (; most > 0; --most) {
        const Char c = char_at(text, at);
        if (c.end() || !sort(c)) break;
        at += c.bytes;
    }
    return at;
}

bool is_letter(const Char& c) { return c.is_letter(); }
bool is_letter_or_mark(const Char& c) { return c.is_letter() || c.is(mark); }
bool is_number(const Char& c) { return c.is(number); }
bool is_symbol(const Char& c) { return c.is_symbol(); }
bool is_plain_symbol(const Char& c) { return c.is(other); }

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
    if (c.is_letter()) return run_end(text, start, is_letter);
    if (c.is(number)) return run_end(text, start, is_number);
    if (c.is_symbol()) return run_end(text, start, is_symbol);
    return space_run(text);
}

/// As gpt2_word on the text up to the next number.
size_t smollm_word(std::string_view text) {
    const Char first = char_at(text, 0);
    if (first.is(number)) return first.bytes;
    const size_t spaces = run_end(text, 0, [](const Char& c) { return c.is(space); });
    return spaces > 0 && char_at(text, spaces).is(number) ? spaces : gpt2_word(text);
}

/// ` ?`, symbols, and the line ends (and slashes) that follow them; 0 where there are none.
template <class Sort>
size_t symbol_word(std::string_view text, Sort sort, bool slashes) {
    const size_t start = text[0] == ' ' ? 1 : 0;
    size_t end = run_end(text, start, sort);
    if (end == start) return 0;
    while (end < text.size() && (text[end] == '\r' || text[end] == '\n' || (slashes && text[end] == '/')))
        ++end;
    return end;
}

size_t space_word(std::string_view text) {
    if (const size_t end = newline_run(text)) return end;
    return space_run(text);
}

/// llama-bpe and those like it: letters, with one character before them that is no line end, letter or
/// number.
template <class Letter, class Symbol>
size_t llama3_word(std::string_view text, size_t digits, Letter letters, Symbol symbols) {
    if (const size_t bytes = contraction(text, true)) return bytes;
    const Char first = char_at(text, 0);
    if (first.is_letter()) return run_end(text, 0, letters);
    if (first.is(number)) return run_end(text, 0, is_number, digits);
    if (!first.newline() && letters(char_at(text, first.bytes))) return run_end(text, first.bytes, letters);
    if (letters(first)) return run_end(text, 0, letters);
    if (const size_t end = symbol_word(text, symbols, false)) return end;
    return space_word(text);
}

/// End of the first alternative of tekken's letters from `at` on, or 0: capitals, then small letters. What is
/// neither counts as both, so the last of those can end a run of capitals.
size_t cased_end(std::string_view text, size_t at) {
    size_t end = at, neutral_end = 0;
    for (Char c = char_at(text, end); c.is(upper) || c.is(letter) || c.is(mark); c = char_at(text, end)) {
        end += c.bytes;
        if (c.of != upper) neutral_end = end;
    }
    const size_t small =
        run_end(text, end, [](const Char& c) { return c.is(lower) || c.is(letter) || c.is(mark); });
    return small > end ? small : neutral_end;
}

/// tekken's letters at the start of the text, or 0.
size_t cased_word(std::string_view text) {
    const Char first = char_at(text, 0);
    const bool prefix = !first.newline() && !first.is_letter() && !first.is(number);
    if (prefix)
        if (const size_t end = cased_end(text, first.bytes)) return end;
    if (const size_t end = cased_end(text, 0)) return end;
    const size_t start = prefix ? first.bytes : 0;
    const size_t end = run_end(text, start, [](const Char& c) { return c.is(upper); });
    return end > start ? end : 0;
}

size_t tekken_word(std::string_view text, size_t digits, bool contractions) {
    if (const size_t end = cased_word(text))
        return end + (contractions && end < text.size() ? contraction(text.substr(end), true) : 0);
    if (char_at(text, 0).is(number)) return run_end(text, 0, is_number, digits);
    if (const size_t end = symbol_word(text, is_symbol, true)) return end;
    return space_word(text);
}

}  // namespace

size_t next_word(PreTokenizer pattern, std::string_view text) {
    switch (pattern) {
        case PreTokenizer::gpt2:
            return gpt2_word(text);
        case PreTokenizer::smollm:
            return smollm_word(text);
        case PreTokenizer::llama3:
            return llama3_word(text, 3, is_letter, is_symbol);
        case PreTokenizer::qwen2:
            return llama3_word(text, 1, is_letter, is_symbol);
        case PreTokenizer::qwen35:
            return llama3_word(text, 1, is_letter_or_mark, is_plain_symbol);
        case PreTokenizer::tekken:
            return tekken_word(text, 1, false);
        case PreTokenizer::gpt4o:
            return tekken_word(text, 3, true);
    }
    return text.size();
}

}  // namespace longleaf
