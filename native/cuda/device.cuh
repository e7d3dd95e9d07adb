// What kernels share: conversions, warp reductions in a fixed order, and the tensor-core instructions of
// compute capability 8.0.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "cuda/quants.cuh"
#include "engine.h"
#include "ops/tensor.h"

namespace longleaf::cuda {

/// To f16; beyond its range the largest value, not infinity. NaN stays NaN.
__device__ inline __half to_half(float x) {
    return __float2half_rn(x > 65504.0f ? 65504.0f : x < -65504.0f ? -65504.0f : x);
}

template <class H>
__device__ inline H narrow(float x);
template <>
__device__ inline __half narrow<__half>(float x) {
    return to_half(x);
}
template <>
__device__ inline __nv_bfloat16 narrow<__nv_bfloat16>(float x) {
    return __float2bfloat16_rn(x);
}

/// Value `at` of activations of `type`: f32, f16 or bf16.
__device__ inline float load_value(const void* from, DType type, int64_t at) {
    if (type == DType::f32) return static_cast<const float*>(from)[at];
    if (type == DType::f16) return __half2float(static_cast<const __half*>(from)[at]);
    return __bfloat162float(static_cast<const __nv_bfloat16*>(from)[at]);
}
__device__ inline void store_value(void* to, DType type, int64_t at, float x) {
    if (type == DType::f32)
        static_cast<float*>(to)[at] = x;
    else if (type == DType::f16)
        static_cast<__half*>(to)[at] = to_half(x);
    else
        static_cast<__nv_bfloat16*>(to)[at] = __float2bfloat16_rn(x);
}

/// Calls body with a null pointer to the type of activations.
template <class Body>
void with_activation(DType type, Body&& body) {
    if (type == DType::f32) return body(static_cast<float*>(nullptr));
    if (type == DType::f16) return body(static_cast<__half*>(nullptr));
    body(static_cast<__nv_bfloat16*>(nullptr));
}

template <>
__device__ inline float narrow<float>(float x) {
    return x;
}
__device__ inline float widen(float x) { return x; }
__device__ inline float widen(__half x) { return __half2float(x); }
__device__ inline float widen(__nv_bfloat16 x) { return __bfloat162float(x); }

/// N values in 16-byte accesses (8 for f32 pairs of halves); value by value when rows do not keep to them.
template <int N, class T>
__device__ inline void load_values(float (&to)[N], const T* from, bool aligned) {
    constexpr int bytes = N * sizeof(T), unit = bytes < 16 ? bytes : 16;
    using Word = std::conditional_t<unit == 16, uint4, uint2>;
    if (aligned) {
        Word words[bytes / unit];
#pragma unroll
        for (int i = 0; i < bytes / unit; ++i) words[i] = reinterpret_cast<const Word*>(from)[i];
        const T* values = reinterpret_cast<const T*>(words);
#pragma unroll
        for (int i = 0; i < N; ++i) to[i] = widen(values[i]);
    } else {
#pragma unroll
        for (int i = 0; i < N; ++i) to[i] = widen(from[i]);
    }
}
template <int N, class T>
__device__ inline void store_values(T* to, const float (&from)[N], bool aligned) {
    constexpr int bytes = N * sizeof(T), unit = bytes < 16 ? bytes : 16;
    using Word = std::conditional_t<unit == 16, uint4, uint2>;
    if (aligned) {
        Word words[bytes / unit];
        T* values = reinterpret_cast<T*>(words);
#pragma unroll
        for (int i = 0; i < N; ++i) values[i] = narrow<T>(from[i]);
#pragma unroll
        for (int i = 0; i < bytes / unit; ++i) reinterpret_cast<Word*>(to)[i] = words[i];
    } else {
#pragma unroll
        for (int i = 0; i < N; ++i) to[i] = narrow<T>(from[i]);
    }
}

/// Bytes of one head's row of K or V in a cache of f16 or q8_0.
__host__ __device__ inline int cached_row_bytes(KvType type, int d) {
    return type == KvType::f16 ? d * 2 : d / 32 * 34;
}

/// Rows of a weight as place() laid them out: the file's own layout, but for Q8_0, where all values come
/// first, (N, K) bytes, and then all steps, (N, K / 32) f16, so that both can be read in whole words.
struct Weight {
    const char* values;   // of row 0
    const __half* steps;  // of row 0; Q8_0 only
    int64_t row_bytes;    // from row to row of values
    int cols;

