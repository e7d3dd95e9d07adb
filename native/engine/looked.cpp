#include "engine/looked.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace longleaf {

namespace {

/// Of each block the share of counted rows at or after it that look into it.
std::vector<double> shares_of_blocks(std::span<const uint32_t> mask, int heads, int blocks, int most_rows) {
    const auto words = static_cast<size_t>(blocks + 31) / 32;
    assert(mask.size() >= static_cast<size_t>(heads) * static_cast<size_t>(blocks) * words &&
           "looked_places: the mask is of so many heads and blocks");
    std::vector<double> looks(static_cast<size_t>(blocks)), rows(looks);
    // The last rows are all that the last blocks have; before them every so many, which stand for the others.
    const int last = most_rows / 2, apart = std::max(1, (blocks - last) / (most_rows - last));
    for (int r = blocks - 1, step = 1; r >= 0; r -= step) {
        step = r > blocks - last ? 1 : apart;
        for (int c = 0; c <= r; ++c) rows[static_cast<size_t>(c)] += heads * step;
        for (int h = 0; h < heads; ++h)
            for (size_t word = 0; word < words; ++word) {
                uint32_t bits =
                    mask[(static_cast<size_t>(h) * static_cast<size_t>(blocks) + static_cast<size_t>(r)) *
                             words +
                         word];
                for (; bits != 0; bits &= bits - 1) {
                    const size_t c = word * 32 + static_cast<size_t>(std::countr_zero(bits));
                    if (c <= static_cast<size_t>(r))
                        looks[c] += step;  // others are no pairs of a causal plan
                }
            }
    }
    for (size_t c = 0; c < looks.size(); ++c) looks[c] /= rows[c];
    return looks;
}

}  // namespace

std::vector<float> looked_places(std::span<const uint32_t> mask, int heads, int tokens, int most_rows) {
    const int blocks = (tokens + kPlanBlock - 1) / kPlanBlock;
    const std::vector<double> shares = shares_of_blocks(mask, heads, blocks, most_rows);
    std::vector<float> places(kStretches, 1.0f);
    int first = 0;
    for (int i = 0; i < kStretches; ++i) {
        const int size = stretch_size(i, tokens), end = first + size;
        double sum = 0;
        for (int at = first; at < end;) {
            const int until = std::min(end, (at / kPlanBlock + 1) * kPlanBlock);
            sum += shares[static_cast<size_t>(at / kPlanBlock)] * (until - at);
            at = until;
        }
        if (size > 0) places[static_cast<size_t>(i)] = static_cast<float>(sum / size);
        first = end;
    }
    return places;
}

}  // namespace longleaf
