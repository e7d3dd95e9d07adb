// The plain path: obvious loops, no intrinsics. Every processor runs it, and the vector kernels are tested
// beside it. Lane loops have constant bounds, so compilers vectorise them where they can.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/half.h"
#include "cpu/kernels.h"
#include "cpu/quants.h"

namespace longleaf::cpu {
namespace {

constexpr int kLanes = 16, kRows = 4;

const char* row_at(const Rows& rows, int64_t r) {
    return static_cast<const char*>(rows.data) +
           static_cast<size_t>(rows.index ? rows.index[r] : r) * rows.row_bytes;
}

void unpack_row(DType type, const char* row, int64_t n, float* out) {
    const auto* halves = reinterpret_cast<const uint16_t*>(row);
    switch (type) {
        case DType::f32:
            std::memcpy(out, row, static_cast<size_t>(n) * 4);
            break;
        case DType::f16:
            for (int64_t i = 0; i < n; ++i) out[i] = half_to_float(halves[i]);
            break;
        case DType::bf16:
            for (int64_t i = 0; i < n; ++i) out[i] = bf16_to_float(halves[i]);
            break;
        default:
            unpack_blocks(type, row, n, out);
    }
}

void unpack(DType type, const Rows& rows, int64_t count, int64_t cols, float* out, int64_t out_stride) {
    for (int64_t r = 0; r < count; ++r) unpack_row(type, row_at(rows, r), cols, out + r * out_stride);
}

void pack_q8_0(const float* values, BlockQ8_0& block) {
    float largest = 0;
    for (int i = 0; i < 32; ++i) largest = std::max(largest, std::fabs(values[i]));
    const float d = largest / 127, inverse = d > 0 ? 1 / d : 0;
    block.d = float_to_half(d);
    for (int i = 0; i < 32; ++i) {
        const float q = std::nearbyint(values[i] * inverse);  // NaN and infinity must not reach the cast
        block.q[i] = static_cast<int8_t>(q >= -127 ? std::min(q, 127.0f) : -127.0f);
    }
}

void pack(DType type, const float* values, int64_t n, void* out) {
    switch (type) {
        case DType::f32:
            std::memcpy(out, values, static_cast<size_t>(n) * 4);
            break;
        case DType::f16:
            for (int64_t i = 0; i < n; ++i) static_cast<uint16_t*>(out)[i] = float_to_half(values[i]);
            break;
        case DType::q8_0:
            for (int64_t i = 0; i < n / 32; ++i) pack_q8_0(values + i * 32, static_cast<BlockQ8_0*>(out)[i]);
            break;
        default:
            break;  // not a cache type
    }
}

void to_lanes(const float* x, int64_t stride, int rows, int64_t cols, float* tile) {
    for (int64_t c = 0; c < cols; ++c)
        for (int l = 0; l < kLanes; ++l) tile[c * kLanes + l] = l < rows ? x[l * stride + c] : 0;
}

void from_lanes(const float* tile, int rows, int64_t cols, float* out, int64_t stride, bool add) {
    for (int r = 0; r < rows; ++r)
        for (int64_t c = 0; c < cols; ++c)
            out[r * stride + c] = tile[c * kLanes + r] + (add ? out[r * stride + c] : 0);
}

void product(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c, int, bool add) {
    for (int64_t i = 0; i < m; ++i) {
        float sum[kLanes];
        for (int l = 0; l < kLanes; ++l) sum[l] = add ? c[i * kLanes + l] : 0;
        for (int64_t p = 0; p < k; ++p)
            for (int l = 0; l < kLanes; ++l) sum[l] += a[i * lda + p] * b[p * kLanes + l];
        for (int l = 0; l < kLanes; ++l) c[i * kLanes + l] = sum[l];
    }
}

void product_t(const float* a, int64_t lda, int64_t m, const float* b, int64_t k, float* c, int,
               const float* scale) {
    for (int64_t i = 0; i < m; ++i) {
        float sum[kLanes];
        for (int l = 0; l < kLanes; ++l) sum[l] = c[i * kLanes + l] * scale[l];
        for (int64_t p = 0; p < k; ++p)
            for (int l = 0; l < kLanes; ++l) sum[l] += a[p * lda + i] * b[p * kLanes + l];
        for (int l = 0; l < kLanes; ++l) c[i * kLanes + l] = sum[l];
    }
}

void softmax(float* s, int64_t keys, int, float* peak, float* sum, float* shrink) {
    for (int l = 0; l < kLanes; ++l) {
        float top = peak[l], total = 0;
        for (int64_t j = 0; j < keys; ++j) top = std::max(top, s[j * kLanes + l]);
        for (int64_t j = 0; j < keys; ++j) total += s[j * kLanes + l] = std::exp2(s[j * kLanes + l] - top);
        shrink[l] = std::exp2(peak[l] - top);
        sum[l] = sum[l] * shrink[l] + total;
        peak[l] = top;
    }
}

void softmax_sum(const float* s, int64_t keys, int, float* peak, float* sum) {
    for (int l = 0; l < kLanes; ++l) {
        float top = peak[l], total = 0;
        for (int64_t j = 0; j < keys; ++j) top = std::max(top, s[j * kLanes + l]);
        for (int64_t j = 0; j < keys; ++j) total += std::exp2(s[j * kLanes + l] - top);
        sum[l] = sum[l] * std::exp2(peak[l] - top) + total;
        peak[l] = top;
    }
}

void softmax_mass(const float* s, int64_t keys, int, const float* peak, const float* weight, float* out) {
    for (int64_t j = 0; j < keys; ++j) {
        float mass = 0;
        for (int l = 0; l < kLanes; ++l) mass += std::exp2(s[j * kLanes + l] - peak[l]) * weight[l];
        out[j] += mass;
    }
}

/// Values of one row, a stretch at a time, so that rows of any length fit on the stack.
template <class Use>
void each_stretch(DType type, const char* row, int64_t n, Use use) {
    constexpr int64_t kStretch = 256;  // a multiple of every block
    float values[kStretch];
    const size_t stretch_bytes = row_bytes(type, kStretch);
    for (int64_t first = 0; first < n; first += kStretch, row += stretch_bytes) {
        const int64_t count = std::min(kStretch, n - first);
        unpack_row(type, row, count, values);
        for (int64_t i = 0; i < count; ++i) use(first + i, values[i]);
    }
}

void dot_rows(DType type, const Rows& w, int64_t rows, int64_t cols, const float* x, float* out, bool add) {
    for (int64_t r = 0; r < rows; ++r) {
        float sum = 0;
        each_stretch(type, row_at(w, r), cols, [&](int64_t i, float value) { sum += value * x[i]; });
        out[r] = sum + (add ? out[r] : 0);
    }
}

void query_keys(DType type, const Rows& k, int64_t keys, int64_t d, const float* q, int group, float* s) {
    for (int64_t j = 0; j < keys; ++j) {
        for (int h = 0; h < group; ++h) s[h * keys + j] = 0;
        each_stretch(type, row_at(k, j), d, [&](int64_t i, float value) {
            for (int h = 0; h < group; ++h) s[h * keys + j] += value * q[h * d + i];
        });
    }
}

void weigh_values(DType type, const Rows& v, int64_t keys, int64_t d, const float* p, int group, float* out) {
    std::memset(out, 0, static_cast<size_t>(group * d) * 4);
    for (int64_t j = 0; j < keys; ++j)
        each_stretch(type, row_at(v, j), d, [&](int64_t i, float value) {
            for (int h = 0; h < group; ++h) out[h * d + i] += value * p[h * keys + j];
        });
}

void softmax_row(float* s, int64_t n, float* peak, float* sum) {
    float top = -INFINITY, total = 0;
    for (int64_t i = 0; i < n; ++i) top = std::max(top, s[i]);
    for (int64_t i = 0; i < n; ++i) total += s[i] = std::exp2(s[i] - top);
    *peak = top, *sum = total;
}

void rmsnorm(const float* x, const float* weight, int64_t n, float eps, float* out) {
    float squares = 0;
    for (int64_t i = 0; i < n; ++i) squares += x[i] * x[i];
    const float scale = 1 / std::sqrt(squares / static_cast<float>(n) + eps);
    for (int64_t i = 0; i < n; ++i) out[i] = x[i] * scale * weight[i];
}

void swiglu(float* gate, const float* up, int64_t n) {
    for (int64_t i = 0; i < n; ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
}

void geglu(float* gate, const float* up, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
        const float x = gate[i], u = 0.797884561f * (x + 0.044715f * x * x * x);
        gate[i] = x / (1 + std::exp(-2 * u)) * up[i];
    }
}

void soften(float* s, int64_t n, float cap) {
    for (int64_t i = 0; i < n; ++i) s[i] = cap * std::tanh(s[i] / cap);
}

}  // namespace

const Kernels& scalar_kernels() {
    static const Kernels kernels = {
        "scalar",    1,         kLanes,  kRows,       unpack,       pack,     to_lanes,   from_lanes,
        product,     product_t, softmax, softmax_sum, softmax_mass, dot_rows, query_keys, weigh_values,
        softmax_row, rmsnorm,   swiglu,  geglu,       soften};
    return kernels;
}

}  // namespace longleaf::cpu