    Weight() = default;
    /// Rows from `first` on.
    Weight(const Tensor& t, int64_t first = 0) : steps(nullptr), cols(static_cast<int>(t.cols)) {
        const auto* data = static_cast<const char*>(t.data);
        const bool split = t.type == DType::q8_0;
        row_bytes =
            split ? t.cols : static_cast<int64_t>(longleaf::row_bytes(t.type, static_cast<size_t>(t.cols)));
        values = data + first * row_bytes;
        if (split) steps = reinterpret_cast<const __half*>(data + t.rows * t.cols) + first * (t.cols / 32);
    }
};

/// Value i of row r.
template <DType type>
__device__ inline float element(const Weight& w, int64_t r, int i) {
    const char* row = w.values + r * w.row_bytes;
    if constexpr (type == DType::f32)
        return reinterpret_cast<const float*>(row)[i];
    else if constexpr (type == DType::f16)
        return __half2float(reinterpret_cast<const __half*>(row)[i]);
    else if constexpr (type == DType::bf16)
        return __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(row)[i]);
    else if constexpr (in_blocks<type>) {
        float eight[8];
        eight_of_row<type>(row, i / 8 * 8, eight);
        float value = eight[0];
#pragma unroll
        for (int j = 1; j < 8; ++j)
            if (i % 8 == j) value = eight[j];
        return value;
    } else
        return __half2float(w.steps[r * (w.cols / 32) + i / 32]) *
               static_cast<float>(reinterpret_cast<const int8_t*>(row)[i]);
}

/// Calls body with `type` as a constant.
template <class Body>
void with_type(DType type, Body&& body) {
    switch (type) {
        case DType::f32:
            return body(std::integral_constant<DType, DType::f32>{});
        case DType::f16:
            return body(std::integral_constant<DType, DType::f16>{});
        case DType::bf16:
            return body(std::integral_constant<DType, DType::bf16>{});
        case DType::q8_0:
            return body(std::integral_constant<DType, DType::q8_0>{});
        case DType::q4_0:
            return body(std::integral_constant<DType, DType::q4_0>{});
        case DType::q4_1:
            return body(std::integral_constant<DType, DType::q4_1>{});
        case DType::q5_0:
            return body(std::integral_constant<DType, DType::q5_0>{});
        case DType::q5_1:
            return body(std::integral_constant<DType, DType::q5_1>{});
        case DType::q2_k:
            return body(std::integral_constant<DType, DType::q2_k>{});
        case DType::q3_k:
            return body(std::integral_constant<DType, DType::q3_k>{});
        case DType::q4_k:
            return body(std::integral_constant<DType, DType::q4_k>{});
        case DType::q5_k:
            return body(std::integral_constant<DType, DType::q5_k>{});
        case DType::q6_k:
            return body(std::integral_constant<DType, DType::q6_k>{});
        case DType::iq4_nl:
            return body(std::integral_constant<DType, DType::iq4_nl>{});
        case DType::iq4_xs:
            return body(std::integral_constant<DType, DType::iq4_xs>{});
        case DType::mxfp4:
            return body(std::integral_constant<DType, DType::mxfp4>{});
    }
}

__device__ inline float warp_sum(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
    return x;
}
__device__ inline float warp_max(float x) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, step));
    return x;
}

