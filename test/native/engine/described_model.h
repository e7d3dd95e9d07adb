// The random models of test/eval/oracle/families.py, made again from what test/fixtures/logits/families.txt
// says of them: metadata as it stands there, tensors drawn from their streams.
#pragma once

#include "engine/oracle_model.h"

namespace described {

using longleaf::DType;

struct Model {
    std::string name;
    uint64_t seed = 0;
    uint32_t vocab = 0;
    std::vector<std::vector<std::string>> lines;             // words: kind, name, values
    std::vector<std::pair<int, std::vector<float>>> logits;  // after so many tokens: the first of (V)
};

inline std::vector<Model> read(const std::string& path) {
    std::vector<Model> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream in(line);
        std::vector<std::string> words;
        for (std::string word; in >> word;) words.push_back(word);
        if (words.empty() || words[0] == "#") continue;
        if (words[0] == "model") {
            all.push_back({words.at(1),
                           std::stoull(words.at(2)),
                           static_cast<uint32_t>(std::stoul(words.at(3))),
                           {},
                           {}});
        } else if (words[0] == "logits") {
            auto& [length, row] = all.back().logits.emplace_back();
            length = std::stoi(words.at(1));
            for (size_t i = 2; i < words.size(); ++i) row.push_back(std::stof(words[i]));
        } else {
            all.back().lines.push_back(words);
        }
    }
    return all;
}

inline std::vector<int32_t> tokens(const Model& m, int count) {
    oracle::Config c;
    c.seed = m.seed;
    return oracle::tokens(c, count);
}

inline void add_vocabulary(gguf_writer::Writer& w, uint32_t vocab) {
    w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    std::vector<std::string> texts;
    for (int b = 0; b < 256; ++b) texts.push_back(tiny::byte_text(b));
    while (texts.size() < vocab) texts.push_back(std::to_string(texts.size()) + "#");
    std::vector<int32_t> types(vocab, 3);
    std::fill(types.begin(), types.begin() + 256, 1);
    w.strings("tokenizer.ggml.tokens", texts).integers("tokenizer.ggml.token_type", types);
    w.strings("tokenizer.ggml.merges", {});
    w.u32("tokenizer.ggml.bos_token_id", 256).u32("tokenizer.ggml.eos_token_id", 257);
}

/// One line of metadata.
inline void add_key(gguf_writer::Writer& w, const std::vector<std::string>& words) {
    const std::string &kind = words[0], &key = words.at(1);
    if (kind == "text") w.text(key, words.at(2));
    if (kind == "u32") w.u32(key, static_cast<uint32_t>(std::stoul(words.at(2))));
    if (kind == "f32") w.f32(key, std::stof(words.at(2)));
    if (kind != "bools") return;
    gguf_writer::Bytes value;
    gguf_writer::put<uint32_t>(value, 7);
    gguf_writer::put<uint64_t>(value, words.size() - 2);
    for (size_t i = 2; i < words.size(); ++i) gguf_writer::put(value, static_cast<uint8_t>(words[i] == "1"));
    w.raw(key, 9, value);
}

/// One line of a tensor; matrices in `type`, vectors in F32.
inline void add_tensor(gguf_writer::Writer& w, const Model& m, const std::vector<std::string>& words,
                       DType type) {
    const auto at = [&](size_t i) { return std::stoll(words.at(i)); };
    if (words[0] == "matrix") {
        gguf_writer::TensorRecord record{words.at(1), {at(4), at(3)}, static_cast<uint32_t>(type), {}};
        oracle::store(record.data, type, oracle::Draws(m.seed, static_cast<uint64_t>(at(2))), 0,
                      static_cast<uint64_t>(at(3) * at(4)), static_cast<int>(at(5)));
        w.tensors.push_back(std::move(record));
    } else if (words[0] == "vector") {
        const oracle::Draws draws(m.seed, static_cast<uint64_t>(at(2)));
        gguf_writer::TensorRecord record{words.at(1), {at(3)}, 0, {}};
        for (int64_t i = 0; i < at(3); ++i)
            gguf_writer::put(record.data,
                             static_cast<float>(at(4)) +
                                 std::ldexp(static_cast<float>(draws.integer(static_cast<uint64_t>(i))),
                                            -static_cast<int>(at(5))));
        w.tensors.push_back(std::move(record));
    } else if (words[0] == "factors") {
        gguf_writer::TensorRecord record{words.at(1), {static_cast<int64_t>(words.size()) - 2}, 0, {}};
        for (size_t i = 2; i < words.size(); ++i) gguf_writer::put(record.data, std::stof(words[i]));
        w.tensors.push_back(std::move(record));
    }
}

inline void write(const Model& m, DType type, const std::string& path) {
    gguf_writer::Writer w;
    for (const auto& words : m.lines) add_key(w, words);
    add_vocabulary(w, m.vocab);
    for (const auto& words : m.lines) add_tensor(w, m, words, type);
    const auto bytes = w.build();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace described
