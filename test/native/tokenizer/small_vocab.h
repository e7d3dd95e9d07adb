// A byte-level BPE vocabulary small enough to tokenise by hand.
#pragma once

#include "model/gguf_writer.h"
#include "tokenizer/byte_level.h"

namespace small_vocab {

constexpr int end = 0, user = 1, at_at = 2, pad = 3, first_byte = 4;

/// In order of rank. "Ġ" is the space of the byte alphabet.
inline const std::vector<std::string> merges = {"h e",  "l l", "he ll", "hell o",  "Ġ w",
                                                "o r",  "l d", "Ġw or", "Ġ Ġ",     "1 2",
                                                "12 3", "a a", "aa aa", "Ġwor ld", "' s"};

inline std::vector<std::string> tokens() {
    std::vector<std::string> all = {"<|end|>", "<|user|>", "@@", "[PAD]"};
    for (int byte = 0; byte < 256; ++byte)
        all.push_back(longleaf::bytes_to_text(std::string(1, static_cast<char>(byte))));
    for (const auto& merge : merges) {
        const auto space = merge.find(' ');
        all.push_back(merge.substr(0, space) + merge.substr(space + 1));
    }
    return all;
}

inline std::vector<int32_t> types(size_t vocab) {
    std::vector<int32_t> all(vocab, 1);
    all[end] = all[user] = 3;
    all[at_at] = 4;
    all[pad] = 5;
    return all;
}

inline gguf_writer::Writer writer(const std::string& pre, std::vector<std::string> all = tokens(),
                                  std::vector<std::string> rules = merges) {
    gguf_writer::Writer w;
    w.text("tokenizer.ggml.model", "gpt2");
    if (!pre.empty()) w.text("tokenizer.ggml.pre", pre);
    w.integers("tokenizer.ggml.token_type", types(all.size()));
    w.strings("tokenizer.ggml.tokens", all).strings("tokenizer.ggml.merges", rules);
    w.u32("tokenizer.ggml.eos_token_id", end);
    return w;
}

}  // namespace small_vocab
