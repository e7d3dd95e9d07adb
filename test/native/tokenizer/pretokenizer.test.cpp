// The scanners against the published patterns as run by another regex engine (test/fixtures/pretokenize.mjs),
// on bytes that are not text, and on runs long enough to show time that is not linear.
#include "tokenizer/pretokenizer.h"

#include <chrono>
#include <fstream>
#include <map>

#include "check.h"
#include "engine.h"
#include "tokenizer/unicode.h"

using namespace longleaf;

namespace {

std::vector<std::string> split(PreTokenizer pattern, std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const size_t bytes = next_word(pattern, text);
        if (bytes == 0 || bytes > text.size()) throw std::runtime_error("a word of no bytes, or too many");
        words.emplace_back(text.substr(0, bytes));
        text.remove_prefix(bytes);
    }
    return words;
}

PreTokenizer pattern_named(const std::string& name) {
    static const std::map<std::string, PreTokenizer> patterns = {
        {"gpt-2", PreTokenizer::gpt2},  {"smollm", PreTokenizer::smollm}, {"llama-bpe", PreTokenizer::llama3},
        {"qwen2", PreTokenizer::qwen2}, {"qwen35", PreTokenizer::qwen35}, {"tekken", PreTokenizer::tekken},
        {"gpt-4o", PreTokenizer::gpt4o}};
    return patterns.at(name);
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : "|") + word;
    return out;
}

}  // namespace

TEST("cuts as the published patterns do") {
    std::ifstream fixture(LONGLEAF_REPO "/test/fixtures/pretokenize.txt");
    std::string name, encoded;
    int cases = 0;
    while (fixture >> name >> encoded) {
        std::vector<std::string> expected;
        std::string text;
        for (size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
            end = encoded.find('|', at);
            expected.push_back(percent_decoded(encoded.substr(at, end - at)));
            text += expected.back();
        }
        const auto words = split(pattern_named(name), text);
        if (words != expected)
            check::fail(__FILE__, __LINE__, name + ": " + joined(words) + " not " + joined(expected));
        ++cases;
    }
    CHECK(cases > 450);
}

TEST("bytes that are not UTF-8 are symbols of one byte") {
    using Words = std::vector<std::string>;
    CHECK(split(PreTokenizer::gpt2, "ab\xff\xfe cd") == Words({"ab", "\xff\xfe", " cd"}));
    CHECK(split(PreTokenizer::llama3,
                "ab\xff\xfe"
                "cd 12\x80") == Words({"ab", "\xff\xfe", "cd", " ", "12", "\x80"}));
    CHECK(split(PreTokenizer::gpt2, "\xe4\xb8") == Words({"\xe4\xb8"}));
    CHECK(split(PreTokenizer::llama3, "\xed\xa0\x80x") == Words({"\xed\xa0\x80", "x"}));
}

TEST("classes of characters") {
    CHECK(char_class('a') == CharClass::lower && char_class('7') == CharClass::number);
    CHECK(char_class(' ') == CharClass::space && char_class('!') == CharClass::other);
    CHECK(char_class(0x4e2d) == CharClass::letter && char_class(0x00bd) == CharClass::number);
    CHECK(char_class('Z') == CharClass::upper && char_class(0x01c5) == CharClass::upper);
    CHECK(char_class(0x0301) == CharClass::mark && char_class(0x02b0) == CharClass::letter);
    CHECK(char_class(0x0085) == CharClass::space && char_class(0xfeff) == CharClass::other);
    CHECK(char_class(0x10ffff) == CharClass::other && char_class(not_a_character) == CharClass::other);
}

TEST("time is linear in the text") {
    const auto start = std::chrono::steady_clock::now();
    constexpr size_t million = 1'000'000;
    for (const auto pattern : {PreTokenizer::gpt2, PreTokenizer::smollm, PreTokenizer::llama3,
                               PreTokenizer::tekken, PreTokenizer::gpt4o})
        for (const std::string unit : {"a", "A", "\xcc\x81", "A\xc2\xaa", "/", " ", "\n", "'", "1", "!",
                                       "\n ", " \n", "a ", "'s", "\xff", " \t"}) {
            std::string text;
            while (text.size() < million) text += unit;
            for (size_t at = 0; at < text.size();)
                at += next_word(pattern, std::string_view(text).substr(at));
        }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(took.count() < 20);  // quadratic time would be hours
}
