// What kernels share: conversions, warp reductions in a fixed order, and the tensor-core instructions of
// compute capability 8.0.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "ops/quant.h"

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

/// Element i of a row in the type of a file.
template <DType type>
__device__ inline float element(const void* row, int64_t i) {
    if constexpr (type == DType::f32)
        return static_cast<const float*>(row)[i];
    else if constexpr (type == DType::f16)
        return __half2float(static_cast<const __half*>(row)[i]);
    else if constexpr (type == DType::bf16)
        return __bfloat162float(static_cast<const __nv_bfloat16*>(row)[i]);
    else {
        const BlockQ8_0& block = static_cast<const BlockQ8_0*>(row)[i / 32];
        return __half2float(__ushort_as_half(block.d)) * static_cast<float>(block.q[i % 32]);
    }
}

__device__ inline int64_t bytes_of_row(DType type, int64_t cols) {
    return type == DType::q8_0 ? cols / 32 * 34 : type == DType::f32 ? cols * 4 : cols * 2;
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
__device__ inline void copies_commit() { asm volatile("cp.async.commit_group;"); }
/// Waits until at most `pending` of this thread's groups are under way.
template <int pending>
__device__ inline void copies_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending));
}

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

}  // namespace longleaf::cuda
