// Hyper-parameters: what is read, defaulted and refused.
#include "model/config.h"

#include "check.h"
#include "model/tiny_llama.h"

using namespace longleaf;
using gguf_writer::open;
using gguf_writer::put;
using tiny_llama::header;

namespace {

constexpr auto bad = ErrorCode::bad_model;
constexpr auto unsupported = ErrorCode::unsupported_model;

Config read(const gguf_writer::Writer& w) { return read_config(open(w)); }

gguf_writer::Writer with_rope_factors(std::vector<float> factors, uint32_t type = 0) {
    auto w = header();
    gguf_writer::Bytes data;
    for (const float f : factors) put(data, f);
    const auto count = static_cast<int64_t>(factors.size());
    w.tensors.push_back({"rope_freqs.weight", {type == 0 ? count : count * 2}, type, data});
    return w;
}

}  // namespace

TEST("reads hyper-parameters and their defaults") {
    const auto c = read(header());
    CHECK_EQ(c.architecture, "llama");
    CHECK_EQ(c.layers, 2);
    CHECK_EQ(c.context_length, 256);
    CHECK_EQ(c.channels, 64);
    CHECK_EQ(c.heads, 4);
    CHECK_EQ(c.kv_heads, 2);
    CHECK_EQ(c.head_dim, 16);
    CHECK_EQ(c.ffn, 96);
    CHECK_EQ(c.vocab, 32);
    CHECK_EQ(c.rms_eps, 1e-5f);
    CHECK_EQ(c.rope_base, 10000.0f);
    CHECK_EQ(c.rope_scale, 1.0f);
    CHECK(c.rope_order == RopeOrder::normal && c.rope_factors.empty());
    CHECK_EQ(read(header({{"attention.head_count_kv", std::nullopt}})).kv_heads, 4);
    CHECK_EQ(read(header({{"attention.key_length", 32}, {"attention.value_length", 32}})).head_dim, 32);
    auto w = header();
    w.f32("llama.rope.freq_base", 500000.0f).f32("llama.attention.layer_norm_rms_epsilon", 1e-6f);
    CHECK_EQ(read(w).rope_base, 500000.0f);
    CHECK_EQ(read(w).rms_eps, 1e-6f);
    auto tokens = header({{"vocab_size", std::nullopt}});
    CHECK_EQ(read(tokens.strings("tokenizer.ggml.tokens", {"a", "b", "c"})).vocab, 3);
}

TEST("per-layer arrays count when all layers agree") {
    auto w = header({{"feed_forward_length", std::nullopt}, {"attention.head_count_kv", std::nullopt}});
    w.integers("llama.feed_forward_length", {96, 96}).integers("llama.attention.head_count_kv", {2, 2});
    CHECK_EQ(read(w).ffn, 96);
    CHECK_EQ(read(w).kv_heads, 2);
    auto mixed = header({{"feed_forward_length", std::nullopt}});
    mixed.integers("llama.feed_forward_length", {96, 64});
    CHECK_THROWS(read(mixed), unsupported, "\"llama.feed_forward_length\" differs from layer to layer");
    auto few = header({{"feed_forward_length", std::nullopt}});
    few.integers("llama.feed_forward_length", {96});
    CHECK_THROWS(read(few), bad, "one integer for each of 2 layers, found 1");
    auto texts = header({{"feed_forward_length", std::nullopt}});
    texts.strings("llama.feed_forward_length", {"96", "96"});
    CHECK_THROWS(read(texts), bad, "one integer for each of 2 layers, found 0");
}

