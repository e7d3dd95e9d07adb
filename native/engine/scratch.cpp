#include "engine/scratch.h"

#include <algorithm>

namespace longleaf {

namespace {

struct Sizes {
    uint64_t ids, residual, normed, q, kv, gate, up, branch, tail, index, counts, tallies, select_work,
        gathered;
    uint64_t all_q, mask, marked, plan_work;
    uint64_t total() const {
        return ids + residual + normed + 2 * q + 2 * kv + gate + up + branch + tail + index + counts +
               tallies + select_work + gathered + all_q + mask + marked + plan_work;
    }
};

DType type_of_rows(int64_t rows, DType several) { return rows == 1 ? DType::f32 : several; }

BlockPlan plan_of(int64_t tokens) { return {nullptr, (tokens + kPlanBlock - 1) / kPlanBlock}; }

Sizes sizes(const Config& c, const Backend& backend, DType several, int tokens, const SelectOptions* select,
            bool plans) {
    const uint64_t t = static_cast<uint64_t>(tokens);
    const uint64_t chunk = std::min<uint64_t>(t, static_cast<uint64_t>(backend.chunk_rows()));
    const uint64_t e =
        row_bytes(type_of_rows(tokens, several), 1);  // a chunk of two 16-bit rows holds one of f32
    const uint64_t q_dim = static_cast<uint64_t>(c.heads) * c.head_dim;
    const uint64_t kv_dim = static_cast<uint64_t>(c.kv_heads) * c.head_dim;
    Sizes s{};
    s.ids = t * sizeof(int32_t);
    s.residual = t * c.channels * sizeof(float);
    s.normed = chunk * c.channels * e;
    s.q = chunk * q_dim * e;
    s.kv = chunk * kv_dim * e;
    s.gate = chunk * c.ffn * e;
    s.up = tokens > 1 && backend.gates_at_once() && c.gate == GateFunction::silu ? 0 : s.gate;
    s.branch = c.adds_plainly() ? 0 : chunk * c.channels * sizeof(float);
    if (plans) {
        s.all_q = t * q_dim * e;
        s.mask = plan_of(tokens).bytes(c.heads);
        s.marked = static_cast<uint64_t>(c.layers) * sizeof(uint32_t);
        s.plan_work = backend.ops().plan_scratch_bytes(c.heads, tokens, c.head_dim);
    }
    if (!select) return s;
    s.tail =
        static_cast<uint64_t>(select->window) * q_dim * row_bytes(type_of_rows(select->window, several), 1);
    const int lists = select->per_group ? c.kv_heads : c.heads;
    s.index = static_cast<uint64_t>(lists) * t * sizeof(int32_t);
    s.counts = static_cast<uint64_t>(c.layers) * sizeof(int32_t);
    s.tallies = static_cast<uint64_t>(c.layers) * kStretches * sizeof(uint32_t);
    s.gathered = backend.gathered_bytes(lists, tokens, c.head_dim);
    s.select_work = backend.ops().select_scratch_bytes(c.heads, tokens, *select);
    return s;
}

}  // namespace

uint64_t Scratch::bytes(const Config& c, const Backend& backend, DType several, int tokens,
                        const SelectOptions* select, bool plans) {
    return sizes(c, backend, several, tokens, select, plans).total();
}

Scratch::Scratch(const Config& c, Backend& backend, DType several, int tokens, const SelectOptions* select,
                 bool plans)
    : channels_(c.channels),
      q_dim_(static_cast<int64_t>(c.heads) * c.head_dim),
      kv_dim_(static_cast<int64_t>(c.kv_heads) * c.head_dim),
      ffn_(c.ffn),
      tokens_(tokens),
      several_(several),
      per_group_(select && select->per_group) {
    const Sizes s = sizes(c, backend, several, tokens, select, plans);
    ids_ = Buffer(backend, s.ids);
    residual_ = Buffer(backend, s.residual);
    normed_ = Buffer(backend, s.normed);
    q_ = Buffer(backend, s.q);
    mixed_ = Buffer(backend, s.q);
    k_ = Buffer(backend, s.kv);
    v_ = Buffer(backend, s.kv);
    gate_ = Buffer(backend, s.gate);
    up_ = Buffer(backend, s.up);
    branch_ = Buffer(backend, s.branch);
    tail_ = Buffer(backend, s.tail);
    index_ = Buffer(backend, s.index);
    counts_ = Buffer(backend, s.counts);
    tallies_ = Buffer(backend, s.tallies);
    select_work_ = Buffer(backend, s.select_work);
    gathered_ = Buffer(backend, s.gathered);
    all_q_ = Buffer(backend, s.all_q);
    mask_ = Buffer(backend, s.mask);
    marked_ = Buffer(backend, s.marked);
    plan_work_ = Buffer(backend, s.plan_work);
}

Matrix Scratch::rows_of(Matrix m, int first, int rows) const {
    m.data = static_cast<uint8_t*>(m.data) + static_cast<uint64_t>(first) * row_bytes(m.type, m.stride);
    m.rows = rows;
    return m;
}

Matrix Scratch::residual(int first, int rows) const {
    return rows_of({residual_.data(), tokens_, channels_, channels_}, first, rows);
}

Matrix Scratch::branch(int rows) const { return {branch_.data(), rows, channels_, channels_}; }

Matrix Scratch::of(const Buffer& b, int rows, int64_t cols) const {
    return {b.data(), rows, cols, cols, type_of_rows(rows, several_)};
}

Matrix Scratch::all_q(int first, int rows) const {
    return rows_of(of(all_q_, static_cast<int>(tokens_), q_dim_), first, rows);
}

BlockPlan Scratch::block_plan(int layer) const {
    BlockPlan plan = plan_of(tokens_);
    plan.mask = static_cast<uint32_t*>(mask_.data());
    plan.marked = static_cast<uint32_t*>(marked_.data()) + layer;
    return plan;
}

Selection Scratch::selection(int layer) const {
    return {static_cast<int32_t*>(index_.data()), static_cast<int32_t*>(counts_.data()) + layer, tokens_,
            gathered_.data(), per_group_};
}

}  // namespace longleaf
