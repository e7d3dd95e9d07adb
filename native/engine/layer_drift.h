// What calibration adds to a pass: how far each decoder block moves the tokens that go through it.
#pragma once

#include <vector>

#include "ops/ops.h"

namespace longleaf {

/// Inter-Layer Representation Drift (arXiv 2602.03216 §2.4) of one pass: the mean over its tokens of
/// ||out - in|| / ||in|| for each block, attention and FFN together. Rows are compared on the host, a chunk
/// at a time.
class LayerDrift {
  public:
    LayerDrift(Backend& backend, int layers) : backend_(backend), sums_(layers, 0.0) {}

    void before(const Matrix& rows);            // of the residual stream (T, C) f32, about to enter a block
    void after(int layer, const Matrix& rows);  // the same rows once they have left it
    std::vector<double> mean() const;           // (L)

  private:
    std::vector<float> read(const Matrix& rows) const;  // (T, C)

    Backend& backend_;
    std::vector<float> in_;     // (T, C) of the chunk under way
    std::vector<double> sums_;  // (L) over the tokens seen
    int64_t first_layer_tokens_ = 0;
};

}  // namespace longleaf
