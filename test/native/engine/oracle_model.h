// The random Llamas of test/eval/oracle/generator.py, made again from their seed, and the logits an
// independent implementation gave for them (test/fixtures/logits). The two generators must stay equal line by
// line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/tiny_model.h"
#include "ops/quant.h"

namespace oracle {

using longleaf::DType;

struct Config {
    std::string name;
    uint64_t seed = 0;
    uint32_t layers = 0, channels = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0, vocab = 0, context = 0;
    float rope_base = 0, eps = 0;
    bool tied = false;
    float linear = 0;                                        // 0: positions are not scaled
    std::vector<float> factors;                              // (D / 2) of llama3 scaling, or none
    std::vector<std::pair<int, std::vector<float>>> logits;  // after so many tokens: (V)
    bool blocks() const { return (channels | ffn | heads * head_dim) % 32 == 0; }  // Q8_0 can hold it
};

inline std::vector<Config> read(const std::string& path) {
    std::vector<Config> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        const auto rest = [&](std::vector<float>& into) {
            for (float value; words >> value;) into.push_back(value);
        };
        if (kind == "config") {
            Config& c = all.emplace_back();
            words >> c.name >> c.seed >> c.layers >> c.channels >> c.heads >> c.kv_heads >> c.head_dim >>
                c.ffn >> c.vocab >> c.context >> c.rope_base >> c.eps >> c.tied >> c.linear;
        } else if (kind == "factors") {
            rest(all.back().factors);
        } else if (kind == "logits") {
            int length = 0;
            words >> length;
            rest(all.back().logits.emplace_back(length, std::vector<float>()).second);
        }
    }
    return all;
}

