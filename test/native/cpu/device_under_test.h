// What the op tests run on: the CPU backend with every set of vector instructions this processor has.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cpu/backend.h"
#include "cpu/features.h"

namespace bed {

using longleaf::Simd;
using Path = Simd;

/// Memory that both the test and the ops can use.
template <class T>
using Memory = std::vector<T>;

inline std::vector<Path> paths() {
    const auto have = longleaf::cpu::detect_features();
    std::vector<Simd> levels{Simd::scalar};
    if (have.avx2) levels.push_back(Simd::avx2);
    if (have.avx512) levels.push_back(Simd::avx512);
    return levels;
}

inline std::unique_ptr<longleaf::Backend> backend(Path path, int threads = 2) {
    return longleaf::cpu::create_backend({.threads = threads, .simd = path});
}

inline std::string name_of(Path path) {
    return path == Simd::scalar ? "scalar" : path == Simd::avx2 ? "AVX2" : "AVX-512";
}

/// Makes a weight, given as a file has it, one that the ops can read.
inline void adopt(Memory<char>&, longleaf::Tensor&) {}

inline void finish() {}  // ops are done when they return

inline std::vector<longleaf::KvType> kv_types() {
    return {longleaf::KvType::f32, longleaf::KvType::f16, longleaf::KvType::q8_0};
}
inline bool has_head(longleaf::KvType, int64_t) { return true; }

/// What rows of activations may be kept in.
inline std::vector<longleaf::DType> activations() { return {longleaf::DType::f32}; }

/// The type f32 operands of a product by a matrix of `weights` are rounded to.
inline longleaf::DType product_operand(longleaf::DType, int64_t) { return longleaf::DType::f32; }
inline longleaf::DType attention_operand(int64_t) { return longleaf::DType::f32; }

}  // namespace bed
