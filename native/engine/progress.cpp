#include "engine/progress.h"

#include <algorithm>

namespace longleaf {

// Share of (query, key) pairs a sparse layer typically computes: 0.75 of the tokens, squared.
static constexpr double sparse_pairs = 0.56;
// One attention operation takes as long as this many of a matrix product (measured, AVX-512).
static constexpr double attention_weight = 0.9;

Cost::Cost(const Config& c) {
    const double q_dim = static_cast<double>(c.heads) * c.head_dim;
    const double kv_dim = static_cast<double>(c.kv_heads) * c.head_dim;
    kv_row_ = 2.0 * c.channels * 2.0 * kv_dim;
    out_row_ = 2.0 * c.channels * (2.0 * q_dim + 3.0 * c.ffn);
    pair_ = 4.0 * q_dim * attention_weight;
}

double Cost::attend(int start, int a, int b, bool sparse) const {
    const double rows = b - a;
    const double pairs = rows * (start + 0.5 * (static_cast<double>(a) + b + 1));
    return pairs * pair_ * (sparse ? sparse_pairs : 1.0);
}

double Cost::pass(int start, int rows, int last_rows, const SparsityPlan& plan) const {
    double total = 0;
    const int layers = static_cast<int>(plan.sparse.size());
    for (int l = 0; l < layers; ++l) {
        const int out_rows = l == layers - 1 ? last_rows : rows;
        total += project_kv(rows) + project_out(out_rows);
        total += attend(start, rows - out_rows, rows, plan.sparse[l] || plan.blocks[l]);
        if (plan.sparse[l]) total += select(rows, plan.options.window);
        if (plan.blocks[l]) total += select(rows, kPlanBlock);
    }
    return total;
}

Progress::Progress(double total_cost, int tokens, const ReadingCallback& callback)
    : total_(total_cost), tokens_(tokens), callback_(callback ? &callback : nullptr) {
    report(0);
}

void Progress::add(double cost) {
    done_ += cost;
    if (!callback_ || Clock::now() - reported_ < std::chrono::milliseconds(50)) return;
    report(std::min(1.0, done_ / total_));
}

void Progress::finish() { report(1); }

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

void Progress::report(double share) {
    if (!callback_) return;
    reported_ = Clock::now();
    (*callback_)({static_cast<int>(share * tokens_), tokens_, seconds()});
}

}  // namespace longleaf