/// True in the block that gets here last of those with other blockIdx.x; it sees what the others wrote.
/// `arrivals`: 0 before and after.
__device__ inline bool arrives_last(int* arrivals) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(arrivals, 1) == static_cast<int>(gridDim.x) - 1;
        if (last) *arrivals = 0;
    }
    __syncthreads();
    __threadfence();
    return last;
}

/// 2^x; exactly 1 at 0 and 0 at -infinity.
__device__ inline float exp2_fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ inline uint32_t shared_address(const void* p) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

/// 16 bytes to shared memory; zeros when not `valid` (then `from` is not read).
__device__ inline void copy_async(uint32_t to, const void* from, bool valid) {
    const int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes));
}
/// 4 bytes likewise.
__device__ inline void copy_async_4(uint32_t to, const void* from, bool valid) {
    const int bytes = valid ? 4 : 0;
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes));
}
/// 16 bytes, of which the first `bytes` are read and the rest become zeros.
__device__ inline void copy_async_some(uint32_t to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes));
}
__device__ inline void copies_commit() { asm volatile("cp.async.commit_group;"); }
/// Waits until at most `pending` of this thread's groups are under way.
template <int pending>
__device__ inline void copies_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

/// Asks for a line of global memory ahead of its use.
__device__ inline void prefetch(const void* line) { asm volatile("prefetch.global.L2 [%0];" ::"l"(line)); }

/// Four 8 x 8 tiles of 16-bit values; lane l gives the address of row l % 8 of tile l / 8.
__device__ inline void load_tiles(uint32_t (&r)[4], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address));
}
__device__ inline void load_tiles_transposed(uint32_t (&r)[4], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address));
}

/// c (16, 8) += a (16, 16) * b (16, 8).
template <class H>
__device__ inline void multiply_add(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    if constexpr (std::is_same_v<H, __half>)
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
            "{%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
    else
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
            "{%0,%1,%2,%3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ inline uint32_t pack_halves(float low, float high) {
    const __half2 pair = __floats2half2_rn(low, high);
    return reinterpret_cast<const uint32_t&>(pair);
}

/// Four bytes of a block of q8_0 as f16 in two words. A byte becomes the low bits of 1024 in f16, which are
/// units; step * q has 19 bits at most, so rounding it once to f16 is all the rounding there is.
__device__ inline void four_of_q8_0(uint32_t bytes, __half2 step, uint32_t* words) {
    const __half2 offset = __half2half2(__ushort_as_half(0x6480));  // 1024 + 128
    bytes ^= 0x80808080u;                                           // q + 128
#pragma unroll
    for (int i = 0; i < 2; ++i) {
        const uint32_t pair = __byte_perm(bytes, 0x64646464u, i == 0 ? 0x4140 : 0x4342);
        const __half2 scaled = __hmul2(__hsub2(reinterpret_cast<const __half2&>(pair), offset), step);
        words[i] = reinterpret_cast<const uint32_t&>(scaled);
    }
}
/// Eight values of a row of q8_0 from value `first` on, as f16.
__device__ inline uint4 eight_of_q8_0(const char* row, int first) {
    const char* block = row + first / 32 * 34;
    const auto* q = reinterpret_cast<const uint16_t*>(block + 2 + first % 32);
    const __half2 step = __half2half2(*reinterpret_cast<const __half*>(block));
    uint4 packed;
    four_of_q8_0(q[0] | static_cast<uint32_t>(q[1]) << 16, step, &packed.x);
    four_of_q8_0(q[2] | static_cast<uint32_t>(q[3]) << 16, step, &packed.z);
    return packed;
}

/// Values c .. c + 7 of a cached row of d as f16; zeros beyond d.
template <KvType type>
__device__ inline uint4 cached_eight(const char* row, int c, int d) {
    if (c >= d) return {0, 0, 0, 0};
    if constexpr (type == KvType::f16)
        return *reinterpret_cast<const uint4*>(row + c * 2);
    else
        return eight_of_q8_0(row, c);
}

}  // namespace longleaf::cuda
