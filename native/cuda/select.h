// The stages of select, each in a file of its own, and the work space they share.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

using Wide = unsigned long long;  // what atomicAdd takes

constexpr int kColumns = 32;           // queries multiplied at a time; W is padded to whole ones
constexpr int kLeastKeys = 512;        // per part of the keys
constexpr int kMaxParts = 256;         // of the keys
constexpr int kPasses = 3;             // of a radix descent over 32 bits
constexpr int kDigits = 1 << 11;       // per pass
constexpr int kTokensPerSlice = 8192;  // of a head's prefix, per block

/// Maximum of a query's scores, times log2(e) / sqrt(D), over one part of the keys, and the sum of 2^(score -
/// peak).
struct Softmax {
    float peak, total;
};

/// How far the division of a layer's tokens into light and heavy has come: `leading` holds the digits decided
/// so far of the lightest heavy token's mass; `light` tokens of mass `taken` are below it.
struct Division {
    Wide taken;
    unsigned light, leading;
};

/// The same for one head: `wanted` of the tokens that share the digits `leading` are kept, and all above.
struct Threshold {
    unsigned leading;
    int wanted;
};

/// Tokens of one slice above their head's threshold, and equal to it.
struct Passing {
    int above, equal;
};

/// The budget's counters; zero when a selection begins. Mass in units of 2^-48.
struct Budget {
    Wide total;
    Wide mass[kPasses][kDigits];  // of undecided tokens by their next digit
    unsigned tokens[kPasses][kDigits];
    Division division[kPasses];  // after each pass
};

/// What select takes of the caller's scratch. P = S - W; rows are `stride` floats apart.
struct Room {
    Room(void* scratch, int64_t heads, int64_t length, int64_t window);
    int64_t padded, stride, slices, used = 0;  // W in whole kColumns; P in whole 16 bytes; per head; bytes
    Budget* budget;
    unsigned* tallies;       // (kPasses, H, kDigits) tokens by digit; directly behind the budget
    uint64_t counter_bytes;  // of both
    Threshold* thresholds;   // (kPasses, H)
    Passing* passing;        // (H, slices)
    float* layer;            // (P) mass of each token over all heads
    float *scores, *pooled;  // (H, stride) mean probability of each prefix token; that, pooled
    Softmax* softmax;        // (parts of the keys, H, padded)
};

/// Fills room.scores: the mean over the window's queries of their softmax over all keys. In score.cu.
void score_tokens(CudaBackend&, const Matrix& q, const KvLayer&, int length, const Room&);

/// Pools, sets the budget and fills `out`: per list, of a head or of a kv head, its best tokens and the
/// window. In keep.cu.
void keep_tokens(cudaStream_t, const Room&, int heads, int lists, int length, const SelectOptions&,
                 const Selection& out);

}  // namespace longleaf::cuda
