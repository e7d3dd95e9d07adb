// What the ops are made of: loops over raw pointers, once in plain C++ and once per vector instruction set.
// A kernel knows nothing of threads, tensors or positions.
//
// Tiles. Products work on `lanes` columns at a time: a B or C tile is (rows, lanes), row after row, and every
// lane is computed independently of its neighbours and in the same order whatever `vectors` is. That is where
// chunk invariance comes from: tokens (or queries) are lanes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/quant.h"

namespace longleaf::cpu {

/// Rows of quantised values. Row r starts at data + (index ? index[r] : r) * row_bytes.
struct Rows {
    const void* data;
    size_t row_bytes;
    const int32_t* index;
};

struct Kernels {
    const char* name;
    int width;  // floats in a vector; `vectors` below counts these, lanes / width at most
    int lanes;
    int tile_rows;  // product and product_t take m in multiples of this

    /// out (rows, out_stride) = the first `cols` values of each row. Blocks: cols in whole ones.
    void (*unpack)(DType, const Rows&, int64_t rows, int64_t cols, float* out, int64_t out_stride);
    /// out = n values in f32, f16 or q8_0 (n in multiples of 32).
    void (*pack)(DType, const float* values, int64_t n, void* out);

    /// tile (cols, lanes): x (rows, stride) transposed, lanes >= rows up to a whole vector set to 0.
    void (*to_lanes)(const float* x, int64_t stride, int rows, int64_t cols, float* tile);
    /// out (rows, stride), first `cols` columns = tile (cols, lanes) transposed; += when `add`.
    void (*from_lanes)(const float* tile, int rows, int64_t cols, float* out, int64_t stride, bool add);

    /// c (m, lanes) = a (m, lda) * b (k, lanes), += when `add`: c = fma(a[k], b[k], c) in ascending k.
    void (*product)(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c, int vectors,
                    bool add);
    /// c (m, lanes) = c * scale (lanes) + a^T * b with a (k, lda). Reads m columns of a.
    void (*product_t)(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c,
                      int vectors, const float* scale);

    /// One step of an online softmax in base 2 over s (keys, lanes): per lane raises the maximum `peak`,
    /// turns s into 2^(s - peak), sets shrink = 2^(old peak - peak) and sum = sum * shrink + the new terms.
    void (*softmax)(float* s, int64_t keys, int vectors, float* peak, float* sum, float* shrink);
    /// As softmax, but leaves s alone and keeps no shrink.
    void (*softmax_sum)(const float* s, int64_t keys, int vectors, float* peak, float* sum);
    /// out[key] += sum over lanes of 2^(s - peak) * weight (lanes).
    void (*softmax_mass)(const float* s, int64_t keys, int vectors, const float* peak, const float* weight,
                         float* out);

    /// out[r] = w row r . x for rows of `cols` values; += when `add`. One row's order does not depend on
    /// `rows`.
    void (*dot_rows)(DType, const Rows& w, int64_t rows, int64_t cols, const float* x, float* out, bool add);

    /// One query group against `keys` cached rows of d values: s (group, keys) = q (group, d) . k.
    void (*query_keys)(DType, const Rows& k, int64_t keys, int64_t d, const float* q, int group, float* s);
    /// out (group, d) = p (group, keys) . v.
    void (*weigh_values)(DType, const Rows& v, int64_t keys, int64_t d, const float* p, int group,
                         float* out);
    /// s = 2^(s - max of s); returns that maximum and the sum.
    void (*softmax_row)(float* s, int64_t n, float* peak, float* sum);

    /// out = x / sqrt(mean(x^2) + eps) * weight. In place allowed.
    void (*rmsnorm)(const float* x, const float* weight, int64_t n, float eps, float* out);
    /// gate = gate / (1 + e^-gate) * up.
    void (*swiglu)(float* gate, const float* up, int64_t n);
    /// gate = gelu(gate) * up, gelu(x) = x / (1 + e^(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
    void (*geglu)(float* gate, const float* up, int64_t n);
    /// s = cap * tanh(s / cap).
    void (*soften)(float* s, int64_t n, float cap);
};

const Kernels& scalar_kernels();
const Kernels* avx2_kernels();  // nullptr when this build has none
const Kernels* avx512_kernels();

constexpr int kMaxLanes = 48;  // of any set; sizes small arrays
constexpr int kMaxGroup = 16;  // query heads of one kv head that decode kernels handle per call

}  // namespace longleaf::cpu
