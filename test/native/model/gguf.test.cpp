// The GGUF reader: what it reads from sound files and how it refuses damaged ones.
#include "model/gguf.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "check.h"
#include "model/gguf_writer.h"
#include "model/tiny_llama.h"
#include "ops/quant.h"

using namespace longleaf;
using gguf_writer::Bytes;
using gguf_writer::open;
using gguf_writer::put;
using gguf_writer::put_text;
using gguf_writer::Writer;

namespace {

constexpr auto bad = ErrorCode::bad_model;
constexpr auto unsupported = ErrorCode::unsupported_model;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

/// One tensor of `type` and `ne`, and then whatever `change` does to it.
template <class Change>
Writer with_tensor(Change change) {
    Writer w;
    w.f32_tensor("a", {8, 4}).f32_tensor("b", {8});
    change(w);
    return w;
}

std::string hint_of(const Bytes& bytes) {
    try {
        open(bytes);
    } catch (const EngineError& e) {
        return e.hint();
    }
    return "no error";
}

}  // namespace

TEST("reads every value type") {
    Writer w;
    w.u32("u32", 7)
        .i32("i32", -7)
        .f32("f32", 0.5f)
        .boolean("yes", 1)
        .u64("u64", 1ull << 40)
        .text("text", "hé");
    w.strings("strings", {"a", "", "b c"}).integers("integers", {1, -2}).floats("floats", {1.5f});
    w.raw("u8", 0, {200}).raw("i8", 1, {0xff}).raw("u16", 2, {1, 2}).raw("i16", 3, {0xfe, 0xff});
    w.raw("i64", 11, Bytes(8, 0xff)).raw("f64", 12, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f});
    const auto g = open(w);
    CHECK(g.integer("u32") == 7);
    CHECK(g.integer("i32") == -7);
    CHECK(g.integer("u64") == int64_t{1} << 40);
    CHECK(g.integer("u8") == 200);
    CHECK(g.integer("i8") == -1);
    CHECK(g.integer("u16") == 513);
    CHECK(g.integer("i16") == -2);
    CHECK(g.integer("i64") == -1);
    CHECK(g.real("f32") == 0.5);
    CHECK(g.real("f64") == 1.5);
    CHECK(g.boolean("yes") == true);
    CHECK(g.text("text") == "hé");
    CHECK_EQ(g.strings("strings")->at(2), "b c");
    CHECK_EQ(g.array("integers")->integers[1], -2);
    CHECK_EQ(g.array("floats")->floats[0], 1.5f);
    CHECK(!g.integer("absent") && !g.text("absent") && !g.real("absent") && !g.boolean("absent"));
    CHECK(!g.array("absent") && !g.strings("absent"));
}

TEST("look-ups refuse another type") {
    Writer w;
    w.u32("n", 1).text("t", "x").integers("a", {1}).u64("big", ~0ull);
    const auto g = open(w);
    CHECK_THROWS(g.text("n"), bad, "test.gguf: key \"n\" must be a string, found an integer");
    CHECK_THROWS(g.integer("t"), bad, "must be an integer, found a string");
    CHECK_THROWS(g.real("n"), bad, "must be a floating-point number, found an integer");
    CHECK_THROWS(g.boolean("a"), bad, "must be a bool, found an array");
    CHECK_THROWS(g.array("t"), bad, "must be an array, found a string");
    CHECK_THROWS(g.strings("a"), bad, "must be an array of strings, found an array of i32");
    CHECK_THROWS(g.integer("big"), bad, "out of range: 18446744073709551615");
}

TEST("reads the tensor table") {
    const auto bytes = tiny_llama::model().build();
    const auto g = open(bytes);
    CHECK_EQ(g.tensors().size(), size_t{2 + 2 * 9});
    const auto* down = g.find("blk.1.ffn_down.weight");
    CHECK(down && down->ne == std::vector<uint64_t>({96, 64}) && down->type == 8);
    CHECK_EQ(down->bytes, uint64_t{64 * 3 * 34});
    CHECK_EQ(down->offset % 32, uint64_t{0});
    CHECK_EQ(g.file().data()[down->offset + 1], uint8_t(7 + 18));
    CHECK(!g.find("absent"));
}

