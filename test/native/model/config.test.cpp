// Hyper-parameters: what is read, defaulted and refused.
#include "model/config.h"

#include <cmath>

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
    CHECK_EQ(c.rope.base, 10000.0f);
    CHECK_EQ(c.rope.scale, 1.0f);
    CHECK(c.rope.order == RopeOrder::normal && c.rope.factors.empty());
    CHECK_EQ(read(header({{"attention.head_count_kv", std::nullopt}})).kv_heads, 4);
    CHECK_EQ(read(header({{"attention.key_length", 32}, {"attention.value_length", 32}})).head_dim, 32);
    auto w = header();
    w.f32("llama.rope.freq_base", 500000.0f).f32("llama.attention.layer_norm_rms_epsilon", 1e-6f);
    CHECK_EQ(read(w).rope.base, 500000.0f);
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
    CHECK_EQ(read(scaled("linear", 4)).rope.scale, 0.25f);
    CHECK_EQ(read(scaled("", 2)).rope.scale, 0.5f);
    CHECK_EQ(read(scaled("", 0)).rope.scale, 1.0f);
    CHECK_EQ(read(scaled("none", 4)).rope.scale, 1.0f);
    CHECK_THROWS(read(scaled("linear", NAN)), bad, "is out of range");
    CHECK_THROWS(read(scaled("linear", -2)), bad, "is out of range");
    CHECK_THROWS(read(scaled("ntk", 4)), unsupported,
                 "rotary scaling \"ntk\" is not supported; none, linear, llama3, yarn and longrope are");
    CHECK_THROWS(read(scaled("longrope", 4)), bad, "needs the tensor \"rope_factors_long.weight\"");
    auto legacy = header();
    CHECK_EQ(read(legacy.f32("llama.rope.scale_linear", 8)).rope.scale, 0.125f);
    CHECK_EQ(read(header({{"rope.dimension_count", 8}})).rope.dims, 8);
    CHECK_THROWS(read(header({{"rope.dimension_count", 18}})), bad, "must be from 2 to 16, found 18");
    CHECK_THROWS(read(header({{"rope.dimension_count", 7}})), bad, "must be even, found 7");
}

TEST("YaRN scales the slow pairs, leaves the fast ones, and gains") {
    auto w = header({{"context_length", 4096}, {"rope.scaling.original_context_length", 1024}});
    w.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 4);
    const auto rope = read(w).rope;
    CHECK(rope.yarn);
    CHECK_NEAR(rope.magnitude, 1 + 0.1 * std::log(4.0), 1e-6);
    const auto theta = inverse_frequencies(rope, 4096);
    CHECK_NEAR(theta[0], 1, 1e-6);
    CHECK_NEAR(theta[7], 0.25 * std::pow(10000.0, -14.0 / 16), 1e-9);
    for (size_t i = 1; i < 8; ++i) CHECK(theta[i] < theta[i - 1]);
    w.f32("llama.rope.scaling.yarn_log_multiplier", 1);
    CHECK_NEAR(read(w).rope.magnitude, 1, 1e-6);
    auto base = header();
    base.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 4);
    CHECK_THROWS(read(base.f32("llama.rope.freq_base", 1)), bad, "needs a base above 1");
}

TEST("LongRoPE has its factors by the context") {
    auto w = header({{"context_length", 4096}, {"rope.scaling.original_context_length", 1024}});
    const auto factors = [&w](const char* name, float each) {
        gguf_writer::Bytes data;
        for (int i = 0; i < 8; ++i) put(data, each);
        w.tensors.push_back({name, {8}, 0, data});
    };
    factors("rope_factors_long.weight", 4);
    CHECK_THROWS(read(w), bad, "only one of");
    factors("rope_factors_short.weight", 2);
    const auto rope = read(w).rope;
    CHECK_EQ(inverse_frequencies(rope, 1024)[0], 0.5f);
    CHECK_EQ(inverse_frequencies(rope, 1025)[0], 0.25f);
}

