// Incremental decoding: whole characters only, U+FFFD for what can never become one.
#include <random>

#include "check.h"
#include "engine.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/unicode.h"

using namespace longleaf;

namespace {

constexpr auto fffd = "\xef\xbf\xbd";

std::string decode(const std::vector<std::string>& pieces) {
    Utf8Stream stream;
    std::string out;
    for (const auto& piece : pieces) out += stream.push(piece);
    return out + stream.finish();
}

}  // namespace

TEST("holds back an incomplete character until it is whole") {
    Utf8Stream s;
    CHECK_EQ(s.push("a\xf0"), "a");
    CHECK_EQ(s.push("\x9f\x99"), "");
    CHECK_EQ(s.push("\x82z"), "\xf0\x9f\x99\x82z");
    CHECK_EQ(s.finish(), "");
    CHECK_EQ(s.push("\xe4\xb8"), "");
    CHECK_EQ(s.finish(), fffd);
    CHECK_EQ(s.push("ok"), "ok");
}

TEST("invalid bytes") {
    const std::string r = fffd;
    CHECK_EQ(decode({"a\xff"
                     "b"}),
             "a" + r + "b");
    CHECK_EQ(decode({"\x80\x80"}), r + r);
    CHECK_EQ(decode({"\xc0\xaf"}), r + r);                  // overlong
    CHECK_EQ(decode({"\xe0\x80\x80"}), r + r + r);          // overlong
    CHECK_EQ(decode({"\xed\xa0\x80"}), r + r + r);          // surrogate
    CHECK_EQ(decode({"\xf4\x90\x80\x80"}), r + r + r + r);  // above U+10FFFF
    CHECK_EQ(decode({"\xe4\xb8"
                     "A"}),
             r + "A");  // one for the longest valid beginning
    CHECK_EQ(decode({"\xf0\x9f", "\x99", "\xf0\x9f\x99\x82"}), r + "\xf0\x9f\x99\x82");
}

TEST("the same whatever the pieces, and always valid") {
    std::mt19937 random(3);
    const std::vector<std::string> parts = {"a",    "é",    "中",       "🙂",         "\xff",
                                            "\xe4", "\xb8", "\xf0\x9f", "\xed\xa0\x80", "\xc3"};
    for (int i = 0; i < 2000; ++i) {
        std::string text;
        for (int n = 0; n < 12; ++n) text += parts[random() % parts.size()];
        std::vector<std::string> pieces;
        for (size_t at = 0; at < text.size();) {
            const size_t bytes = 1 + random() % 4;
            pieces.push_back(text.substr(at, bytes));
            at += bytes;
        }
        const auto whole = decode({text});
        CHECK_EQ(decode(pieces), whole);
        for (size_t at = 0; at < whole.size();) {
            const auto c = decode_utf8(std::string_view(whole).substr(at));
            CHECK(c.state == Utf8::whole);
            at += c.bytes;
        }
    }
}

TEST("every character encodes and decodes") {
    for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 61) {
        if (code >= 0xd800 && code <= 0xdfff) continue;
        std::string text;
        append_utf8(code, text);
        const auto c = decode_utf8(text);
        if (c.state != Utf8::whole || c.code != code || c.bytes != text.size())
            return check::fail(__FILE__, __LINE__, "U+" + std::to_string(code));
    }
}
