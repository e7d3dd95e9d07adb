// A byte-level BPE vocabulary small enough to tokenise by hand.
#pragma once

#include <cstdio>

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

/// SentencePiece: <unk>, <s>, </s>, the 256 bytes, a user-defined token, and pieces with scores: the longer
/// of two is not always the better.
namespace pieces {

constexpr int unknown = 0, begin = 1, end = 2, first_byte = 3, at_at = 259, first_piece = 260;

inline const std::vector<std::pair<std::string, float>> scored = {{"\u2581", -1},
                                                                  {"h", -2},
                                                                  {"e", -3},
                                                                  {"l", -4},
                                                                  {"o", -5},
                                                                  {"w", -6},
                                                                  {"r", -7},
                                                                  {"d", -8},
                                                                  {"\u2581h", -20},
                                                                  {"he", -9},
                                                                  {"ll", -10},
                                                                  {"hell", -11},
                                                                  {"\u2581hello", -12},
                                                                  {"hello", -13},
                                                                  {"\u2581w", -14},
                                                                  {"or", -15},
                                                                  {"ld", -16},
                                                                  {"\u2581wor", -17},
                                                                  {"\u2581world", -18},
                                                                  {"\u2581\u2581", -19},
                                                                  {"é", -21},
                                                                  {"a", -22},
                                                                  {"aa", -23},
                                                                  {"\n", -24}};

inline gguf_writer::Writer writer(bool space_first = true) {
    std::vector<std::string> texts = {"<unk>", "<s>", "</s>"};
    std::vector<int32_t> types = {2, 3, 3};
    std::vector<float> scores(260, 0.0f);
    for (int byte = 0; byte < 256; ++byte) {
        char text[8];
        std::snprintf(text, sizeof text, "<0x%02X>", byte);
        texts.push_back(text), types.push_back(6);
    }
    texts.push_back("@@"), types.push_back(4);
    for (const auto& [text, score] : scored)
        texts.push_back(text), types.push_back(1), scores.push_back(score);
    gguf_writer::Writer w;
    w.text("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", texts);
    w.integers("tokenizer.ggml.token_type", types).floats("tokenizer.ggml.scores", scores);
    w.u32("tokenizer.ggml.bos_token_id", begin).u32("tokenizer.ggml.eos_token_id", end);
    w.u32("tokenizer.ggml.unknown_token_id", unknown);
    if (!space_first) w.boolean("tokenizer.ggml.add_space_prefix", 0);
    return w;
}

inline int size() { return first_piece + static_cast<int>(scored.size()); }

}  // namespace pieces

}  // namespace small_vocab
