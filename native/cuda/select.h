// From token scores to what each head keeps. In keep.cu.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

struct Scores {
    const float* scores;  // (H, P) mean probability of each prefix token
    float* pooled;        // (H, P) work space
    uint64_t* layer;      // (P) work space
    int heads, prefix;    // P
};

/// Pools, sets the budget by Dynamic Token Coverage and fills `out`: per head its best tokens and the window.
void keep_tokens(cudaStream_t, const Scores&, const SelectOptions&, const Selection& out);

}  // namespace longleaf::cuda
