// What the op tests run on when built for CUDA: the backend with its own product and, where it is installed,
// with cuBLAS. Tests and ops share managed memory. Without a GPU the whole executable counts as skipped.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "cuda/backend.h"
#include "engine.h"

namespace bed {

using longleaf::Simd;
enum class Path { own, cublas, portable };

inline void require_gpu() {
    static const bool there = longleaf::cuda::available();
    if (there) return;
    std::puts("skipped: no GPU");
    std::exit(77);
}

template <class T>
struct ManagedAllocator {
    using value_type = T;
    ManagedAllocator() = default;
    template <class Other>
    explicit ManagedAllocator(const ManagedAllocator<Other>&) {}
    T* allocate(size_t n) {
        require_gpu();
        void* memory = nullptr;
        if (cudaMallocManaged(&memory, n * sizeof(T), cudaMemAttachGlobal) != cudaSuccess)
            throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, size_t) noexcept { cudaFree(memory); }
    bool operator==(const ManagedAllocator&) const { return true; }
};

template <class T>
using Memory = std::vector<T, ManagedAllocator<T>>;

inline std::unique_ptr<longleaf::Backend> backend(Path path, int = 0) {
    require_gpu();
    using longleaf::cuda::Gemm;
    return longleaf::cuda::create_backend(
        {.gemm = path == Path::cublas ? Gemm::cublas : Gemm::own, .portable = path == Path::portable});
}

inline std::vector<Path> paths() {
    static const bool cublas = [] {
        try {
            backend(Path::cublas);
            return true;
        } catch (const longleaf::EngineError&) {
            return false;
        }
    }();
    std::vector<Path> all{Path::own, Path::portable};
    if (cublas) all.push_back(Path::cublas);
    return all;
}

inline std::string name_of(Path path) {
    return path == Path::own ? "own" : path == Path::cublas ? "cuBLAS" : "portable";
}

/// Makes a weight, given as a file has it, one that the ops can read.
inline void adopt(Memory<char>& bytes, longleaf::Tensor& weight) {
    Memory<char> placed(bytes.size());
    const auto b = backend(Path::own);
    b->place(placed.data(), weight);
    if (cudaDeviceSynchronize() != cudaSuccess) std::exit(1);
    bytes.swap(placed);
    weight.data = bytes.data();
}

/// Waits for the device, whose memory the test is about to read.
inline void finish() {
    const cudaError_t status = cudaDeviceSynchronize();
    if (status == cudaSuccess) return;
    std::printf("the GPU failed: %s\n", cudaGetErrorString(status));
    std::exit(1);  // no later case can succeed
}

inline std::vector<longleaf::KvType> kv_types() { return {longleaf::KvType::f16, longleaf::KvType::q8_0}; }
inline bool has_head(longleaf::KvType type, int64_t d) { return type != longleaf::KvType::f32 && d % 8 == 0; }

/// What rows of activations may be kept in.
inline std::vector<longleaf::DType> activations() {
    return {longleaf::DType::f32, longleaf::DType::f16, longleaf::DType::bf16};
}

/// The type f32 operands of a product by a matrix of `weights` are rounded to: none for a single row.
inline longleaf::DType product_operand(longleaf::DType weights, int64_t rows) {
    return rows == 1                          ? longleaf::DType::f32
           : weights == longleaf::DType::bf16 ? longleaf::DType::bf16
                                              : longleaf::DType::f16;
}
inline longleaf::DType attention_operand(int64_t) { return longleaf::DType::f16; }

}  // namespace bed