TEST("what families differ in") {
    const auto qwen3 = read(header({}, "qwen3"));
    CHECK(qwen3.query_key_norm && qwen3.rope.order == RopeOrder::neox && !qwen3.post_norms);
    const auto gemma2 = read(header({{"block_count", 4}}, "gemma2"));
    CHECK_EQ(gemma2.window, 4096);
    CHECK(gemma2.has_window(0) && !gemma2.has_window(1) && gemma2.has_window(2));
    CHECK(gemma2.post_norms && gemma2.gate == GateFunction::gelu);
    CHECK_EQ(gemma2.attention_soft_cap, 50.0f);
    CHECK_EQ(gemma2.logit_soft_cap, 30.0f);
    CHECK_EQ(gemma2.embedding_scale, 8.0f);
    CHECK(!gemma2.may_be_sparse(1));
    auto third = header({{"block_count", 12}, {"attention.sliding_window", 512}}, "gemma3");
    third.f32("gemma3.rope.freq_base", 1e6f).f32("gemma3.rope.scaling.factor", 8);
    const auto gemma3 = read(third);
    CHECK(gemma3.has_window(4) && !gemma3.has_window(5) && gemma3.has_window(6) && !gemma3.has_window(11));
    CHECK_EQ(gemma3.rope_of(0).base, 10000.0f);
    CHECK_EQ(gemma3.rope_of(0).scale, 1.0f);
    CHECK_EQ(gemma3.rope_of(5).base, 1e6f);
    CHECK_EQ(gemma3.rope_of(5).scale, 0.125f);
    CHECK(gemma3.may_be_sparse(5) && !gemma3.may_be_sparse(0));
    CHECK_EQ(read(header({}, "gemma3")).window, 0);
    const auto largest = read(header({{"block_count", 62}}, "gemma3"));
    CHECK_EQ(largest.attention_scale, 0.25f);
    auto patterned = header({{"attention.sliding_window", 512}}, "gemma3");
    patterned.integers("gemma3.attention.sliding_window_pattern", {1, 0, 1});
    CHECK_THROWS(read(patterned), bad, "one integer for each of 2 layers, found 3");
    const auto smollm3 = read(header({{"block_count", 8}}, "smollm3"));
    CHECK(smollm3.turns(2) && !smollm3.turns(3) && !smollm3.turns(7));
    auto warm = header({}, "mistral3");
    CHECK_THROWS(read(warm.f32("mistral3.attention.temperature_scale", 0.1f)), unsupported, "temperature");
}

TEST("llama3 factors") {
    CHECK_EQ(read(with_rope_factors({1, 1, 1, 1, 2, 4, 8, 8})).rope.factors[6], 8.0f);
    CHECK_THROWS(read(with_rope_factors({1, 1, 1})), bad, "must hold 8 F32 values, found 3 of F32");
    CHECK_THROWS(read(with_rope_factors({1, 1, 1, 1, 1, 1, 1, 1}, 1)), bad,
                 "must hold 8 F32 values, found 16 of F16");
    CHECK_THROWS(read(with_rope_factors({1, 1, 1, 0, 1, 1, 1, 1})), bad, "every factor must be positive");
    CHECK_THROWS(read(with_rope_factors({1, 1, 1, NAN, 1, 1, 1, 1})), bad, "every factor must be positive");
    auto w = header();
    CHECK_THROWS(read(w.f32_tensor("rope_factors_long.weight", {8})), bad, "every factor must be positive");
}

TEST("models of other kinds") {
    CHECK_THROWS(read(header({}, "mamba")), unsupported, "architecture \"mamba\" is not supported");
    CHECK_THROWS(read(header({{"expert_count", 8}})), unsupported, "a mixture of 8 experts");
    CHECK_EQ(read(header({{"expert_count", 0}})).layers, 2);
    auto split = header();
    CHECK_THROWS(read(split.u32("split.count", 3)), unsupported, "one of 3 parts of a split model");
    auto adapter = header();
    CHECK_THROWS(read(adapter.text("general.type", "adapter")), unsupported, "the file holds \"adapter\"");
}
