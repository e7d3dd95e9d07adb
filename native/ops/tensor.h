// What ops are given: weights in the file's type, activations in f32 or the backend's type.
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

/// A matrix of activations, row-major. Does not own.
struct Matrix {
    void* data = nullptr;
    int64_t rows = 0, cols = 0;
    int64_t stride = 0;       // elements from row to row, >= cols
    DType type = DType::f32;  // f32, or what Backend::activation_type names
};

}  // namespace longleaf
