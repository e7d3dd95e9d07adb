#include "engine/layer_drift.h"

#include <cassert>

#include "sparsity/drift.h"

namespace longleaf {

std::vector<float> LayerDrift::read(const Matrix& rows) const {
    assert(rows.type == DType::f32 && rows.stride == rows.cols && "drift: rows of the residual stream");
    std::vector<float> values(static_cast<size_t>(rows.rows * rows.cols));
    backend_.download(values.data(), rows.data, values.size() * sizeof(float));
    return values;
}

void LayerDrift::before(const Matrix& rows) { in_ = read(rows); }

void LayerDrift::after(int layer, const Matrix& rows) {
    const std::vector<float> out = read(rows);
    assert(out.size() == in_.size() && "drift: the rows that went in");
    sums_[layer] +=
        representation_drift(in_.data(), out.data(), rows.rows, rows.cols) * static_cast<double>(rows.rows);
    if (layer == 0) first_layer_tokens_ += rows.rows;
}

std::vector<double> LayerDrift::mean() const {
    std::vector<double> means;
    for (const double sum : sums_)
        means.push_back(first_layer_tokens_ > 0 ? sum / static_cast<double>(first_layer_tokens_) : 0);
    return means;
}

}  // namespace longleaf
