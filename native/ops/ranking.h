// What a sampler is told of a row of logits, so that the row itself stays on the device.
#pragma once

#include <cstdint>
#include <span>

namespace longleaf {

struct RankOptions {
    int most = 1;           // logits wanted, at most Ranking::capacity
    float temperature = 0;  // of Ranking::mass; 0: it is not wanted
    float penalty = 1;      // what the logits of these tokens are divided by; multiplied with, where negative
    std::span<const int32_t> penalised{};  // each once and in the vocabulary; the program's memory
};

/// Repetition penalty of one logit: away from what makes the token likelier, whatever its sign.
inline float penalised(float logit, float penalty) { return logit > 0 ? logit / penalty : logit * penalty; }

/// The highest logits of a row after penalties. NaN counts as -infinity.
struct Ranking {
    static constexpr int capacity = 1024;
    struct Entry {
        float logit;
        int32_t token;
    };
    double mass;    // sum over the row of e^((logit - highest) / temperature), to about 1e-6 of it
    int32_t count;  // at least 1; below RankOptions::most where the row is shorter or too many are alike
    int32_t vocab;  // V
    Entry top[capacity];  // the `count` highest: highest first, of equals the lowest token

    /// Of a ranking with `most` entries.
    static constexpr uint64_t bytes(int most) { return 16 + static_cast<uint64_t>(most) * sizeof(Entry); }
};
static_assert(sizeof(Ranking) == Ranking::bytes(Ranking::capacity));

}  // namespace longleaf
