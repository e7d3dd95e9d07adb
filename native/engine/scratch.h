// The activations of one forward pass. Sized once from the number of tokens; what grows with them is the
// residual stream and, for sparse layers, the selection. Everything else is one chunk high.
#pragma once

#include "engine/buffer.h"
#include "model/config.h"
#include "ops/ops.h"

namespace longleaf {

/// Positions a cache has beyond the context: a read of one token is padded to two rows (session.cpp).
inline constexpr int cache_slack = 1;

class Scratch {
  public:
    /// For passes of at most `tokens` rows, which are of type `several` where more than one is computed at a
    /// time; `select` is null when no layer of them selects tokens, `plans` says whether any goes by blocks.
    Scratch(const Config&, Backend&, DType several, int tokens, const SelectOptions* select, bool plans);

    /// What the constructor takes.
    static uint64_t bytes(const Config&, const Backend&, DType several, int tokens,
                          const SelectOptions* select, bool plans);

    int32_t* ids() const { return static_cast<int32_t*>(ids_.data()); }  // (T)
    Matrix residual(int first, int rows) const;                          // rows of (T, C)
    Matrix normed(int rows) const { return of(normed_, rows, channels_); }
    Matrix q(int rows) const { return of(q_, rows, q_dim_); }
    Matrix mixed(int rows) const { return of(mixed_, rows, q_dim_); }  // what attention returns
    Matrix k(int rows) const { return of(k_, rows, kv_dim_); }
    Matrix v(int rows) const { return of(v_, rows, kv_dim_); }
    Matrix gate(int rows) const { return of(gate_, rows, ffn_); }
    Matrix up(int rows) const { return of(up_, rows, ffn_); }  // room, or none: Backend::gates_at_once
    Matrix branch(int rows) const;  // f32, what attention or FFN add: none where Config::adds_plainly
    Matrix tail(int rows) const { return of(tail_, rows, q_dim_); }  // the queries that score, (W, H * D)
    Selection selection(int layer) const;     // index shared, count per layer; per_group as asked for
    Matrix all_q(int first, int rows) const;  // rows of (T, H * D), where layers go by blocks
    BlockPlan block_plan(int layer) const;    // mask shared, marked per layer
    const uint32_t* marked() const { return static_cast<uint32_t*>(marked_.data()); }  // (L)
    void* plan_work() const { return plan_work_.data(); }
    const int32_t* counts() const { return static_cast<int32_t*>(counts_.data()); }  // (L)
    uint32_t* tallies() const { return static_cast<uint32_t*>(tallies_.data()); }    // (L, kStretches)
    void* select_work() const { return select_work_.data(); }
    Matrix rows_of(Matrix m, int first, int rows) const;

  private:
    Matrix of(const Buffer&, int rows, int64_t cols) const;

    int64_t channels_, q_dim_, kv_dim_, ffn_, tokens_;
    DType several_;
    bool per_group_;
    Buffer ids_, residual_, normed_, q_, mixed_, k_, v_, gate_, up_, branch_;
    Buffer tail_, index_, counts_, tallies_, select_work_, gathered_;
    Buffer all_q_, mask_, marked_, plan_work_;
};

}  // namespace longleaf
