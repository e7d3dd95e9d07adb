#include "tokenizer/byte_level.h"

#include <array>
#include <cstdint>

#include "tokenizer/unicode.h"

namespace longleaf {
namespace {

constexpr bool stands_for_itself(int byte) {
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
}

struct Alphabet {
    std::array<uint16_t, 256> code{};   // of each byte
    std::array<int16_t, 0x180> byte{};  // of each code, or -1
};

/// The bytes that do not stand for themselves take the codes from U+0100 on, in order.
constexpr Alphabet make_alphabet() {
    Alphabet alphabet;
    alphabet.byte.fill(-1);
    uint16_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const uint16_t code = stands_for_itself(byte) ? static_cast<uint16_t>(byte) : next++;
        alphabet.code[byte] = code;
        alphabet.byte[code] = static_cast<int16_t>(byte);
    }
    return alphabet;
}
constexpr Alphabet alphabet = make_alphabet();

}  // namespace

std::string bytes_to_text(std::string_view bytes) {
    std::string text;
    for (const unsigned char byte : bytes) append_utf8(alphabet.code[byte], text);
    return text;
}

std::string text_to_bytes(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        const auto c = decode_utf8(text);
        const int16_t byte = c.code < alphabet.byte.size() ? alphabet.byte[c.code] : int16_t{-1};
        if (byte >= 0)
            bytes += static_cast<char>(byte);
        else
            bytes += text.substr(0, c.bytes);
        text.remove_prefix(c.bytes);
    }
    return bytes;
}

}  // namespace longleaf
