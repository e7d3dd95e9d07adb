// Attention of a single query, where reading the cache is all there is to do. In decode.cu.
#pragma once

#include "cuda/cuda.h"

namespace longleaf::cuda {

/// q, out (1, H * D); sees positions 0 .. length - 1. Keys are split over blocks on a grid that depends on
/// `length` and the device alone, and the parts joined in ascending order.
void decode(Running&, const Matrix& q, const KvLayer&, int length, const Matrix& out);

}  // namespace longleaf::cuda
