// From token scores to what each head keeps. In keep.cu.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

using Wide = unsigned long long;  // what atomicAdd takes
constexpr int kDigits = 256;

/// How far the division of a layer's tokens into light and heavy has come.
struct Budget {
    Wide total, taken, leading;   // mass of all, mass of the light, digits decided so far
    unsigned light, blocks_done;  // tokens found light
    Wide mass[kDigits];           // of undecided tokens by their next digit
    unsigned tokens[kDigits];
};

struct Scores {
    const float* scores;  // (H, P) mean probability of each prefix token
    float* pooled;        // (H, P) work space
    Wide* layer;          // (P) work space: the layer's mass of each token in units of 2^-48
    Budget* budget;       // work space
    int heads, prefix;    // P
};

/// Pools, sets the budget by Dynamic Token Coverage and fills `out`: per head its best tokens and the window.
void keep_tokens(cudaStream_t, const Scores&, const SelectOptions&, const Selection& out);

}  // namespace longleaf::cuda