TEST("version 2, other alignment, sizes of types that are not read") {
    Writer w = with_tensor([](Writer& v) {
        v.version = 2;
        v.alignment = 64;
        v.u32("general.alignment", 64);
        v.tensor("k", {256, 2}, 12, 288).tensor("iq", {256}, 16, 66);
    });
    const auto g = open(w);
    CHECK_EQ(g.find("b")->offset % 64, uint64_t{0});
    CHECK_EQ(g.find("k")->bytes, uint64_t{288});
    CHECK_EQ(g.find("iq")->bytes, uint64_t{0});
    CHECK_EQ(std::string(gguf_type_name(12)), "Q4_K");
    CHECK_EQ(std::string(gguf_type_name(77)), "type 77");
    CHECK(!dtype_traits(21) && gguf_type(21) && !gguf_type(4) && !gguf_type(77));
}

TEST("files of another kind") {
    CHECK_THROWS(open(bytes_of("PK\x03\x04 and so on")), bad,
                 "not a GGUF file (it starts with \"PK\", like a ZIP");
    CHECK_THROWS(open(bytes_of("%PDF-1.7 ...")), bad, "not a GGUF file (it starts with \"%PDF\", like a PDF");
    CHECK_THROWS(open(bytes_of("<!DOCTYPE html><html>")), bad, "like a web page");
    CHECK_THROWS(open(bytes_of("<html lang=en>")), bad, "like a web page");
    CHECK_THROWS(open(bytes_of("\x1f\x8b\x08 gzip")), bad, "(it starts with 1f 8b, like a gzip archive)");
    CHECK_THROWS(open(bytes_of("lmgg old")), bad, "old GGML model");
    CHECK_THROWS(open(bytes_of(std::string("\x40\0\0\0\0\0\0\0{\"x\":1}", 15))), bad, "safetensors");
    CHECK_THROWS(open(bytes_of("hello world")), bad,
                 "test.gguf: this is not a GGUF file (it starts with 68 65 6c 6c ");
    const auto pointer = bytes_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    CHECK_THROWS(open(pointer), bad, "Git LFS pointer");
    CHECK(hint_of(pointer).find("git lfs pull") != std::string::npos);
    CHECK_EQ(hint_of(bytes_of("%PDF-1.7")), "Choose a model file that ends in .gguf.");
}

TEST("header") {
    CHECK_THROWS(open(bytes_of("GG")), bad, "not a GGUF file");
    CHECK_THROWS(open(bytes_of("GGUF\x03")), bad, "ends inside its header (24 bytes expected, 5 found)");
    const auto version = [](uint32_t v) {
        Writer w;
        w.version = v;
        return w;
    };
    CHECK_THROWS(open(version(0)), unsupported, "GGUF version 0; versions 2 and 3 can be read");
    CHECK_THROWS(open(version(1)), unsupported, "GGUF version 1");
    CHECK_THROWS(open(version(4)), unsupported, "GGUF version 4");
    CHECK_THROWS(open(version(0x03000000)), unsupported, "big-endian");
    Writer w;
    w.tensor_count = 65'537;
    CHECK_THROWS(open(w), bad, "declares 65537 tensors; at most 65536");
    w.tensor_count = ~0ull;
    CHECK_THROWS(open(w), bad, "declares 18446744073709551615 tensors");
    w.tensor_count = 60'000;
    CHECK_THROWS(open(w), bad, "too short for its tensor table (60000 declared, 0 bytes left)");
    w.tensor_count = 0;
    w.key_count = 65'537;
    CHECK_THROWS(open(w), bad, "declares 65537 metadata keys");
    w.key_count = 3;
    CHECK_THROWS(open(w), bad, "too short for its metadata keys");
}

