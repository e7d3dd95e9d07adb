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
    for (const auto* name :
         {"blk.0.attn_q.bias", "blk.0.attn_q_norm.weight", "blk.2.attn_norm.weight", "v.patch_embd.weight"}) {
        auto m = tiny_llama::model();
        m.f32_tensor(name, {64});
        CHECK_THROWS(bind(m), unsupported,
                     "tensor \"" + std::string(name) + "\" is not part of a Llama model of 2 layers");
    }
    auto fused = tiny_llama::model();
    fused.remove("blk.0.attn_q.weight");
    fused.f32_tensor("blk.0.attn_qkv.weight", {64, 128});
    CHECK_THROWS(bind(fused), unsupported, "\"blk.0.attn_qkv.weight\" (fused projections)");
}