/// The output function of splitmix64, of z + its increment.
inline uint64_t finalise(uint64_t z) {
    z += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

/// Value i of a stream; a tensor or the tokens have one each.
struct Draws {
    Draws(uint64_t seed, uint64_t stream) : key(finalise((seed << 32) + stream)) {}
    uint64_t at(uint64_t i) const { return finalise(key + i); }
    int integer(uint64_t i) const { return std::max(static_cast<int>(at(i) >> 56) - 128, -127); }
    uint64_t key;
};

/// k of a matrix of so many inputs: its weights are whole numbers times 2^-k.
inline int exponent(uint64_t inputs) {
    int k = 6;
    while ((uint64_t{1} << (2 * (k - 6))) < inputs) ++k;
    return k;
}

inline std::vector<int32_t> tokens(const Config& c, int count) {
    const Draws draws(c.seed, 1 << 20);
    std::vector<int32_t> ids(static_cast<size_t>(count));
    for (size_t i = 0; i < ids.size(); ++i) {
        const uint64_t bits = draws.at(i);
        ids[i] = (bits >> 8) % 3 == 0 && i > 40 ? ids[i - 37] : static_cast<int32_t>(bits & 255);
    }
    return ids;
}

/// q * 2^-k, exactly, in any of the types.
inline void store(gguf_writer::Bytes& out, DType type, const Draws& draws, uint64_t first, uint64_t count,
                  int k) {
    const float step = std::ldexp(1.0f, -k);
    for (uint64_t i = first; i < first + count; ++i) {
        const float value = static_cast<float>(draws.integer(i)) * step;
        uint32_t bits;
        std::memcpy(&bits, &value, 4);
        if (type == DType::f32) gguf_writer::put(out, value);
        if (type == DType::bf16) gguf_writer::put(out, static_cast<uint16_t>(bits >> 16));
        if (type == DType::f16) {
            const uint32_t exponent = (bits >> 23) & 0xff;  // of a normal half, or the value is 0
            const uint32_t half = value == 0 ? 0 : ((exponent - 112) << 10) | ((bits >> 13) & 0x3ff);
            gguf_writer::put(out, static_cast<uint16_t>(((bits >> 16) & 0x8000) | half));
        }
        if (type == DType::q8_0) {
            if (i % 32 == 0) gguf_writer::put(out, static_cast<uint16_t>((15 - k) << 10));  // 2^-k
            gguf_writer::put(out, static_cast<int8_t>(draws.integer(i)));
        }
    }
}

/// The model as a GGUF file with its matrices in `type`.
inline void write(const Config& c, DType type, const std::string& path) {
    gguf_writer::Writer w;
    w.text("general.architecture", "llama").text("general.name", c.name);
    w.u32("llama.block_count", c.layers).u32("llama.context_length", c.context);
    w.u32("llama.embedding_length", c.channels).u32("llama.feed_forward_length", c.ffn);
    w.u32("llama.attention.head_count", c.heads).u32("llama.attention.head_count_kv", c.kv_heads);
    w.u32("llama.attention.key_length", c.head_dim).u32("llama.attention.value_length", c.head_dim);
    w.u32("llama.rope.dimension_count", c.head_dim).f32("llama.rope.freq_base", c.rope_base);
    w.f32("llama.attention.layer_norm_rms_epsilon", c.eps);
    if (c.linear > 0) w.text("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", c.linear);
    w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    std::vector<std::string> texts;
    for (int b = 0; b < 256; ++b) texts.push_back(tiny::byte_text(b));
    while (texts.size() < c.vocab) texts.push_back(std::to_string(texts.size()) + "#");
    std::vector<int32_t> types(c.vocab, 3);
    std::fill(types.begin(), types.begin() + 256, 1);
    w.strings("tokenizer.ggml.tokens", texts).integers("tokenizer.ggml.token_type", types);
    w.strings("tokenizer.ggml.merges", {});
    w.u32("tokenizer.ggml.bos_token_id", 256).u32("tokenizer.ggml.eos_token_id", 257);

    const auto matrix = [&](const std::string& name, uint64_t stream, int64_t rows, int64_t cols, int k) {
        gguf_writer::TensorRecord record{name, {cols, rows}, static_cast<uint32_t>(type), {}};
        store(record.data, type, Draws(c.seed, stream), 0, static_cast<uint64_t>(rows * cols), k);
        w.tensors.push_back(std::move(record));
    };
    const auto vector = [&](const std::string& name, size_t count, const auto& value) {
        gguf_writer::TensorRecord record{name, {static_cast<int64_t>(count)}, 0, {}};
        for (size_t i = 0; i < count; ++i) gguf_writer::put(record.data, value(i));
        w.tensors.push_back(std::move(record));
    };
    const auto norm = [&](const std::string& name, uint64_t stream) {
        const Draws draws(c.seed, stream);
        vector(name, c.channels,
               [&](size_t i) { return 1 + std::ldexp(static_cast<float>(draws.integer(i)), -10); });
    };
    const int64_t C = c.channels, F = c.ffn, V = c.vocab, Q = int64_t{c.heads} * c.head_dim,
                  G = int64_t{c.kv_heads} * c.head_dim;
    const int from_c = exponent(c.channels);
    matrix("token_embd.weight", 0, V, C, c.tied ? from_c : 6);
    norm("output_norm.weight", 1);
    if (!c.tied) matrix("output.weight", 2, V, C, from_c);
    if (!c.factors.empty())
        vector("rope_freqs.weight", c.factors.size(), [&](size_t i) { return c.factors[i]; });
    for (uint32_t layer = 0; layer < c.layers; ++layer) {
        const uint64_t at = 3 + 9 * layer;
        const std::string p = "blk." + std::to_string(layer) + ".";
        norm(p + "attn_norm.weight", at);
        matrix(p + "attn_q.weight", at + 1, Q, C, from_c - 1);
        matrix(p + "attn_k.weight", at + 2, G, C, from_c - 1);
        matrix(p + "attn_v.weight", at + 3, G, C, from_c);
        matrix(p + "attn_output.weight", at + 4, C, Q, exponent(static_cast<uint64_t>(Q)));
        norm(p + "ffn_norm.weight", at + 5);
        matrix(p + "ffn_gate.weight", at + 6, F, C, from_c);
        matrix(p + "ffn_up.weight", at + 7, F, C, from_c);
        matrix(p + "ffn_down.weight", at + 8, C, F, exponent(c.ffn));
    }
    const auto bytes = w.build();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace oracle