TEST("keys") {
    CHECK_THROWS(open(Writer().u32("", 1)), bad, "metadata key 0 has an empty name");
    CHECK_THROWS(open(Writer().u32("x", 1).u32("x", 2)), bad, "key \"x\" appears twice");
    CHECK_THROWS(open(Writer().u32(std::string(65'536, 'k'), 1)), bad,
                 "the name of metadata key 0 is 65536 bytes long; at most 65535");
    CHECK_THROWS(open(Writer().raw("x", 13, Bytes(8))), bad, "key \"x\" has an unknown value type: 13");
    CHECK_THROWS(open(Writer().boolean("x", 2)), bad, "must be 0 or 1, found 2");
    CHECK_THROWS(open(Writer().raw("x", 8, Bytes(8, 0xff))), bad,
                 "key \"x\" is 18446744073709551615 bytes long");
    CHECK_THROWS(open(Writer().raw("x", 8, {9, 0, 0, 0, 0, 0, 0, 0, 'a'})), bad,
                 "the file ends inside key \"x\" (9 bytes expected, 1 left)");
    Bytes huge_name(24);
    Writer w;
    w.key_count = 1;
    auto bytes = w.build();
    put<uint64_t>(bytes, 1ull << 63);
    bytes.resize(bytes.size() + 20);
    CHECK_THROWS(open(bytes), bad, "the name of metadata key 0 is 9223372036854775808 bytes long");
    CHECK_THROWS(open(Writer().u32("a\nb\x7f", 1).u32("a\nb\x7f", 1)), bad, "key \"a?b?\" appears twice");
}

TEST("arrays") {
    const auto array = [](uint32_t type, uint64_t count, size_t payload) {
        Bytes value;
        put(value, type);
        put(value, count);
        value.resize(value.size() + payload);
        return Writer().raw("x", 9, value);
    };
    CHECK_THROWS(open(array(9, 1, 12)), bad, "key \"x\" is an array of arrays");
    CHECK_THROWS(open(array(13, 1, 12)), bad, "unknown element type: 13");
    CHECK_THROWS(open(array(4, 5, 19)), bad,
                 "too short for the elements of key \"x\" (5 declared, 19 bytes left)");
    CHECK_THROWS(open(array(8, 2, 15)), bad, "too short for the elements of key \"x\"");
    CHECK_THROWS(open(array(0, ~0ull, 8)), bad,
                 "18446744073709551615 elements; the arrays of a file may have");
    CHECK_THROWS(open(array(12, (1ull << 61) + 1, 8)), bad,
                 "elements; the arrays of a file may have at most");
    CHECK_THROWS(open(array(0, (16u << 20) + 1, (16u << 20) + 1)), bad, "16777217 elements");
    Bytes bools;
    put<uint32_t>(bools, 7);
    put<uint64_t>(bools, 2);
    put<uint16_t>(bools, 0x0301);
    CHECK_THROWS(open(Writer().raw("x", 9, bools)), bad, "must be 0 or 1, found 3");
}

TEST("alignment") {
    CHECK_THROWS(open(Writer().u64("general.alignment", 32)), bad,
                 "\"general.alignment\" must be u32, found u64");
    CHECK_THROWS(open(Writer().text("general.alignment", "32")), bad, "must be u32, found string");
    for (const uint32_t wrong : {0u, 1u, 33u, 131'072u, 0x80000000u})
        CHECK_THROWS(open(Writer().u32("general.alignment", wrong)), bad,
                     "power of two from 8 to 65536, found");
}

TEST("tensor records") {
    const auto broken = [](auto change) { return with_tensor([&](Writer& w) { change(w.tensors[0]); }); };
    CHECK_THROWS(open(broken([](auto& t) { t.name = ""; })), bad, "tensor 0 has an empty name");
    CHECK_THROWS(open(broken([](auto& t) { t.name = "b"; })), bad, "tensor \"b\" appears twice");
    CHECK_THROWS(open(broken([](auto& t) { t.name = std::string(64, 'n'); })), bad,
                 "the name of tensor 0 is 64 bytes long; at most 63");
    CHECK_THROWS(open(broken([](auto& t) { t.ne = {}; })), bad, "has 0 dimensions; 1 to 4");
    CHECK_THROWS(open(broken([](auto& t) { t.ne = {1, 1, 1, 1, 1}; })), bad, "has 5 dimensions");
    CHECK_THROWS(open(broken([](auto& t) { t.n_dims = 0xffffffff; })), bad, "has 4294967295 dimensions");
    CHECK_THROWS(open(broken([](auto& t) { t.ne = {8, 0}; })), bad, "tensor \"a\" has dimension 1 = 0");
    CHECK_THROWS(open(broken([](auto& t) { t.ne = {-8, 4}; })), bad, "has dimension 0 = -8");
    for (const uint32_t type : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u, 43u, 0xffffffffu})
        CHECK_THROWS(open(broken([&](auto& t) { t.type = type; })), bad, "unknown or withdrawn type: ");
    CHECK_THROWS(open(broken([](auto& t) {
                     t.ne = {1ll << 32, 1ll << 32};
                 })),
                 bad, "its element count overflows");
    CHECK_THROWS(open(broken([](auto& t) { t.ne = {1ll << 62, 2, 2}; })), bad, "its element count overflows");
    CHECK_THROWS(open(broken([](auto& t) { t.ne = {1ll << 61}; })), bad, "its byte count overflows");
    CHECK_THROWS(open(broken([](auto& t) { t.type = 8; })), bad,
                 "tensor \"a\" has rows of 8 values; Q8_0 needs a multiple of 32");
}

TEST("tensor data") {
    const auto broken = [](auto change) { return with_tensor([&](Writer& w) { change(w.tensors[1]); }); };
    CHECK_THROWS(open(broken([](auto& t) { t.offset = 129; })), bad,
                 "offset 129, which is not a multiple of 32");
    CHECK_THROWS(open(broken([](auto& t) { t.offset = 1ull << 40; })), bad,
                 "tensor \"b\" lies outside the file");
    CHECK_THROWS(open(broken([](auto& t) { t.offset = ~0ull - 31; })), bad, "lies outside the file");
    CHECK_THROWS(open(broken([](auto& t) { t.offset = 96; })), bad, "tensor \"a\" and tensor \"b\" overlap");
    CHECK_THROWS(open(broken([](auto& t) { t.offset = 0; })), bad, "overlap");
    CHECK_THROWS(open(broken([](auto& t) {
                     t.ne = {8, 1000};
                 })),
                 bad, "(32000 bytes at offset 128 of 160 bytes");
    CHECK_THROWS(open(broken([](auto& t) {
                     t.type = 16;
                     t.offset = 0;
                 })),
                 bad, "overlap");
}

TEST("a file cut anywhere is refused") {
    const auto whole = tiny_llama::model().build();
    const auto sound = open(whole);
    const auto& last = sound.tensors().back();
    const size_t needed = last.offset + last.bytes;
    for (size_t length = 0; length < needed; length += length < 2000 ? 1 : 97) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        bool refused = false;
        try {
            open(cut);
        } catch (const EngineError& e) {
            refused = e.code() == bad && !e.hint().empty();
        }
        if (!refused)
            return check::fail(__FILE__, __LINE__, "accepted when cut to " + std::to_string(length));
    }
}

TEST("files on disk") {
    namespace fs = std::filesystem;
    const auto folder = fs::temp_directory_path() / fs::path(u8"longleaf gguf tést");
    fs::create_directories(folder);
    const auto path = [&](const char* name) {
        const auto text = (folder / name).u8string();
        return std::string(text.begin(), text.end());
    };
    const auto write = [&](const char* name, const Bytes& bytes) {
        std::ofstream out(folder / name, std::ios::binary);
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    };
    write("tiny.gguf", tiny_llama::model().build());
    write("empty.gguf", {});
    const Gguf tiny(path("tiny.gguf"));
    CHECK_EQ(tiny.file().name(), "tiny.gguf");
    CHECK_EQ(tiny.tensors().size(), size_t{20});
    tiny.file().require_unchanged();
    CHECK_THROWS(Gguf(path("empty.gguf")), bad, "empty.gguf: the file is empty");
    CHECK_THROWS(Gguf(path("absent.gguf")), bad, "absent.gguf: cannot be opened");
#ifndef _WIN32
    CHECK_THROWS(Gguf(folder.string()), bad, "not a file");
    fs::resize_file(folder / "tiny.gguf", 4096);
    CHECK_THROWS(tiny.file().require_unchanged(), bad, "changed while it was being read");
#endif
}
