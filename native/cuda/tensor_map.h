// Descriptions of tensors for Hopper's copy engine, made on the host and passed to kernels by value
// (`const __grid_constant__ TensorMap`).
#pragma once

#include <cstdint>

namespace longleaf::cuda {

struct alignas(64) TensorMap {
    uint64_t words[16];
};

/// Planes of rows of 16-bit values, copied in boxes of 64 columns by `box_rows` rows, swizzled by 128 bytes.
/// Reads outside give zeros. Strides are in values, multiples of 8; `base` is aligned to 16 bytes.
/// Throws EngineError{internal} for what the hardware cannot describe, bad_request without a driver for it.
TensorMap make_tensor_map(const void* base, int64_t columns, int64_t rows, int64_t row_stride, int64_t planes,
                          int64_t plane_stride, int box_rows);

}  // namespace longleaf::cuda
