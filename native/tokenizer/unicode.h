// UTF-8 and the character classes of pre-tokenizer patterns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/unicode_tables.h"

namespace longleaf {

constexpr uint32_t not_a_character = 0xffffffff;

enum class Utf8 { whole, incomplete, invalid };

struct Utf8Char {
    uint32_t code = not_a_character;  // unless whole
    uint32_t bytes = 0;               // taken from the text, at least 1
    Utf8 state = Utf8::invalid;
};

/// The character at the start of a non-empty text. Invalid: `bytes` is the longest part that could have
/// begun a character (what one U+FFFD stands for). Incomplete: the text ends inside a so far valid one.
Utf8Char decode_utf8(std::string_view text);

void append_utf8(uint32_t code, std::string& out);

CharClass char_class(uint32_t code);

}  // namespace longleaf
