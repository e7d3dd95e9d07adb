// What ops are given: weights in the file's type, activations in the backend's type.
#pragma once

#include <cstdint>

#include "ops/quant.h"

namespace longleaf {

/// A weight matrix, row-major, `rows` outputs of `cols` inputs, in its quantised type. Does not own.
struct Tensor {
    const void* data = nullptr;
    DType type = DType::f32;
    int64_t rows = 0, cols = 0;
};

/// A matrix of activations, row-major, in the backend's activation type (f32 on CPU). Does not own.
struct Matrix {
    void* data = nullptr;
    int64_t rows = 0, cols = 0;
    int64_t stride = 0;  // elements from row to row, >= cols
};

}  // namespace longleaf
