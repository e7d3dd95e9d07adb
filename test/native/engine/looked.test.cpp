// Where a block plan looks, against counting it place by place.
#include "engine/looked.h"

#include <numeric>
#include <random>

#include "check.h"

using namespace longleaf;

namespace {

struct Mask {
    int heads, blocks;
    std::vector<uint32_t> bits;

    Mask(int of_heads, int tokens)
        : heads(of_heads),
          blocks((tokens + kPlanBlock - 1) / kPlanBlock),
          bits(static_cast<size_t>(heads * blocks * words())) {}
    int words() const { return (blocks + 31) / 32; }
    uint32_t& word(int h, int r, int c) {
        return bits[static_cast<size_t>((h * blocks + r) * words() + c / 32)];
    }
    void set(int h, int r, int c) { word(h, r, c) |= 1u << c % 32; }
    BlockPlan plan() { return {bits.data(), blocks}; }
    bool has(int h, int r, int c) { return word(h, r, c) >> c % 32 & 1; }
};

Mask random_mask(int heads, int tokens) {
    Mask mask(heads, tokens);
    std::mt19937 random(7);
    for (int h = 0; h < heads; ++h)
        for (int r = 0; r < mask.blocks; ++r)
            for (int c = 0; c <= r; ++c)
                if (c == r || random() % 3 == 0) mask.set(h, r, c);
    return mask;
}

}  // namespace

TEST("of every stretch the share of later rows that look there") {
    for (const int tokens : {90, 500, 4096, 5001, 40000}) {
        Mask mask = random_mask(3, tokens);
        const auto places = looked_places(mask.plan(), mask.heads, tokens, mask.blocks);
        CHECK_EQ(places.size(), static_cast<size_t>(kStretches));
        std::vector<double> sum(kStretches), count(kStretches);
        for (int at = 0; at < tokens; ++at) {
            const int c = at / kPlanBlock, rows = mask.blocks - c;
            double looks = 0;
            for (int h = 0; h < mask.heads; ++h)
                for (int r = c; r < mask.blocks; ++r) looks += mask.has(h, r, c);
            const auto stretch = static_cast<size_t>(stretch_of(at, tokens));
            sum[stretch] += looks / (mask.heads * rows), count[stretch] += 1;
        }
        for (size_t i = 0; i < sum.size(); ++i)
            CHECK_NEAR(places[i], count[i] > 0 ? sum[i] / count[i] : 1.0, 1e-6);
    }
}

TEST("a sample of the rows tells nearly the same, of the last ones all") {
    const int tokens = 131072;
    Mask mask = random_mask(2, tokens);
    const auto all = looked_places(mask.plan(), mask.heads, tokens, mask.blocks);
    const auto some = looked_places(mask.plan(), mask.heads, tokens);
    for (size_t i = 0; i < all.size(); ++i) CHECK_NEAR(some[i], all[i], 0.15);
    CHECK_EQ(some.back(), all.back());
}

TEST("what looks everywhere is whole") {
    const int tokens = 3000;
    Mask mask(2, tokens);
    for (int h = 0; h < 2; ++h)
        for (int r = 0; r < mask.blocks; ++r)
            for (int c = 0; c <= r; ++c) mask.set(h, r, c);
    for (const float share : looked_places(mask.plan(), 2, tokens)) CHECK_EQ(share, 1.0f);
}
