// Cuts text into the words inside which byte-pair merging happens: hand-written scanners that accept exactly
// what the published patterns accept. A byte that is not part of valid UTF-8 counts as a symbol of its own.
//
//   gpt-2      's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//   smollm     each \p{N} by itself, then gpt-2 on what lies between
//   llama-bpe  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//              | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//   qwen2      llama-bpe with \p{N}
//   qwen35     qwen2 with [\p{L}\p{M}]+ for \p{L}+, and no \p{M} among [^\s\p{L}\p{N}]
//   tekken     [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
//              |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
//              |\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
//   gpt-4o     tekken with (?i:'s|'t|'re|'ve|'m|'ll|'d)? after letters, and \p{N}{1,3}
#pragma once

#include <cstddef>
#include <string_view>

namespace longleaf {

enum class PreTokenizer { gpt2, smollm, llama3, qwen2, qwen35, tekken, gpt4o };

/// Bytes of the first word of a non-empty text, at least 1. Calls over a whole text take time linear in it.
size_t next_word(PreTokenizer, std::string_view text);

}  // namespace longleaf
