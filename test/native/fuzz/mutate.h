// Deterministic damage to sound inputs, for the short runs that need no fuzzing compiler.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace fuzz {

using Bytes = std::vector<uint8_t>;

/// One to four small changes: flipped bits, numbers at the edges of their range, cuts, repeats.
inline Bytes mutated(Bytes bytes, std::mt19937_64& random) {
    constexpr uint64_t edges[] = {0,          1,          7,          0x7f,       0xff,       0xffff,
                                  0x7fffffff, 0xffffffff, 1ull << 32, 1ull << 62, ~0ull >> 1, ~0ull};
    for (auto changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
        const size_t at = random() % bytes.size();
        const size_t left = bytes.size() - at;
        switch (random() % 6) {
            case 0:
                bytes[at] ^= static_cast<uint8_t>(1 << random() % 8);
                break;
            case 1:
                bytes[at] = static_cast<uint8_t>(random());
                break;
            case 2: {
                const uint64_t edge = edges[random() % std::size(edges)];
                std::memcpy(bytes.data() + at, &edge, std::min<size_t>(left, 1u << random() % 4));
                break;
            }
            case 3:
                bytes.resize(at);
                break;
            case 4:
                bytes.erase(bytes.begin() + at,
                            bytes.begin() + at + std::min<size_t>(left, 1 + random() % 16));
                break;
            case 5: {
                const Bytes copy(bytes.begin() + at,
                                 bytes.begin() + at + std::min<size_t>(left, 1 + random() % 32));
                bytes.insert(bytes.begin() + at, copy.begin(), copy.end());
            }
        }
    }
    return bytes;
}

}  // namespace fuzz
