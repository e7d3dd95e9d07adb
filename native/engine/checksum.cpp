#include "engine/checksum.h"

#include <bit>
#include <cstring>

namespace longleaf {

namespace {

constexpr uint64_t p1 = 0x9E3779B185EBCA87, p2 = 0xC2B2AE3D27D4EB4F, p3 = 0x165667B19E3779F9,
                   p4 = 0x85EBCA77C2B2AE63, p5 = 0x27D4EB2F165667C5;

template <class T>
T load(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

uint64_t mix(uint64_t lane, uint64_t word) { return std::rotl(lane + word * p2, 31) * p1; }

}  // namespace

uint64_t checksum(std::span<const uint8_t> bytes) {
    const uint8_t* at = bytes.data();
    size_t left = bytes.size();
    uint64_t sum = p5;
    if (left >= 32) {
        uint64_t lane[4] = {p1 + p2, p2, 0, 0 - p1};
        for (; left >= 32; left -= 32, at += 32)
            for (int i = 0; i < 4; ++i) lane[i] = mix(lane[i], load<uint64_t>(at + 8 * i));
        sum = std::rotl(lane[0], 1) + std::rotl(lane[1], 7) + std::rotl(lane[2], 12) + std::rotl(lane[3], 18);
        for (const uint64_t each : lane) sum = (sum ^ mix(0, each)) * p1 + p4;
    }
    sum += bytes.size();
    for (; left >= 8; left -= 8, at += 8) sum = std::rotl(sum ^ mix(0, load<uint64_t>(at)), 27) * p1 + p4;
    if (left >= 4) {
        sum = std::rotl(sum ^ load<uint32_t>(at) * p1, 23) * p2 + p3;
        left -= 4;
        at += 4;
    }
    for (; left > 0; --left, ++at) sum = std::rotl(sum ^ *at * p5, 11) * p1;
    sum = (sum ^ sum >> 33) * p2;
    sum = (sum ^ sum >> 29) * p3;
    return sum ^ sum >> 32;
}

}  // namespace longleaf
