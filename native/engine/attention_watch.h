// Where chosen heads look while tokens are generated. Queries are taken as they pass; which positions they
// attended to is worked out once, afterwards, on the host: a few heads of a few layers, in plain arithmetic.
#pragma once

#include <vector>

#include "engine/cache.h"
#include "model/config.h"
#include "ops/ops.h"

namespace longleaf {

class AttentionWatch {
  public:
    /// `positions`: the first ones are what is of interest.
    AttentionWatch(std::vector<WatchedHead> heads, int positions, const Config&);

    /// q (1, H * D) f32, roped, of the token at `position`. Of a long answer every second token is forgotten
    /// whenever there are more than a few.
    void take(Backend&, int layer, Matrix q, int position);

    /// (heads, positions): attention that each head's queries paid, summed over them and divided by their
    /// number. Zeros where nothing was taken; stops early, with whatever it has, once the backend is
    /// cancelled.
    std::vector<float> attention(Backend&, const KvCache&) const;

  private:
    struct Query {
        int position;
        std::vector<float> q;  // (heads of the layer, D)
    };
    struct Layer {
        int index;
        std::vector<int> slots;  // which of heads_
        std::vector<Query> queries;
        int seen = 0, stride = 1;
    };
    void attend(Backend&, const KvLayer&, const Layer&, size_t slot, float* out) const;

    std::vector<WatchedHead> heads_;
    std::vector<Layer> layers_;
    int positions_, head_dim_, group_;
};

}  // namespace longleaf
