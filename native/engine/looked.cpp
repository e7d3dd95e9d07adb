#include "engine/looked.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace longleaf {

namespace {

/// Of each block the share of counted rows at or after it that look into it.
std::vector<double> shares_of_blocks(const BlockPlan& plan, int heads, int most_rows) {
    const auto blocks = static_cast<int>(plan.blocks), words = static_cast<int>(plan.words());
    std::vector<double> looks(static_cast<size_t>(blocks)), rows(looks);
    // The last rows are all that the last blocks have; before them every so many, which stand for the others.
    const int last = most_rows / 2, apart = std::max(1, (blocks - last) / (most_rows - last));
    for (int r = blocks - 1, step = 1; r >= 0; r -= step) {
        step = r > blocks - last ? 1 : apart;
        for (int c = 0; c <= r; ++c) rows[static_cast<size_t>(c)] += heads * step;
        for (int h = 0; h < heads; ++h)
            for (int word = 0; word < words; ++word) {
                uint32_t bits = plan.mask[(static_cast<int64_t>(h) * blocks + r) * words + word];
                for (; bits != 0; bits &= bits - 1) {
                    const int c = word * 32 + std::countr_zero(bits);
                    if (c <= r)
                        looks[static_cast<size_t>(c)] += step;  // others are no pairs of a causal plan
                }
            }
    }
    for (size_t c = 0; c < looks.size(); ++c) looks[c] /= rows[c];
    return looks;
}

}  // namespace

std::vector<float> looked_places(const BlockPlan& plan, int heads, int tokens, int most_rows) {
    assert(plan.blocks == (tokens + kPlanBlock - 1) / kPlanBlock && "looked_places: a plan of these tokens");
    const std::vector<double> shares = shares_of_blocks(plan, heads, most_rows);
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
