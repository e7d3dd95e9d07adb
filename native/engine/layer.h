// One layer's products with what families do around them: biases, norms of heads, scales, post norms.
#pragma once

#include "engine/forward.h"

namespace longleaf {

class Layer {
  public:
    Layer(const Decoder&, int index);

    /// Makes products of normalised rows, the first at position `start`, what attention takes: turned, K and
    /// V stored.
    void finish_queries(Matrix q, int start) const;
    void store_keys(Matrix k, Matrix v, const KvLayer&, int start) const;
    /// All three of a row alone.
    void finish_row(Matrix q, Matrix k, Matrix v, const KvLayer&, int start) const;

    /// x += what attention returned, projected; `room` (T, C) f32 unless Config::adds_plainly.
    void add_attention(Matrix mixed, Matrix x, Matrix room) const;
    /// x += FFN of the normalised rows.
    void add_ffn(Matrix normed, Matrix x, Matrix gate, Matrix up, Matrix room) const;

    const LayerWeights& weights;

  private:
    void condition(Matrix rows, const Tensor& bias, const Tensor& norm) const;
    void add_branch(const Tensor& w, Matrix from, const Tensor& post_norm, Matrix x, Matrix room) const;

    const Config& config_;
    Backend& backend_;
    const Ops& op_;
    const RopeTable& rope_;
    bool turns_;
    float query_scale_;  // what attention's own scale leaves to do
};

}  // namespace longleaf
