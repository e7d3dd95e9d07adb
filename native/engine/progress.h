// How much of a prefill is done, weighted by the work of each step, so that the time left can be read off it.
#pragma once

#include <chrono>

#include "engine.h"
#include "model/config.h"
#include "sparsity/policy.h"

namespace longleaf {

/// Floating-point operations of the steps of one layer.
class Cost {
  public:
    explicit Cost(const Config&);
    double project_kv(int rows) const { return rows * kv_row_; }
    double project_out(int rows) const { return rows * out_row_; }
    /// Rows a .. b - 1 of a pass that starts at `start`. What a sparse layer will keep is known to the device
    /// alone; a typical share stands for it.
    double attend(int start, int a, int b, bool sparse) const;
    double select(int length, int window) const { return 0.5 * pair_ * length * window; }
    /// A whole pass of `rows` rows, of which the last layer finishes only `last_rows`.
    double pass(int start, int rows, int last_rows, const SparsityPlan&) const;

  private:
    double kv_row_, out_row_, pair_;  // per row, per row, per (query, key) over all heads
};

/// Reports at most 20 times a second; a default-constructed one reports nothing.
class Progress {
  public:
    Progress() = default;
    Progress(double total_cost, int tokens, const ReadingCallback& callback);
    void add(double cost);
    void finish();  // everything is done
    double seconds() const;

  private:
    using Clock = std::chrono::steady_clock;
    void report(double share);

    double total_ = 0, done_ = 0;
    int tokens_ = 0;
    const ReadingCallback* callback_ = nullptr;
    Clock::time_point begun_ = Clock::now(), reported_ = begun_;
};

}  // namespace longleaf
