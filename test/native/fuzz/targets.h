// What is tried on arbitrary bytes: by libFuzzer (*_fuzz.cpp) and by the mutation tests. A target returns, or
// the input has found a bug: a crash, an exception that is not EngineError, or a broken promise.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "engine.h"
#include "model/config.h"
#include "model/describe.h"
#include "model/gguf.h"
#include "model/weights.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/small_vocab.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/unicode.h"

namespace fuzz {

inline void require(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

template <class Step>
void tolerate(Step step) {
    try {
        step();
    } catch (const longleaf::EngineError& e) {
        require(*e.what() != '\0', "errors say something");
    }
}

/// Everything that happens to a file before its weights are used.
inline void gguf(std::span<const uint8_t> bytes) {
    using namespace longleaf;
    tolerate([&] {
        const Gguf file(
            std::make_unique<MappedFile>("fuzz.gguf", std::vector<uint8_t>(bytes.begin(), bytes.end())));
        for (const auto& tensor : file.tensors())
            require(tensor.offset + tensor.bytes <= file.file().size(), "tensors lie inside the file");
        tolerate([&] {
            const auto config = read_config(file);
            tolerate([&] { bind_weights(file, config); });
            describe(file, config);
        });
        if (const auto* tokens = file.strings("tokenizer.ggml.tokens")) {
            const auto tokenizer = Tokenizer::create(file, static_cast<int>(tokens->size()));
            std::vector<int32_t> out;
            tokenizer->encode("hello world <|end|> 123\n \xff", true, out);
            for (const auto token : out) tokenizer->piece(token);
        }
    });
}

/// One of each kind, `which` counted round.
inline const longleaf::Tokenizer& small_tokenizer(size_t which) {
    using longleaf::Tokenizer;
    static const auto all = [] {
        std::vector<std::unique_ptr<Tokenizer>> made;
        for (const char* pre : {"gpt-2", "llama-bpe", "qwen2", "qwen35", "tekken", "gpt-4o", "smollm"})
            made.push_back(Tokenizer::create(gguf_writer::open(small_vocab::writer(pre)),
                                             static_cast<int>(small_vocab::tokens().size())));
        made.push_back(Tokenizer::create(gguf_writer::open(small_vocab::pieces::writer(false)),
                                         small_vocab::pieces::size()));
        return made;
    }();
    return *all[which % all.size()];
}

/// SentencePiece reads its sign for a space as a space.
inline std::string with_spaces(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const bool space = text.substr(at).starts_with("\u2581");
        out += space ? ' ' : text[at];
        at += space ? 3 : 1;
    }
    return out;
}

inline std::string streamed(std::string_view text, size_t step) {
    longleaf::Utf8Stream stream;
    std::string out;
    for (size_t at = 0; at < text.size(); at += step) out += stream.push(text.substr(at, step));
    return out + stream.finish();
}

/// The first byte chooses pattern, special tokens and the size of streamed pieces.
inline void tokenizer(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    const size_t which = bytes[0] >> 4;
    const bool special = bytes[0] & 1, pieces = which % 8 == 7;
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 1, bytes.size() - 1);
    const auto& tokenizer = small_tokenizer(which);
    std::vector<int32_t> tokens;
    tokenizer.encode(text, special, tokens);
    std::string back;
    for (const auto token : tokens) {
        const auto piece = tokenizer.piece(token);
        require(special || !piece.empty(), "no control tokens from plain text");
        back += piece.empty() ? tokenizer.token_text(token) : piece;
    }
    require(back == (pieces ? with_spaces(text) : text), "tokens give the text back");

    const auto whole = streamed(text, text.size() + 1);
    require(streamed(text, 1 + (bytes[0] >> 1) % 5) == whole, "streaming does not depend on the pieces");
    for (std::string_view rest = whole; !rest.empty();) {
        const auto c = longleaf::decode_utf8(rest);
        require(c.state == longleaf::Utf8::whole, "streamed text is valid UTF-8");
        rest.remove_prefix(c.bytes);
    }
}

}  // namespace fuzz
