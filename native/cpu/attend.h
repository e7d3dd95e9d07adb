// Attention of a set of queries over cached rows: what attend and attend_selected have in common.
#pragma once

#include "cpu/cpu.h"

namespace longleaf::cpu {

/// One (token, head) pair. It sees keys 0 .. last.
struct Query {
    const float* q;  // (D)
    float* out;      // (D)
    int64_t last;
};

/// Keys in the order of attention. `index` in both, or in neither, makes it a compacted sequence.
struct Keys {
    DType type;
    Rows k, v;
    int64_t head_dim;
    int64_t window = 0;  // as KvLayer's
    float soft_cap = 0;
};

/// A query's soft cap where scores are in base 2.
inline float cap_in_base_2(float soft_cap) { return soft_cap * 1.44269504f; }

constexpr int64_t kKeyBlock =
    128;  // keys per step, on a grid from key 0: a query's sums never depend on others

/// Floats of thread-local scratch for attend_queries() over at most `queries` queries.
int64_t attend_scratch(const Kernels&, int64_t head_dim, int64_t queries);

/// Queries in ascending order of `last`. With `mask` they look only into blocks of kKeyBlock keys whose bit
/// is set, which must hold a key that each of them sees. Returns early when `stop` is true.
void attend_queries(const Kernels&, const Query* queries, int64_t count, const Keys&, float* scratch,
                    const std::atomic<bool>& stop, const uint32_t* mask = nullptr);

/// T == 1: splits the keys over threads on a fixed grid and joins the parts in order. In decode.cpp.
void attend_one(Running&, Matrix q, const KvLayer&, int64_t keys, Matrix out);

}  // namespace longleaf::cpu
