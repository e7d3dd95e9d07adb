#include "tokenizer/unicode.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace longleaf {
namespace {

using tables::class_starts;

constexpr CharClass class_at(const uint32_t* start) { return static_cast<CharClass>(*start & 7); }

constexpr std::array<CharClass, 128> make_ascii_classes() {
    std::array<CharClass, 128> classes{};
    const uint32_t* start = std::begin(class_starts);
    for (uint32_t code = 0; code < 128; ++code) {
        while (start[1] >> 3 <= code) ++start;
        classes[code] = class_at(start);
    }
    return classes;
}
constexpr auto ascii_classes = make_ascii_classes();

struct Lead {
    uint32_t length;      // 0: cannot begin a character
    uint8_t least, most;  // range of the second byte: excludes overlong forms, surrogates, > U+10FFFF
    uint32_t bits;
};

Lead lead_of(uint8_t byte) {
    if (byte < 0xc2 || byte > 0xf4) return {0, 0, 0, 0};
    if (byte < 0xe0) return {2, 0x80, 0xbf, byte & 0x1fu};
    if (byte < 0xf0)
        return {3, static_cast<uint8_t>(byte == 0xe0 ? 0xa0 : 0x80),
                static_cast<uint8_t>(byte == 0xed ? 0x9f : 0xbf), byte & 0x0fu};
    return {4, static_cast<uint8_t>(byte == 0xf0 ? 0x90 : 0x80),
            static_cast<uint8_t>(byte == 0xf4 ? 0x8f : 0xbf), byte & 0x07u};
}

}  // namespace

Utf8Char decode_utf8(std::string_view text) {
    const auto first = static_cast<uint8_t>(text[0]);
    if (first < 0x80) return {first, 1, Utf8::whole};
    const Lead lead = lead_of(first);
    if (lead.length == 0) return {not_a_character, 1, Utf8::invalid};
    uint32_t code = lead.bits;
    for (uint32_t i = 1; i < lead.length; ++i) {
        if (i == text.size()) return {not_a_character, i, Utf8::incomplete};
        const auto byte = static_cast<uint8_t>(text[i]);
        const uint8_t least = i == 1 ? lead.least : 0x80, most = i == 1 ? lead.most : 0xbf;
        if (byte < least || byte > most) return {not_a_character, i, Utf8::invalid};
        code = code << 6 | (byte & 0x3fu);
    }
    return {code, lead.length, Utf8::whole};
}

void append_utf8(uint32_t code, std::string& out) {
    const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | code >> 6);
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3f));
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

CharClass char_class(uint32_t code) {
    if (code < 128) return ascii_classes[code];
    const auto* after = std::upper_bound(std::begin(class_starts), std::end(class_starts), code << 3 | 7);
    return class_at(std::prev(after));
}

}  // namespace longleaf
