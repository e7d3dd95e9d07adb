// Turns logits into a token: repetition penalty, temperature, top-k, top-p, min-p, in that order; greedy at
// temperature 0. It works from a ranking (ops/ranking.h) and asks for the whole row only when the ranked
// logits do not settle the choice. Deterministic in (seed, history, logits) on one kind of device.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "engine.h"
#include "ops/ranking.h"

namespace longleaf {

class Sampler {
  public:
    /// Throws EngineError{bad_request} for values out of range or not finite.
    explicit Sampler(const Sampling&);
    /// What to ask of the logits after `history`. Valid until the next call.
    RankOptions ask(std::span<const int32_t> history, int vocab);
    /// A token for the ranking of what was last asked; `all`: the row itself (V), without penalties.
    int32_t sample(const Ranking&, const std::function<std::vector<float>()>& all);

  private:
    void take_all(std::vector<float> logits);
    void weigh();
    bool choose(double mass, bool is_all, double part, int32_t& token);

    Sampling options_;
    uint64_t state_;
    std::vector<int32_t> penalised_;                 // tokens of the window, each once
    std::vector<std::pair<float, int32_t>> ranked_;  // highest first: logit, later weight; token
};

}  // namespace longleaf
