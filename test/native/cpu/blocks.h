// Random matrices of block types, and blocks in the notation of test/fixtures/quants.txt.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cpu/half.h"
#include "cpu/quants.h"
#include "ops/quant.h"

namespace bed {

using longleaf::DType;

/// Every type of blocks but Q8_0.
inline std::vector<DType> block_types() {
    return {DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1,   DType::q2_k,   DType::q3_k,
            DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs, DType::mxfp4};
}

inline bool is_block_type(DType type) {
    for (const DType t : block_types())
        if (t == type) return true;
    return false;
}

/// Where a block's halves are, and about what makes its values as large as those of a model.
struct Halves {
    std::vector<size_t> at;
    float size;
};

inline Halves halves_of(DType type) {
    switch (type) {
        case DType::q4_1:
        case DType::q5_1:
            return {{0, 2}, 0.03f};
        case DType::q2_k:
            return {{80, 82}, 0.02f};
        case DType::q3_k:
            return {{108}, 0.004f};
        case DType::q4_k:
        case DType::q5_k:
            return {{0, 2}, 0.0005f};
        case DType::q6_k:
            return {{208}, 0.0001f};
        case DType::iq4_nl:
            return {{0}, 0.005f};
        case DType::iq4_xs:
            return {{0}, 0.0002f};
        case DType::mxfp4:
            return {{}, 0};
        default:
            return {{0}, 0.03f};
    }
}

/// Fills whole blocks with anything, but for their halves.
inline void random_blocks(DType type, char* bytes, size_t size, unsigned seed) {
    std::mt19937 rng(seed);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(rng());
    const auto [at, halves] = halves_of(type);
    std::normal_distribution<float> normal(0, halves);
    const size_t block = longleaf::dtype_traits(static_cast<uint32_t>(type))->block_bytes;
    for (size_t from = 0; from < size; from += block) {
        for (const size_t offset : at) {
            const uint16_t half = longleaf::cpu::float_to_half(normal(rng));
            std::memcpy(bytes + from + offset, &half, 2);
        }
        if (type == DType::mxfp4) bytes[from] = static_cast<char>(123 + rng() % 4);
    }
}

struct KnownBlock {
    std::string name;
    std::vector<uint8_t> bytes;
    std::vector<float> values;
};

inline std::vector<KnownBlock> known_blocks(const std::string& path) {
    const auto byte_at = [](const std::string& hex, size_t i) {
        return static_cast<uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    };
    std::ifstream in(path);
    std::vector<KnownBlock> all;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words(line);
        KnownBlock block;
        std::string bytes, values;
        words >> block.name >> bytes >> values;
        for (size_t i = 0; i < bytes.size() / 2; ++i) block.bytes.push_back(byte_at(bytes, i));
        for (size_t i = 0; i < values.size() / 8; ++i) {
            uint32_t bits = 0;
            for (size_t j = 0; j < 4; ++j) bits = bits << 8 | byte_at(values, 4 * i + j);
            block.values.push_back(longleaf::cpu::float_of_bits(bits));
        }
        all.push_back(block);
    }
    return all;
}

}  // namespace bed
