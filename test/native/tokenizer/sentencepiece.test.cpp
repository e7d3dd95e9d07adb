// SentencePiece by hand: what merges first, what is spelled in bytes, where spaces come from.
#include "tokenizer/sentencepiece.h"

#include <chrono>

#include "check.h"
#include "engine.h"
#include "tokenizer/small_vocab.h"

using namespace longleaf;
namespace vocab = small_vocab::pieces;

namespace {

std::unique_ptr<Tokenizer> create(const gguf_writer::Writer& w) {
    return Tokenizer::create(gguf_writer::open(w), vocab::size());
}

std::vector<int32_t> ids(const Tokenizer& t, std::string_view text, bool special = false) {
    std::vector<int32_t> out;
    t.encode(text, special, out);
    return out;
}

std::string joined(const Tokenizer& t, const std::vector<int32_t>& tokens) {
    std::string out;
    for (const auto token : tokens) out += (out.empty() ? "" : "|") + t.token_text(token);
    return out;
}

std::string cut(const Tokenizer& t, std::string_view text, bool special = false) {
    return joined(t, ids(t, text, special));
}

std::string text_of(const Tokenizer& t, const std::vector<int32_t>& tokens) {
    std::string out;
    for (const auto token : tokens) out += t.piece(token);
    return out;
}

}  // namespace

TEST("merges by score, not by length") {
    const auto t = create(vocab::writer());
    CHECK_EQ(cut(*t, "hello world"), "\u2581hello|\u2581world");
    CHECK_EQ(cut(*t, "hel"), "\u2581|he|l");  // "he" before "\u2581h"
    CHECK_EQ(cut(*t, "aaaaa"), "\u2581|aa|aa|a");
    CHECK_EQ(cut(*t, ""), "");
}

TEST("spaces stay, and one comes first") {
    const auto t = create(vocab::writer()), plain = create(vocab::writer(false));
    CHECK_EQ(cut(*t, " hello"), "\u2581|\u2581hello");
    CHECK_EQ(cut(*plain, " hello"), "\u2581hello");
    CHECK_EQ(cut(*plain, "hello   world"), "hello|\u2581\u2581|\u2581world");
    CHECK_EQ(text_of(*plain, ids(*plain, "  a b\n c ")), "  a b\n c ");
    CHECK_EQ(text_of(*t, ids(*t, "a b")), " a b");
}

TEST("a stretch that goes on gets no space of its own") {
    const auto t = create(vocab::writer());
    std::vector<int32_t> out;
    t->encode("he", false, out);
    t->encode("hello", false, out);
    CHECK_EQ(joined(*t, out), "\u2581|he|hello");
    t->encode("</s>", true, out);
    t->encode("hello", false, out);
    CHECK_EQ(joined(*t, out), "\u2581|he|hello|</s>|\u2581hello");
}

TEST("what is no token is spelled in bytes") {
    const auto t = create(vocab::writer(false));
    CHECK_EQ(cut(*t, "é"), "é");
    CHECK_EQ(cut(*t, "ü"), "<0xC3>|<0xBC>");
    CHECK_EQ(cut(*t, "\xff"), "<0xFF>");
    CHECK_EQ(text_of(*t, ids(*t, "x\xe4\xb8")), "x\xe4\xb8");
    CHECK_EQ(cut(*t, "<0x41>"), "<0x3C>|<0x30>|<0x78>|<0x34>|<0x31>|<0x3E>");  // not the token of that name
}

TEST("special tokens come from templates only") {
    const auto t = create(vocab::writer(false));
    CHECK(ids(*t, "</s>", true) == std::vector<int32_t>{vocab::end});
    for (const auto token : ids(*t, "</s><s><unk>")) CHECK(token >= vocab::first_byte);
    CHECK_EQ(text_of(*t, ids(*t, "</s><s><unk>")), "</s><s><unk>");
    CHECK_EQ(cut(*t, "a@@a"), "a|@@|a");
    CHECK(t->is_end(vocab::end) && !t->is_end(vocab::begin));
    CHECK_EQ(t->piece(vocab::end), "");
    CHECK(t->add_bos());
}

TEST("white space after a special token goes where the model was trained so") {
    auto w = vocab::writer(false);
    w.text("general.architecture", "phi3");
    const auto t = create(w);
    CHECK_EQ(cut(*t, "</s>\n hello", true), "</s>|hello");
    CHECK_EQ(cut(*t, "<s> hello", true), "<s>|\u2581hello");
    CHECK_EQ(cut(*t, "a\n", true), "a|\n");
}

TEST("tokens with a space inside keep text from being cut there") {
    auto w = gguf_writer::Writer();
    std::vector<std::string> texts = {"<unk>", "a", "b", "\u2581", "a\u2581", "a\u2581b"};
    w.text("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", texts);
    w.integers("tokenizer.ggml.token_type", {2, 1, 1, 1, 1, 1});
    w.floats("tokenizer.ggml.scores", {0, -1, -2, -3, -4, -5}).u32("tokenizer.ggml.unknown_token_id", 0);
    w.boolean("tokenizer.ggml.add_space_prefix", 0);
    const auto t = Tokenizer::create(gguf_writer::open(w), 6);
    CHECK(ids(*t, "a b") == std::vector<int32_t>{5});
    CHECK(ids(*t, "z") == std::vector<int32_t>{0});
}

TEST("damaged vocabularies") {
    const auto fails = [](gguf_writer::Writer w, const char* what) {
        CHECK_THROWS(create(w), ErrorCode::bad_model, what);
    };
    gguf_writer::Writer none;
    none.text("tokenizer.ggml.model", "llama");
    none.strings("tokenizer.ggml.tokens", std::vector<std::string>(static_cast<size_t>(vocab::size()), "x"));
    fails(none, "key \"tokenizer.ggml.scores\" must have");
    auto nan = none;
    std::vector<float> scores(static_cast<size_t>(vocab::size()), 0.0f);
    auto bytes = none;
    fails(bytes.floats("tokenizer.ggml.scores", scores), "no token for byte 0 and no unknown token");
    scores[7] = NAN;
    fails(nan.floats("tokenizer.ggml.scores", scores), "token 7 has a score that is not a number");
    for (const char* text : {"<0x-1>", "<0xZZ>", "<0x4>", "0x41", "<0x+1>"}) {
        gguf_writer::Writer w;
        w.text("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", {text});
        w.integers("tokenizer.ggml.token_type", {6}).floats("tokenizer.ggml.scores", {0});
        CHECK_THROWS(Tokenizer::create(gguf_writer::open(w), 1), ErrorCode::bad_model, "stands for a byte");
    }
}

TEST("words of millions of bytes take seconds, not hours") {
    const auto t = create(vocab::writer());
    for (const std::string unit : {"a", " ", "\xff", "hello ", "é"}) {
        const auto start = std::chrono::steady_clock::now();
        std::string text;
        while (text.size() < 2'000'000) text += unit;
        CHECK(text_of(*t, ids(*t, text)).substr(1) == text);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        CHECK(took.count() < 30);  // slack for sanitizers and busy machines
    }
}
