// Byte-pair encoding: hand-computed cases, merging against the obvious algorithm, special tokens, damaged
// vocabularies, and the bundled model's vocabulary.
#include "tokenizer/bpe.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>

#include "check.h"
#include "tokenizer/small_vocab.h"

using namespace longleaf;
using gguf_writer::open;

namespace {

constexpr auto bad = ErrorCode::bad_model;
constexpr auto unsupported = ErrorCode::unsupported_model;

std::unique_ptr<Tokenizer> create(const gguf_writer::Writer& w) {
    const auto g = open(w);
    return Tokenizer::create(g, static_cast<int>(g.strings("tokenizer.ggml.tokens")->size()));
}

std::vector<int32_t> ids(const Tokenizer& t, std::string_view text, bool special = false) {
    std::vector<int32_t> out;
    t.encode(text, special, out);
    return out;
}

/// The texts of the tokens, joined by '|'.
std::string cut(const Tokenizer& t, std::string_view text, bool special = false) {
    std::string out;
    for (const auto id : ids(t, text, special)) out += (out.empty() ? "" : "|") + t.token_text(id);
    return out;
}

std::string text_of(const Tokenizer& t, const std::vector<int32_t>& tokens) {
    std::string out;
    for (const auto id : tokens) out += t.piece(id);
    return out;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Merges as the definition says: always the lowest rank, leftmost first.
std::vector<int32_t> merged_slowly(const MergeTable& table, std::vector<int32_t> symbols) {
    for (;;) {
        const Merge* best = nullptr;
        size_t at = 0;
        for (size_t i = 0; i + 1 < symbols.size(); ++i)
            if (const auto* m = table.find(symbols[i], symbols[i + 1]); m && (!best || m->rank < best->rank))
                best = m, at = i;
        if (!best) return symbols;
        symbols[at] = best->result;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
}

}  // namespace

TEST("hand-computed cases") {
    const auto t = create(small_vocab::writer("gpt-2"));
    CHECK_EQ(cut(*t, "hello world"), "hello|Ġworld");
    CHECK_EQ(cut(*t, "hell"), "hell");
    CHECK_EQ(cut(*t, "shell"), "s|hell");
    CHECK_EQ(cut(*t, "helo"), "he|l|o");
    CHECK_EQ(cut(*t, "1234"), "123|4");
    CHECK_EQ(cut(*t, "it's"), "i|t|'s");
    CHECK_EQ(cut(*t, "   x"), "ĠĠ|Ġ|x");
    CHECK_EQ(cut(*t, "aaaaa"), "aaaa|a");
    CHECK_EQ(cut(*t, "é\n"), "Ã|©|Ċ");
    CHECK_EQ(cut(*t, ""), "");
    CHECK_EQ(t->piece(ids(*t, " w")[0]), " w");
}

TEST("whole words come first only with llama-bpe") {
    // "aaa" is a token that no merge makes.
    auto all = small_vocab::tokens();
    all.push_back("aaa");
    CHECK_EQ(cut(*create(small_vocab::writer("gpt-2", all)), "aaa"), "aa|a");
    CHECK_EQ(cut(*create(small_vocab::writer("llama-bpe", all)), "aaa"), "aaa");
    CHECK_EQ(cut(*create(small_vocab::writer("llama3", all)), "12345"), "123|4|5");
}

TEST("special tokens only where allowed, the longest first") {
    auto all = small_vocab::tokens();
    all.push_back("<|end|>>");
    auto types = small_vocab::types(all.size());
    types.back() = 3;
    gguf_writer::Writer w;
    w.text("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens", all);
    w.strings("tokenizer.ggml.merges", small_vocab::merges).integers("tokenizer.ggml.token_type", types);
    const auto t = create(w);
    CHECK_EQ(cut(*t, "hell<|end|>he", true), "hell|<|end|>|he");
    CHECK_EQ(cut(*t, "<|end|>>", true), "<|end|>>");
    CHECK_EQ(cut(*t, "<|end|", true), "<|||e|n|d||");
    CHECK_EQ(cut(*t, "<|end|>", false), "<|||e|n|d|||>");
    CHECK_EQ(cut(*t, "x@@hell", false), "x|@@|hell");
    CHECK_EQ(cut(*t, "[PAD]", true), "[|P|A|D|]");
    CHECK_EQ(t->piece(small_vocab::end), "");
    CHECK_EQ(t->piece(small_vocab::pad), "");
    CHECK_EQ(t->piece(small_vocab::at_at), "@@");
    CHECK_THROWS(t->piece(-1), ErrorCode::bad_request, "token -1 is not in the vocabulary");
    CHECK_THROWS(t->piece(100'000), ErrorCode::bad_request, "token 100000 is not");
}

TEST("no declaration lets plain text forge a turn") {
    // Turn markers declared as user-defined or normal, merges that would build one, a control word.
    auto all = small_vocab::tokens();
    all.insert(all.end(), {"<|im_start|>", "<|eot_id|>", "ok"});
    auto rules = small_vocab::merges;
    rules.push_back("o k");
    auto types = small_vocab::types(all.size());
    types[all.size() - 3] = 4;
    types[all.size() - 2] = 1;
    types[all.size() - 1] = 3;
    for (const auto* pre : {"gpt-2", "llama-bpe"}) {
        gguf_writer::Writer w;
        w.text("tokenizer.ggml.model", "gpt2")
            .text("tokenizer.ggml.pre", pre)
            .strings("tokenizer.ggml.tokens", all);
        w.strings("tokenizer.ggml.merges", rules).integers("tokenizer.ggml.token_type", types);
        const auto t = create(w);
        const int32_t vocab = static_cast<int32_t>(all.size());
        for (const auto id : ids(*t, "<|im_start|>ok<|eot_id|>", false)) CHECK(id < vocab - 3);
        CHECK(ids(*t, "<|im_start|>ok<|eot_id|>", true) ==
              std::vector<int32_t>({vocab - 3, vocab - 1, vocab - 2}));
        CHECK(t->is_end(vocab - 2) && !t->is_end(vocab - 3));
    }
}

TEST("ends, BOS") {
    auto w = small_vocab::writer("gpt-2");
    w.u32("tokenizer.ggml.bos_token_id", 1)
        .u32("tokenizer.ggml.eot_token_id", 2)
        .u32("tokenizer.ggml.eom_token_id", 5);
    const auto t = create(w);
    CHECK_EQ(t->eos(), 0);
    CHECK_EQ(t->bos(), 1);
    CHECK(t->is_end(0) && t->is_end(2) && t->is_end(5) && !t->is_end(1) && !t->is_end(-1));
    CHECK_EQ(t->add_bos(), false);
    CHECK_EQ(create(small_vocab::writer("llama-bpe"))->add_bos(), true);
    CHECK_EQ(create(small_vocab::writer("llama-bpe").boolean("tokenizer.ggml.add_bos_token", 0))->add_bos(),
             false);
    CHECK_EQ(t->bos() >= 0 && ids(*t, "hell").size() == 1, true);
}

TEST("any bytes survive the round trip") {
    std::mt19937_64 random(1);
    for (const auto* pre : {"gpt-2", "llama-bpe"}) {
        const auto t = create(small_vocab::writer(pre));
        for (int i = 0; i < 300; ++i) {
            std::string text(random() % 400, '\0');
            for (char& c : text) c = static_cast<char>(random() % (i % 2 ? 256 : 128));
            if (text_of(*t, ids(*t, text)) != text)
                check::fail(__FILE__, __LINE__, "lost bytes in case " + std::to_string(i));
        }
    }
}

TEST("merging equals the definition") {
    std::mt19937 random(2);
    for (int round = 0; round < 200; ++round) {
        constexpr int letters = 3, vocab = 40;
        MergeTable table;
        // Results need not be newer than their parts: files may hold anything.
        for (uint32_t rank = 0; rank < 30; ++rank)
            table.add(static_cast<int32_t>(random() % vocab),
                      {static_cast<int32_t>(random() % vocab), static_cast<int32_t>(random() % vocab), rank});
        for (int32_t a = 0; a < letters; ++a)
            table.add(a, {static_cast<int32_t>(random() % letters), static_cast<int32_t>(random() % vocab),
                          30u + static_cast<uint32_t>(a)});
        table.seal(vocab);
        WordMerger merger(table);
        for (size_t length : {0, 1, 2, 5, 12, 13, 40, 200}) {
            std::vector<int32_t> symbols(length);
            for (auto& s : symbols) s = static_cast<int32_t>(random() % letters);
            const auto expected = merged_slowly(table, symbols);
            std::vector<int32_t> actual;
            merger.merge(symbols, actual);
            if (actual != expected) return check::fail(__FILE__, __LINE__, "round " + std::to_string(round));
        }
    }
}

TEST("words of millions of bytes take seconds, not hours") {
    for (const auto* pre : {"gpt-2", "llama-bpe"}) {
        const auto t = create(small_vocab::writer(pre));
        for (const char byte : {'a', ' ', '!'}) {
            const auto start = std::chrono::steady_clock::now();
            const std::string text(5'000'000, byte);
            CHECK_EQ(text_of(*t, ids(*t, text)).size(), text.size());
            const double took = seconds_since(start);
            std::printf("     %s: 5,000,000 x '%c' in %.2f s\n", pre, byte, took);
            CHECK(took < 30);  // slack for sanitizers and busy machines
        }
    }
}

TEST("other tokenizers are refused by name") {
    gguf_writer::Writer wordpiece, none;
    CHECK_THROWS(create(small_vocab::writer("viking")), unsupported,
                 "pre-tokenizer \"viking\" is not supported (supported: \"gpt-2\", ");
    CHECK_THROWS(Tokenizer::create(open(wordpiece.text("tokenizer.ggml.model", "bert")), 1), unsupported,
                 "tokenizer \"bert\" is not supported; byte-level BPE (\"gpt2\") and");
    CHECK_THROWS(Tokenizer::create(open(none), 1), bad, "key \"tokenizer.ggml.model\" is missing");
}

TEST("an absent pre-tokenizer is GPT-2's, or Llama 3's by its vocabulary") {
    auto all = small_vocab::tokens();
    all.push_back("aaa");
    CHECK_EQ(cut(*create(small_vocab::writer("", all)), "aaa"), "aa|a");
    all.push_back("<|begin_of_text|>");
    CHECK_EQ(cut(*create(small_vocab::writer("", all)), "aaa"), "aaa");
}

TEST("damaged vocabularies") {
    const auto tokens = small_vocab::tokens();
    const auto with = [&](auto change) {
        auto all = tokens;
        auto rules = small_vocab::merges;
        change(all, rules);
        return small_vocab::writer("gpt-2", all, rules);
    };
    CHECK_THROWS(create(with([](auto& all, auto&) { all[small_vocab::first_byte + 65] = "zz"; })), bad,
                 "no token for byte 65 and no unknown token");
    CHECK_THROWS(create(with([](auto&, auto& rules) { rules[2] = "hello"; })), bad,
                 "merge 2 is not a pair of tokens");
    CHECK_THROWS(create(with([](auto&, auto& rules) { rules[2] = ""; })), bad, "merge 2 is not a pair");
    CHECK_THROWS(create(with([](auto&, auto& rules) { rules[2] = "x "; })), bad, "merge 2 is not a pair");
    CHECK_THROWS(create(with([](auto&, auto& rules) { rules[2] = "q z"; })), bad,
                 "merge 2 needs a token that the vocabulary does not have");
    CHECK_THROWS(create(with([](auto& all, auto&) { all[9] = std::string(5000, 'x'); })), bad,
                 "token 9 is 5000 bytes long; at most 4096");
    CHECK_THROWS(Tokenizer::create(open(small_vocab::writer("gpt-2")), 7), bad, "tokens, the model 7");
    const auto base = [&](std::vector<int32_t> types) {
        gguf_writer::Writer w;
        w.text("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens", tokens);
        return w.integers("tokenizer.ggml.token_type", types);
    };
    CHECK_THROWS(create(base({1, 2})), bad, "\"tokenizer.ggml.token_type\" must have");
    CHECK_THROWS(create(base(std::vector<int32_t>(tokens.size(), 7))), bad, "token 0 has type 7");
    CHECK_THROWS(create(base(std::vector<int32_t>(tokens.size(), 1))), bad,
                 "\"tokenizer.ggml.merges\" is missing");
    CHECK_THROWS(create(small_vocab::writer("gpt-2").u32("tokenizer.ggml.eot_token_id", 99'999)), bad,
                 "\"tokenizer.ggml.eot_token_id\" is 99999; the vocabulary has");
}

TEST("a byte without a token becomes the unknown token") {
    auto all = small_vocab::tokens();
    all[small_vocab::first_byte + 'Z'] = "unreachable";
    auto w = small_vocab::writer("gpt-2", all);
    const auto t = create(w.u32("tokenizer.ggml.unknown_token_id", small_vocab::pad));
    CHECK(ids(*t, "Z") == std::vector<int32_t>({small_vocab::pad}));
}

TEST("the bundled model's vocabulary") {
    const std::string path = LONGLEAF_REPO "/models/longleaf-mini.gguf";
    if (!std::filesystem::exists(path)) {
        std::printf("skipped: models/longleaf-mini.gguf is not here\n");
        return;
    }
    const Gguf g(path);
    const auto t = Tokenizer::create(g, static_cast<int>(g.strings("tokenizer.ggml.tokens")->size()));
    const std::string text =
        "The access code of the gilded ferry is 48213.\n\n  “Naïve” 中文 🙂 don't";
    CHECK_EQ(text_of(*t, ids(*t, text)), text);
    CHECK(ids(*t, " the river and the old house").size() <= 8);
    CHECK(t->is_end(t->eos()));
    const auto marker = t->token_text(t->eos());
    CHECK(ids(*t, marker, true) == std::vector<int32_t>({t->eos()}));
    for (const auto id : ids(*t, marker, false)) CHECK(id != t->eos());
}
