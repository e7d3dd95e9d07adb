// The test bed of ops: every path of a backend, random inputs, outputs between guard bands. One set of tests
// serves both backends: test/native/cuda builds them again with LONGLEAF_TEST_CUDA.
#pragma once

#include <cstring>
#include <memory>
#include <random>

#include "blocks.h"
#include "cpu/backend.h"
#include "cpu/features.h"
#include "cpu/half.h"
#include "reference.h"
#if defined(LONGLEAF_TEST_CUDA)
#include "cuda/device_under_test.h"
#else
#include "cpu/device_under_test.h"
#endif

namespace bed {

using longleaf::BlockQ8_0, longleaf::DType, longleaf::KvLayer, longleaf::KvType, longleaf::Matrix,
    longleaf::Simd, longleaf::Tensor;
using reference::Grid;

inline float to_bf16(float v) {
    using namespace longleaf::cpu;
    return float_of_bits((bits_of_float(v) + 0x7fff + (bits_of_float(v) >> 16 & 1)) & 0xffff0000);
}
/// What a naive implementation that keeps values in `type` would make of them.
inline Grid<float> rounded(Grid<float> g, longleaf::DType type) {
    using namespace longleaf::cpu;
    for (float& v : g.at_)
        if (type == DType::f16)
            v = half_to_float(float_to_half(v));
        else if (type == DType::bf16)
            v = to_bf16(v);
    return g;
}
/// Operands of attention by `rows` queries.
inline Grid<float> operand(const Grid<float>& g, int64_t rows) { return rounded(g, attention_operand(rows)); }
inline reference::Round<float> probability(int64_t rows) {
    if (attention_operand(rows) == DType::f32) return nullptr;
    return [](float x) { return longleaf::cpu::half_to_float(longleaf::cpu::float_to_half(x)); };
}

inline Grid<float> random_grid(int64_t rows, int64_t cols, unsigned seed, float size = 1) {
    std::mt19937 rng(seed);
    std::normal_distribution<float> normal(0, size);
    Grid<float> g(rows, cols);
    for (float& v : g.at_) v = normal(rng);
    return g;
}

/// A matrix of the backend's memory, of f32 or 16-bit values: rows apart from each other, NaN around and
/// between them, and in them until something is written.
class Guarded {
  public:
    Guarded(int64_t rows, int64_t cols, DType type = DType::f32, int64_t gap = 5)
        : matrix{nullptr, rows, cols, cols + gap, type},
          bytes_(static_cast<size_t>(2 * kBand) + size(rows * (cols + gap)), kPoison) {
        matrix.data = bytes_.data() + kBand;
    }
    explicit Guarded(const Grid<float>& values, DType type = DType::f32, int64_t gap = 5)
        : Guarded(values.rows, values.cols, type, gap) {
        fill(values);
    }
    Guarded(const Guarded&) = delete;

    /// Rounds to the type.
    void fill(const Grid<float>& values) {
        using namespace longleaf::cpu;
        for (int64_t r = 0; r < values.rows; ++r)
            for (int64_t c = 0; c < values.cols; ++c) {
                const float value = values(r, c);
                const uint16_t half = matrix.type == DType::bf16
                                          ? static_cast<uint16_t>(bits_of_float(to_bf16(value)) >> 16)
                                          : float_to_half(value);
                std::memcpy(at(r, c), matrix.type == DType::f32 ? static_cast<const void*>(&value) : &half,
                            size(1));
            }
    }
    Grid<float> values() const {
        using namespace longleaf::cpu;
        finish();
        Grid<float> g(matrix.rows, matrix.cols);
        for (int64_t r = 0; r < matrix.rows; ++r)
            for (int64_t c = 0; c < matrix.cols; ++c) {
                uint16_t half = 0;
                if (matrix.type == DType::f32)
                    std::memcpy(&g(r, c), at(r, c), 4);
                else
                    std::memcpy(&half, at(r, c), 2),
                        g(r, c) = matrix.type == DType::f16 ? half_to_float(half) : bf16_to_float(half);
            }
        return g;
    }
    Matrix rows(int64_t first, int64_t count) const {
        return {at(first, 0), count, matrix.cols, matrix.stride, matrix.type};
    }
    bool intact() const {
        finish();
        const auto stride = static_cast<int64_t>(size(matrix.stride)), end = matrix.rows * stride;
        for (size_t i = 0; i < bytes_.size(); ++i) {
            const int64_t from = static_cast<int64_t>(i) - kBand;
            const bool inside =
                from >= 0 && from < end && from % stride < static_cast<int64_t>(size(matrix.cols));
            if (!inside && bytes_[i] != kPoison) return false;
        }
        return true;
    }

    Matrix matrix;

  private:
    static constexpr int64_t kBand = 256;  // bytes
    static constexpr char kPoison = '\xff';
    size_t size(int64_t values) const {
        return longleaf::row_bytes(matrix.type, static_cast<size_t>(values));
    }
    char* at(int64_t r, int64_t c) const {
        return static_cast<char*>(matrix.data) + size(r * matrix.stride + c);
    }
    Memory<char> bytes_;
};

/// Weights in a file's type, and the exact values they stand for.
struct Weights {
    Memory<char> bytes;
    Tensor tensor;
    Grid<float> values;

