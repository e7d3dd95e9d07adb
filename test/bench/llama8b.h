// A GGUF file with the shapes of Llama 3.1 8B and random weights, for timing.
// Its text is noise.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/tiny_model.h"
#include "ops/quant.h"

namespace llama8b {

using longleaf::DType;

/// 2^20 weights of the given type with a spread of about 0.02, over and over
/// from `offset` values on.
class Noise {
  public:
    explicit Noise(DType type) : type_(type) {
        std::mt19937 random(7);
        bytes_.resize(longleaf::row_bytes(type, size_t{1} << 20));
        if (type == DType::q8_0)
            for (size_t i = 0; i < bytes_.size(); i += 34) {
                bytes_[i] = 0x00,
                bytes_[i + 1] = 0x08;  // 2^-13: with q up to 127, at most 0.016
                for (int j = 2; j < 34; ++j) bytes_[i + j] = static_cast<uint8_t>(random());
            }
        else
            for (size_t i = 0; i < bytes_.size(); i += 2) {
                // Exponents of 2^-7 to 2^-6, random sign and fraction: f16 or bf16.
                const uint32_t bits = random();
                const uint32_t exponent = type == DType::f16 ? 8u << 10 : 120u << 7;
                const uint32_t fraction = bits & (type == DType::f16 ? 0x3ff : 0x7f);
                const uint32_t value = (bits & 0x8000) | exponent | fraction;
                bytes_[i] = static_cast<uint8_t>(value), bytes_[i + 1] = static_cast<uint8_t>(value >> 8);
            }
    }
    /// Bytes begin .. end - 1 of a tensor, at `place` of the file.
    void write(std::fstream& out, uint64_t place, uint64_t begin, uint64_t end, uint64_t tensor) const {
        out.seekp(static_cast<std::streamoff>(place));
        const uint64_t unit = longleaf::row_bytes(type_, 32);
        uint64_t at = (tensor * 977 * unit + begin) % bytes_.size();
        while (begin < end) {
            const uint64_t n = std::min<uint64_t>(end - begin, bytes_.size() - at);
            out.write(reinterpret_cast<const char*>(bytes_.data() + at), static_cast<std::streamsize>(n));
            begin += n, at = 0;
        }
    }

  private:
    DType type_;
    std::vector<uint8_t> bytes_;
};

inline gguf_writer::Writer header(int layers) {
    constexpr uint32_t C = 4096, F = 14336, V = 128256;
    gguf_writer::Writer w;
    w.text("general.architecture", "llama").text("general.name", "Random 8B");
    w.u32("llama.block_count", static_cast<uint32_t>(layers)).u32("llama.context_length", 131072 + 4096);
    w.u32("llama.embedding_length", C).u32("llama.feed_forward_length", F);
    w.u32("llama.attention.head_count", 32).u32("llama.attention.head_count_kv", 8);
    w.u32("llama.rope.dimension_count", 128).f32("llama.rope.freq_base", 500000);
    w.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    w.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
    std::vector<std::string> texts;
    for (int b = 0; b < 256; ++b) texts.push_back(tiny::byte_text(b));
    while (texts.size() < V) texts.push_back(std::to_string(texts.size()) + "#");
    std::vector<int32_t> types(V, 1);
    types[256] = types[257] = 3;
    w.strings("tokenizer.ggml.tokens", texts).integers("tokenizer.ggml.token_type", types);
    w.strings("tokenizer.ggml.merges", {});
    w.u32("tokenizer.ggml.bos_token_id", 256).u32("tokenizer.ggml.eos_token_id", 257);
    return w;
}

struct Piece {
    size_t tensor;
    uint64_t begin, end;  // bytes of it
};

/// The data of `tensors`, which begin at `base` of the file and end at `size`
/// from there. All cores write.
inline void fill(const std::string& path, const std::vector<gguf_writer::TensorRecord>& tensors,
                 uint64_t base, uint64_t size, DType type) {
    constexpr uint64_t step = 64 << 20;
    std::vector<Piece> pieces;
    for (size_t i = 0; i < tensors.size(); ++i) {
        const uint64_t end = i + 1 < tensors.size() ? *tensors[i + 1].offset : size;
        const uint64_t bytes = end - *tensors[i].offset;
        for (uint64_t at = 0; at < bytes; at += step) pieces.push_back({i, at, std::min(bytes, at + step)});
    }
    const Noise noise(type);
    const std::vector<float> ones(16384, 1.0f);
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
    const auto work = [&] {
        std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
        for (size_t p = next++; p < pieces.size() && out; p = next++) {
            const auto& [tensor, begin, end] = pieces[p];
            const uint64_t place = base + *tensors[tensor].offset + begin;
            if (tensors[tensor].ne.size() == 2) {
                noise.write(out, place, begin, end, tensor);
                continue;
            }
            out.seekp(static_cast<std::streamoff>(place));
            out.write(reinterpret_cast<const char*>(ones.data()), static_cast<std::streamsize>(end - begin));
        }
        if (!out.flush()) failed = true;
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
        threads.emplace_back(work);
    for (auto& thread : threads) thread.join();
    if (failed) throw std::runtime_error("could not write " + path);
}

/// Writes about 1.06, 2 or 2 bytes per weight to `path`, as fast as memory
/// takes them.
inline void write(const std::string& path, DType type, int layers) {
    constexpr int64_t C = 4096, F = 14336, V = 128256, G = 1024;
    gguf_writer::Writer w = header(layers);
    uint64_t offset = 0;
    const auto add = [&](const std::string& name, std::vector<int64_t> ne) {
        const DType stored = ne.size() == 1 ? DType::f32 : type;
        gguf_writer::TensorRecord record{name, ne, static_cast<uint32_t>(stored), {}};
        record.offset = offset;
        const int64_t rows = ne.size() == 1 ? 1 : ne[1];
        offset += longleaf::row_bytes(stored, static_cast<size_t>(ne[0])) * static_cast<uint64_t>(rows);
        w.tensors.push_back(record);
    };
    add("token_embd.weight", {C, V}), add("output_norm.weight", {C}), add("output.weight", {C, V});
    for (int l = 0; l < layers; ++l) {
        const std::string p = "blk." + std::to_string(l) + ".";
        add(p + "attn_norm.weight", {C}), add(p + "ffn_norm.weight", {C});
        add(p + "attn_q.weight", {C, C}), add(p + "attn_k.weight", {C, G}), add(p + "attn_v.weight", {C, G});
        add(p + "attn_output.weight", {C, C}), add(p + "ffn_gate.weight", {C, F});
        add(p + "ffn_up.weight", {C, F}), add(p + "ffn_down.weight", {F, C});
    }
    const auto head = w.build();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
    fill(path, w.tensors, head.size(), offset, type);
}

}  // namespace llama8b
