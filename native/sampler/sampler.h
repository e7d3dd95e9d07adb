// Turns logits into a token: repetition penalty, temperature, top-k, top-p, min-p, in that order; greedy at
// temperature 0. Deterministic in (seed, history, logits) on every platform.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine.h"

namespace longleaf {

class Sampler {
  public:
    /// Throws EngineError{bad_request} for values out of range or not finite.
    explicit Sampler(const Sampling&);
    /// `logits` (V), any finite or infinite values, NaN counts as -inf; `history` the timeline so far.
    int32_t sample(std::span<const float> logits, std::span<const int32_t> history);

  private:
    void penalise(std::span<const float> logits, std::span<const int32_t> history);
    void rank();
    void weigh();
    void cut_to_mass();
    int32_t draw();

    Sampling options_;
    uint64_t state_;
    std::vector<float> scratch_;                     // (V) penalised logits
    std::vector<std::pair<float, int32_t>> ranked_;  // (<= V) candidates: logit, later weight; token
};

}  // namespace longleaf
