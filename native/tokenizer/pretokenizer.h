// Cuts text into the words inside which byte-pair merging happens: hand-written scanners that accept exactly
// what the published patterns accept. A byte that is not part of valid UTF-8 counts as a symbol of its own.
//
//   gpt-2      's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//   llama-bpe  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//              | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
#pragma once

#include <cstddef>
#include <string_view>

namespace longleaf {

enum class PreTokenizer { gpt2, llama3 };

/// Bytes of the first word of a non-empty text, at least 1. Calls over a whole text take time linear in it.
size_t next_word(PreTokenizer, std::string_view text);

}  // namespace longleaf
