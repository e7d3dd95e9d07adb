// Binding tensors by name, type and shape.
#include "model/weights.h"

#include "check.h"
#include "model/tiny_llama.h"

using namespace longleaf;
using gguf_writer::open;
using gguf_writer::Writer;

namespace {

constexpr auto bad = ErrorCode::bad_model;
constexpr auto unsupported = ErrorCode::unsupported_model;

void bind(const Writer& w) {
    const auto g = open(w);
    bind_weights(g, read_config(g));
}

template <class Change>
Writer broken(const char* tensor, Change change) {
    auto w = tiny_llama::model();
    change(w.find(tensor));
    return w;
}

}  // namespace

TEST("binds a tied model in place") {
    const auto g = open(tiny_llama::model());
    const auto w = bind_weights(g, read_config(g));
    CHECK_EQ(w.layers.size(), size_t{2});
    CHECK(w.output.data == w.embedding.data);
    CHECK_EQ(w.embedding.rows, 32);
    CHECK_EQ(w.embedding.cols, 64);
    CHECK_EQ(w.layers[1].down.rows, 64);
    CHECK_EQ(w.layers[1].down.cols, 96);
    CHECK(w.layers[1].down.type == DType::q8_0 && w.output_norm.type == DType::f32);
    CHECK(w.layers[0].k.data == g.file().data() + g.find("blk.0.attn_k.weight")->offset);
    uint64_t bytes = 0;
    for (const auto& t : g.tensors()) bytes += t.bytes;
    CHECK_EQ(w.bytes, bytes);
}

TEST("binds an output of its own, every type read, and ignores what is derived") {
    auto m = tiny_llama::model();
    m.tensor("output.weight", {64, 32}, 1, 64 * 32 * 2);
    m.find("blk.0.attn_q.weight") = {"blk.0.attn_q.weight", {64, 64}, 30, gguf_writer::Bytes(64 * 64 * 2)};
    m.find("blk.0.attn_k.weight") = {"blk.0.attn_k.weight", {64, 32, 1}, 0, gguf_writer::Bytes(64 * 32 * 4)};
    m.f32_tensor("blk.0.attn_rot_embd.weight", {8});
    const auto g = open(m);
    const auto w = bind_weights(g, read_config(g));
    CHECK(w.output.type == DType::f16 && w.output.data != w.embedding.data);
    CHECK(w.layers[0].q.type == DType::bf16 && w.layers[0].k.type == DType::f32);
}

TEST("the type of most values in the layers, and whether others are among them") {
    const auto types = [](const Writer& w) {
        const auto g = open(w);
        return bind_weights(g, read_config(g)).in_layers;
    };
    auto m = tiny_llama::model();
    CHECK(types(m).most == DType::q8_0 && types(m).alike);
    m.find("blk.0.attn_q.weight") = {"blk.0.attn_q.weight", {64, 64}, 30, gguf_writer::Bytes(64 * 64 * 2)};
    CHECK(types(m).most == DType::q8_0 && !types(m).alike);
}

TEST("missing tensors are named") {
    for (const auto* name :
         {"token_embd.weight", "output_norm.weight", "blk.1.ffn_up.weight", "blk.0.attn_norm.weight"}) {
        auto m = tiny_llama::model();
        m.remove(name);
        CHECK_THROWS(bind(m), bad, "tensor \"" + std::string(name) + "\" is missing");
    }
}

TEST("shapes must equal the hyper-parameters") {
    CHECK_THROWS(bind(broken("blk.0.attn_q.weight",
                             [](auto& t) {
                                 t.ne = {64, 32};
                             })),
                 bad, "tensor \"blk.0.attn_q.weight\" must be 64 x 64, found 64 x 32");
    CHECK_THROWS(bind(broken("token_embd.weight",
                             [](auto& t) {
                                 t.ne = {32, 64};
                             })),
                 bad, "tensor \"token_embd.weight\" must be 64 x 32, found 32 x 64");
    CHECK_THROWS(bind(broken("output_norm.weight",
                             [](auto& t) {
                                 t.ne = {32, 2};
                             })),
                 bad, "must be 64, found 32 x 2");
}

TEST("types that are not read are named with those that are") {
    CHECK_THROWS(bind(broken("blk.0.ffn_up.weight", [](auto& t) { t.type = 9, t.data.resize(96 * 2 * 36); })),
                 unsupported,
                 "tensor \"blk.0.ffn_up.weight\" has type Q8_1, which is not supported here (supported: F32, "
                 "F16, BF16, Q8_0, Q6_K, ");
    CHECK_THROWS(bind(broken("output_norm.weight", [](auto& t) { t.type = 1; })), unsupported,
                 "has type F16, which is not supported here (supported: F32)");
}

TEST("tensors that the forward pass would ignore are refused") {
    for (const auto* name : {"blk.0.attn_output.bias", "blk.0.attn_q_norm.weight", "blk.2.attn_norm.weight",
                             "v.patch_embd.weight"}) {
        auto m = tiny_llama::model();
        m.f32_tensor(name, {64});
        CHECK_THROWS(bind(m), unsupported,
                     "tensor \"" + std::string(name) + "\" is not part of a llama model of 2 layers");
    }
}

TEST("biases are bound where a file has them") {
    auto m = tiny_llama::model();
    m.f32_tensor("blk.0.attn_q.bias", {64}).f32_tensor("blk.1.attn_v.bias", {32});
    const auto g = gguf_writer::open(m);
    const auto weights = bind_weights(g, read_config(g));
    CHECK_EQ(weights.layers[0].q_bias.cols, int64_t{64});
    CHECK_EQ(weights.layers[1].v_bias.cols, int64_t{32});
    CHECK(!weights.layers[0].v_bias.data && !weights.layers[0].q_norm.data);
    auto wide = tiny_llama::model();
    wide.f32_tensor("blk.0.attn_k.bias", {64});
    CHECK_THROWS(bind(wide), bad, "tensor \"blk.0.attn_k.bias\" must be 32, found 64");
}

TEST("fused projections are bound as parts of one matrix") {
    auto m = tiny_llama::model();
    for (const char* name : {"attn_q", "attn_k", "attn_v"})
        m.remove("blk.0." + std::string(name) + ".weight");
    m.tensor("blk.0.attn_qkv.weight", {64, 128}, 8, 128 * 2 * 34);
    const auto g = gguf_writer::open(m);
    const auto layer = bind_weights(g, read_config(g)).layers[0];
    const auto* start = static_cast<const char*>(layer.q.data);
    CHECK_EQ(layer.q.rows, int64_t{64});
    CHECK_EQ(layer.k.rows, int64_t{32});
    CHECK_EQ(static_cast<const char*>(layer.k.data) - start, 64 * 2 * 34);
    CHECK_EQ(static_cast<const char*>(layer.v.data) - start, 96 * 2 * 34);
}
