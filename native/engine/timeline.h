// What a session holds and how it got there: pure bookkeeping, no tensors. Decides what a new read may keep.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine.h"

namespace longleaf {

class Timeline {
  public:
    const std::vector<int32_t>& tokens() const { return tokens_; }
    int length() const { return static_cast<int>(tokens_.size()); }
    int cached() const { return cached_; }  // leading tokens whose K and V are in the cache
    int sparse_length() const { return sparse_length_; }
    const Sparsity& asked() const { return asked_; }  // of the read that started at 0

    /// How many leading tokens a read of `tokens` under `wanted` keeps (the rule is in engine.h).
    /// `wanted_sparse`: a read of all of `tokens` from 0 would have sparse layers.
    int reusable(std::span<const int32_t> tokens, const Sparsity& wanted, bool wanted_sparse) const;

    /// Keeps the first `length` tokens. Inside a sparse prefill nothing of the cache can be kept.
    void truncate(int length);

    /// `tokens` from `start` on were read; `sparse`: from 0, with sparse layers.
    void was_read(std::span<const int32_t> tokens, int start, const Sparsity& wanted, bool sparse);

    /// Takes over what another session read: as was_read of `sparse_length` tokens (0: of all, densely) and
    /// then of the rest.
    void resume(std::span<const int32_t> tokens, const Sparsity& asked, int sparse_length);

    void push(int32_t token) { tokens_.push_back(token); }  // sampled; not yet in the cache
    void all_cached() { cached_ = length(); }

  private:
    std::vector<int32_t> tokens_;
    int cached_ = 0;
    int sparse_length_ = 0;  // tokens of the sparse prefill the timeline begins with; 0: dense
    Sparsity asked_;
};

}  // namespace longleaf