TEST("absent and absurd values") {
    CHECK_THROWS(read(gguf_writer::Writer()), bad, "key \"general.architecture\" is missing");
    for (const auto* key : {"block_count", "context_length", "embedding_length", "feed_forward_length",
                            "attention.head_count", "vocab_size"}) {
        CHECK_THROWS(read(header({{key, std::nullopt}})), bad,
                     std::string("key \"llama.") + key + "\" is missing");
        CHECK_THROWS(read(header({{key, 0}})), bad, "found 0");
        CHECK_THROWS(read(header({{key, 0xffffffff}})), bad, "found 4294967295");
    }
    CHECK_THROWS(read(header({{"attention.head_count_kv", 0}})), bad, "must be from 1 to 1024, found 0");
    CHECK_THROWS(read(header({{"attention.head_count_kv", 3}})), bad, "4 heads cannot share 3 kv heads");
    CHECK_THROWS(read(header({{"attention.head_count", 6}, {"attention.head_count_kv", 6}})), bad,
                 "embedding length 64 is not a multiple of 6 heads");
    CHECK_THROWS(read(header({{"attention.key_length", 15}})), bad, "must be even, found 15");
    CHECK_THROWS(read(header({{"attention.key_length", 4096}})), bad, "must be from 2 to 1024, found 4096");
    CHECK_THROWS(read(header({{"attention.value_length", 32}})), unsupported, "only equal sizes");
    auto text = header({{"block_count", std::nullopt}});
    CHECK_THROWS(read(text.text("llama.block_count", "2")), bad, "must be an integer, found a string");
    for (const float eps : {0.0f, -1.0f, 2.0f, NAN, INFINITY}) {
        auto w = header();
        CHECK_THROWS(read(w.f32("llama.attention.layer_norm_rms_epsilon", eps)), bad, "is out of range");
    }
    for (const float base : {0.0f, -5.0f, NAN, INFINITY}) {
        auto w = header();
        CHECK_THROWS(read(w.f32("llama.rope.freq_base", base)), bad, "is out of range");
    }
}

TEST("rotary scaling") {
    const auto scaled = [](const char* type, float factor) {
        auto w = header();
        if (*type) w.text("llama.rope.scaling.type", type);
        w.f32("llama.rope.scaling.factor", factor);
        return w;
    };
    CHECK_EQ(read(scaled("linear", 4)).rope_scale, 0.25f);
    CHECK_EQ(read(scaled("", 2)).rope_scale, 0.5f);
    CHECK_EQ(read(scaled("", 0)).rope_scale, 1.0f);
    CHECK_EQ(read(scaled("none", 4)).rope_scale, 1.0f);
    CHECK_THROWS(read(scaled("linear", NAN)), bad, "is out of range");
    CHECK_THROWS(read(scaled("linear", -2)), bad, "is out of range");
    CHECK_THROWS(read(scaled("yarn", 4)), unsupported,
                 "rotary scaling \"yarn\" is not supported; none, linear and");
    CHECK_THROWS(read(scaled("longrope", 4)), unsupported, "\"longrope\"");
    auto legacy = header();
    CHECK_EQ(read(legacy.f32("llama.rope.scale_linear", 8)).rope_scale, 0.125f);
    CHECK_THROWS(read(header({{"rope.dimension_count", 8}})), unsupported, "rotary embedding over 8 of 16");
    CHECK_EQ(read(header({{"rope.dimension_count", 16}})).head_dim, 16);
}

TEST("llama3 factors") {
    CHECK_EQ(read(with_rope_factors({1, 1, 1, 1, 2, 4, 8, 8})).rope_factors[6], 8.0f);
    CHECK_THROWS(read(with_rope_factors({1, 1, 1})), bad, "must hold 8 F32 values, found 3 of F32");
    CHECK_THROWS(read(with_rope_factors({1, 1, 1, 1, 1, 1, 1, 1}, 1)), bad,
                 "must hold 8 F32 values, found 16 of F16");
    CHECK_THROWS(read(with_rope_factors({1, 1, 1, 0, 1, 1, 1, 1})), bad, "every factor must be positive");
    CHECK_THROWS(read(with_rope_factors({1, 1, 1, NAN, 1, 1, 1, 1})), bad, "every factor must be positive");
    auto w = header();
    CHECK_THROWS(read(w.f32_tensor("rope_factors_long.weight", {8})), unsupported, "\"longrope\"");
}

TEST("models of other kinds") {
    CHECK_THROWS(read(header({}, "qwen2")), unsupported, "architecture \"qwen2\" is not supported");
    CHECK_THROWS(read(header({{"expert_count", 8}})), unsupported, "a mixture of 8 experts");
    CHECK_EQ(read(header({{"expert_count", 0}})).layers, 2);
    auto split = header();
    CHECK_THROWS(read(split.u32("split.count", 3)), unsupported, "one of 3 parts of a split model");
    auto adapter = header();
    CHECK_THROWS(read(adapter.text("general.type", "adapter")), unsupported, "the file holds \"adapter\"");
}
