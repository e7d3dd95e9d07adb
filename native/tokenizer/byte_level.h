// The GPT-2 byte alphabet: every byte written as one printable character, so that vocabularies are text.
#pragma once

#include <string>
#include <string_view>

namespace longleaf {

/// Each byte as its character.
std::string bytes_to_text(std::string_view bytes);
/// The inverse; a character outside the alphabet stands for its own UTF-8 bytes.
std::string text_to_bytes(std::string_view text);

}  // namespace longleaf
