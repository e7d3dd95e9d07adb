// Model descriptions, fingerprints, and the model that Longleaf ships.
#include "model/describe.h"

#include <cstdio>
#include <filesystem>

#include "check.h"
#include "model/fingerprint.h"
#include "model/sha256.h"
#include "model/tiny_llama.h"
#include "model/weights.h"

using namespace longleaf;
using gguf_writer::open;

namespace {

std::string sha256(std::string_view text, size_t piece) {
    Sha256 hash;
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    for (size_t at = 0; at < text.size(); at += piece)
        hash.update({bytes + at, std::min(piece, text.size() - at)});
    return hash.finish();
}

ModelInfo describe_tiny(gguf_writer::Writer w) {
    const auto g = open(w);
    return describe(g, read_config(g));
}

}  // namespace

TEST("SHA-256 gives the published digests") {
    CHECK_EQ(sha256("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_EQ(sha256("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    CHECK_EQ(sha256(two_blocks, 7), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK_EQ(sha256(std::string(1'000'000, 'a'), 999),
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST("the fingerprint follows content, not the path") {
    const auto bytes = tiny_llama::model().build();
    const auto print = fingerprint(open(bytes));
    CHECK_EQ(print.size(), size_t{64});
    const Gguf renamed(std::make_unique<MappedFile>("other.gguf", bytes));
    CHECK_EQ(fingerprint(renamed), print);
    auto changed = bytes;
    changed[open(bytes).find("blk.1.attn_v.weight")->offset] ^= 1;
    CHECK(fingerprint(open(changed)) != print);
    auto w = tiny_llama::model();
    CHECK(fingerprint(open(w.text("general.name", "x"))) != print);
    auto longer = bytes;
    longer.push_back(0);
    CHECK(fingerprint(open(longer)) != print);
}

TEST("describes a model") {
    auto w = tiny_llama::header({{"vocab_size", std::nullopt}});
    w.text("general.name", "Tiny")
        .text("general.license", "cc0-1.0")
        .text("tokenizer.chat_template", "{{ x }}");
    std::vector<std::string> tokens;
    for (int i = 0; i < tiny_llama::vocab; ++i) tokens.push_back(std::string("t").append(std::to_string(i)));
    w.strings("tokenizer.ggml.tokens", tokens)
        .u32("tokenizer.ggml.bos_token_id", 3)
        .u32("tokenizer.ggml.eos_token_id", 4);
    w.boolean("tokenizer.ggml.add_bos_token", 1);
    tiny_llama::add_tensors(w);
    const auto info = describe_tiny(w);
    CHECK_EQ(info.name, "Tiny");
    CHECK_EQ(info.licence, "cc0-1.0");
    CHECK_EQ(info.quantisation, "Q8_0");
    CHECK_EQ(info.chat_template, "{{ x }}");
    CHECK_EQ(info.bos_token, "t3");
    CHECK_EQ(info.eos_token, "t4");
    CHECK_EQ(info.add_bos, true);
    CHECK_EQ(info.parameters,
             uint64_t{32 * 64 + 64 + 2 * (2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 96 * 64)});
    CHECK_EQ(info.file_bytes, w.build().size());
}

TEST("defaults where the file is silent") {
    const auto info = describe_tiny(tiny_llama::model());
    CHECK_EQ(info.name, "test");
    CHECK_EQ(info.bos_token, "");
    CHECK_EQ(info.add_bos, false);
    auto w = tiny_llama::model();
    CHECK_EQ(describe_tiny(w.text("tokenizer.ggml.pre", "llama-bpe")).add_bos, true);
    auto outside = tiny_llama::model();
    CHECK_THROWS(describe_tiny(outside.u32("tokenizer.ggml.eos_token_id", 32)), ErrorCode::bad_model,
                 "\"tokenizer.ggml.eos_token_id\" is 32; the vocabulary has 32 tokens");
}

TEST("the bundled model") {
    const std::string path = LONGLEAF_REPO "/models/longleaf-mini.gguf";
    if (!std::filesystem::exists(path)) {
        std::printf("skipped: models/longleaf-mini.gguf is not here\n");
        return;
    }
    const Gguf g(path);
    const auto config = read_config(g);
    const auto weights = bind_weights(g, config);
    CHECK_EQ(weights.layers.size(), static_cast<size_t>(config.layers));
    const auto info = describe(g, config);
    CHECK_EQ(info.architecture, "llama");
    CHECK(info.parameters > 1'000'000 && info.file_bytes > 1'000'000);
    CHECK(!info.chat_template.empty() && !info.eos_token.empty() && !info.quantisation.empty());
    CHECK_EQ(info.fingerprint, fingerprint(g));
}