    Weights(DType type, int64_t rows, int64_t cols, unsigned seed)
        : values(random_grid(rows, cols, seed, 0.3f)) {
        bytes.resize(longleaf::row_bytes(type, static_cast<size_t>(cols)) * static_cast<size_t>(rows));
        if (is_block_type(type)) {
            random_blocks(type, bytes.data(), bytes.size(), seed);
            longleaf::cpu::unpack_blocks(type, bytes.data(), rows * cols, values.at_.data());
        } else {
            for (size_t i = 0; i < values.at_.size(); ++i) store(type, i, values.at_[i]);
        }
        tensor = {bytes.data(), type, rows, cols};
        adopt(bytes, tensor);
    }
    Weights(const Weights&) = delete;

  private:
    void store(DType type, size_t i, float& value) {
        using namespace longleaf::cpu;
        if (type == DType::q8_0) {
            auto& block = reinterpret_cast<BlockQ8_0*>(bytes.data())[i / 32];
            block.d = float_to_half(0.01f + static_cast<float>(i / 32 % 7) * 0.001f);
            block.q[i % 32] = static_cast<int8_t>(std::clamp(value * 100, -128.0f, 127.0f));
            value = half_to_float(block.d) * static_cast<float>(block.q[i % 32]);
        } else if (type == DType::f32) {
            reinterpret_cast<float*>(bytes.data())[i] = value;
        } else {
            auto& half = reinterpret_cast<uint16_t*>(bytes.data())[i];
            half =
                type == DType::f16 ? float_to_half(value) : static_cast<uint16_t>(bits_of_float(value) >> 16);
            value = type == DType::f16 ? half_to_float(half) : bf16_to_float(half);
        }
    }
};

/// A cache filled by the CPU's scalar kv_write, and the exact values it holds.
struct Cache {
    Memory<char> k, v;
    KvLayer layer;
    reference::Cache<float> values;

    Cache(KvType type, int64_t heads, int64_t d, int64_t length, unsigned seed, float size = 1)
        : values{random_grid(length, heads * d, seed, size), random_grid(length, heads * d, seed + 1), d} {
        const int64_t capacity = length + 3;
        k.assign(row_bytes(type) * static_cast<size_t>(heads * capacity),
                 0x7f);  // NaN where nothing is written
        v = k;
        layer = {k.data(), v.data(), type, static_cast<int>(heads), static_cast<int>(d), capacity};
        write();
    }
    Cache(const Cache&) = delete;

    /// Stores `values`, which then are what can be read back.
    void write() {
        const auto scalar = longleaf::cpu::create_backend({.threads = 1, .simd = Simd::scalar});
        const Guarded ks(values.k), vs(values.v);
        scalar->ops().kv_write(*scalar, ks.matrix, vs.matrix, layer, 0);
        read_back(k, values.k);
        read_back(v, values.v);
    }
    /// As operands of attention by `rows` queries.
    reference::Cache<float> operands(int64_t rows) const {
        return {operand(values.k, rows), operand(values.v, rows), values.d};
    }

  private:
    size_t row_bytes(KvType type) const { return longleaf::kv_row_bytes(type, static_cast<int>(values.d)); }
    void read_back(const Memory<char>& bytes, Grid<float>& grid) const {
        using namespace longleaf::cpu;
        for (int64_t t = 0; t < grid.rows; ++t)
            for (int64_t c = 0; c < grid.cols; ++c) {
                const int64_t g = c / values.d, i = c % values.d;
                const char* at =
                    bytes.data() + static_cast<size_t>(g * layer.capacity + t) * row_bytes(layer.type);
                const auto& block = reinterpret_cast<const BlockQ8_0*>(at)[i / 32];
                grid(t, c) = layer.type == KvType::f32 ? reinterpret_cast<const float*>(at)[i]
                             : layer.type == KvType::f16
                                 ? half_to_float(reinterpret_cast<const uint16_t*>(at)[i])
                                 : half_to_float(block.d) * static_cast<float>(block.q[i % 32]);
            }
    }
};

/// Root mean square of the difference.
template <class A, class B>
double distance(const Grid<A>& a, const Grid<B>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.at_.size(); ++i) {
        const double e = static_cast<double>(a.at_[i]) - static_cast<double>(b.at_[i]);
        sum += e * e;
    }
    return std::sqrt(sum / static_cast<double>(a.at_.size()));
}

inline bool same_bits(const Grid<float>& a, const Grid<float>& b) {
    return a.at_.size() == b.at_.size() && std::memcmp(a.at_.data(), b.at_.data(), a.at_.size() * 4) == 0;
}

/// The rule of the verification ladder: at most twice the error of a naive float implementation, both against
/// double. `floor` covers naive results that happen to be exact.
inline bool accurate(const Grid<float>& result, const Grid<float>& naive, const Grid<double>& exact,
                     double floor = 1e-9) {
    return distance(result, exact) <= 2 * distance(naive, exact) + floor;
}

}  // namespace bed
