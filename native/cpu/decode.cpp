// Attention of one token: bound by reading the cache. Keys are split over threads on a grid that depends on
// nothing but their number, and the parts are joined in ascending order.
#include <algorithm>
#include <cmath>

#include "cpu/attend.h"

namespace longleaf::cpu {
namespace {

constexpr int64_t kKeysPerPart = 512;

/// What one part of the keys says about each query head of a group.
struct Part {
    float *peak, *total;  // (group)
    float* sums;          // (group, D)
};

Part part_at(float* base, int64_t group, int64_t d, int64_t index) {
    float* p = base + index * group * (d + 2);
    return {p, p + group, p + 2 * group};
}

void attend_part(const Kernels& kn, const KvLayer& kv, int64_t g, int64_t first, int64_t n, const float* q,
                 int64_t group, float* scores, const Part& part) {
    const DType type = stored_as(kv.type);
    const int64_t d = kv.head_dim;
    const Rows k = from_row(head_rows(kv.k, kv, g), first), v = from_row(head_rows(kv.v, kv, g), first);
    for (int64_t h = 0; h < group; h += kMaxGroup) {
        const int heads = static_cast<int>(std::min<int64_t>(kMaxGroup, group - h));
        kn.query_keys(type, k, n, d, q + h * d, heads, scores);
        if (kv.soft_cap > 0) kn.soften(scores, heads * n, cap_in_base_2(kv.soft_cap));
        for (int i = 0; i < heads; ++i)
            kn.softmax_row(scores + i * n, n, part.peak + h + i, part.total + h + i);
        kn.weigh_values(type, v, n, d, scores, heads, part.sums + h * d);
    }
}

/// out (D) of head h = the parts' sums, brought to one peak.
void join_parts(float* base, int64_t splits, int64_t group, int64_t d, int64_t h, float* out) {
    float peak = part_at(base, group, d, 0).peak[h], total = 0;
    for (int64_t i = 1; i < splits; ++i) peak = std::max(peak, part_at(base, group, d, i).peak[h]);
    std::fill_n(out, d, 0.0f);
    for (int64_t i = 0; i < splits; ++i) {
        const Part part = part_at(base, group, d, i);
        const float weight = std::exp2(part.peak[h] - peak);
        total += weight * part.total[h];
        for (int64_t c = 0; c < d; ++c) out[c] += weight * part.sums[h * d + c];
    }
    for (int64_t c = 0; c < d; ++c) out[c] /= total;
}

}  // namespace

void attend_one(Running& run, Matrix q, const KvLayer& kv, int64_t keys, Matrix out) {
    // q holds H heads in order; heads of group g are neighbours.
    const int64_t d = kv.head_dim, heads = q.cols / d, group = heads / kv.kv_heads;
    const int64_t begin = kv.window > 0 ? std::max<int64_t>(0, keys - kv.window) : 0;
    const int64_t splits = parts(keys - begin, kKeysPerPart);
    float* scaled = run.shared(heads * d + kv.kv_heads * splits * group * (d + 2));
    float* results = scaled + heads * d;
    const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(d)));
    for (int64_t i = 0; i < heads * d; ++i) scaled[i] = row(q, 0)[i] * scale;
    run.reserve_local(kKeysPerPart * std::min<int64_t>(group, kMaxGroup));
    run.parallel(kv.kv_heads * splits, [&](int64_t task, int thread) {
        const int64_t g = task / splits, first = begin + task % splits * kKeysPerPart;
        attend_part(run.kernels(), kv, g, first, std::min(kKeysPerPart, keys - first), scaled + g * group * d,
                    group, run.local(thread), part_at(results, group, d, task));
    });
    if (run.cancelled()) return;  // parts may be missing
    for (int64_t h = 0; h < heads; ++h)
        join_parts(results + h / group * splits * group * (d + 2), splits, group, d, h % group,
                   row(out, 0) + h * d);
}

}  // namespace longleaf::cpu
