// What compute capability 9.0 adds: barriers in shared memory, the bulk tensor copy engine, and products of
// warpgroups (PTX ISA 8.0, sm_90a). Everything here is for device code built for that architecture only.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "cuda/device.cuh"
#include "cuda/tensor_map.h"

/// Whether this pass of the compiler may use the instructions below.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define LONGLEAF_HOPPER_CODE 1
#else
#define LONGLEAF_HOPPER_CODE 0
#endif

namespace longleaf::cuda::hopper {

// --- Barriers. A phase of one ends when its arrivals and the bytes it expects are complete.

__device__ inline void barrier_init(uint64_t* barrier, int arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals));
}
/// Makes initialised barriers visible to the copy engine; then the block must synchronise.
__device__ inline void barriers_ready() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
__device__ inline void barrier_arrive(uint64_t* barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}
/// Arrives and adds `bytes` to what the phase waits for.
__device__ inline void barrier_expect(uint64_t* barrier, uint32_t bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
                 "r"(bytes)
                 : "memory");
}
/// Waits for the end of the phase of the given parity; the first phase has parity 0.
__device__ inline void barrier_wait(uint64_t* barrier, uint32_t parity) {
    asm volatile(
        "{\n"
        ".reg .pred done;\n"
        "again:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
        "@done bra over;\n"
        "bra again;\n"
        "over:\n"
        "}\n" ::"r"(shared_address(barrier)),
        "r"(parity)
        : "memory");
}

/// Orders this thread's ordinary writes to shared memory before reads by tensor cores and copy engine.
__device__ inline void writes_visible() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/// A barrier of `threads` threads by number, 1 to 15 (0 is __syncthreads).
__device__ inline void named_sync(int number, int threads) {
    asm volatile("bar.sync %0, %1;" ::"r"(number), "r"(threads) : "memory");
}

/// Gives registers back, or takes them; by all warps of a warpgroup. `count`: a multiple of 8.
template <int count>
__device__ inline void shrink_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
}
template <int count>
__device__ inline void grow_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
}

// --- Copies. Boxes are 64 16-bit columns wide, 128 bytes, and land swizzled: piece p of 16 bytes of row r
// lies at place p ^ (r % 8) of the row. Destinations are aligned to 1024 bytes.

/// The box of map at (column, row, plane); outside the tensor zeros. Completes on the barrier by bytes.
__device__ inline void load_box(void* to, const TensorMap& map, int column, int row, int plane,
                                uint64_t* barrier) {
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, "
        "%5}], [%2];" ::"r"(shared_address(to)),
        "l"(reinterpret_cast<uint64_t>(&map)), "r"(shared_address(barrier)), "r"(column), "r"(row), "r"(plane)
        : "memory");
}
/// Where piece p (16 bytes) of row r of a swizzled box of 64 columns lies, in bytes.
__device__ inline uint32_t swizzled(int r, int p) {
    return static_cast<uint32_t>(r * 128 + ((p ^ (r & 7)) << 4));
}

// --- Products of one warpgroup: c (64, N) f32 += a (64, 16) * b (16, N).
// Accumulators: c[4 i + e] of lane l of warp w is row 16 w + l / 4 + e / 2 * 8 and
// column 8 i + l % 4 * 2 + e % 2.

/// Descriptor of an operand in swizzled boxes whose 16 summed values lie along the row ("K-major").
/// Step 16 columns on by adding 2.
__device__ inline uint64_t along_rows(const void* box) {
    return (static_cast<uint64_t>(shared_address(box)) & 0x3ffff) >> 4 | uint64_t{1} << 16 |
           uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}
/// Descriptor of b whose 16 summed values are rows; columns beyond 64 are in the box `box_bytes` further.
/// Step 16 rows on by adding 128.
__device__ inline uint64_t across_rows(const void* box, uint32_t box_bytes) {
    return (static_cast<uint64_t>(shared_address(box)) & 0x3ffff) >> 4 |
           static_cast<uint64_t>(box_bytes >> 4) << 16 | uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}

/// Before the first product and after changing its registers.
__device__ inline void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void products_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Waits until at most `pending` committed groups are under way.
template <int pending>
__device__ inline void products_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
/// Keeps the compiler from moving uses of c across products that are under way.
template <int count>
__device__ inline void pin(float (&c)[count]) {
#pragma unroll
    for (int i = 0; i < count; ++i) asm volatile("" : "+f"(c[i])::"memory");
}

#define LONGLEAF_REGISTERS_32                                              \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15" \
    ", %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define LONGLEAF_REGISTERS_64                                                          \
    LONGLEAF_REGISTERS_32                                                              \
    ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47" \
    ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define LONGLEAF_REGISTERS_128                                                                     \
    LONGLEAF_REGISTERS_64                                                                          \
    ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79"             \
    ", %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"             \
    ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111" \
    ", %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"
#define LONGLEAF_OUT_8(c, i)                                                                    \
    "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3]), "+f"(c[i + 4]), "+f"(c[i + 5]), \
        "+f"(c[i + 6]), "+f"(c[i + 7])
#define LONGLEAF_OUT_32(c, i) \
    LONGLEAF_OUT_8(c, i), LONGLEAF_OUT_8(c, i + 8), LONGLEAF_OUT_8(c, i + 16), LONGLEAF_OUT_8(c, i + 24)
#define LONGLEAF_OUT_64(c, i) LONGLEAF_OUT_32(c, i), LONGLEAF_OUT_32(c, i + 32)
#define LONGLEAF_OUT_128(c, i) LONGLEAF_OUT_64(c, i), LONGLEAF_OUT_64(c, i + 64)

// Both operands in shared memory, along rows. p0, p1, p2: numbers of the operands after the accumulators.
#define LONGLEAF_PRODUCT(N, count, type, name, p0, p1, p2)                                       \
    __device__ inline void name(float(&c)[count], uint64_t a, uint64_t b, bool onto) {           \
        asm volatile("{\n.reg .pred onto;\nsetp.ne.b32 onto, " p2                                \
                     ", 0;\nwgmma.mma_async.sync.aligned.m64n" #N "k16.f32." type "." type       \
                     " {" LONGLEAF_REGISTERS_##count "}, " p0 ", " p1 ", onto, 1, 1, 0, 0;\n}\n" \
                     : LONGLEAF_OUT_##count(c, 0)                                                \
                     : "l"(a), "l"(b), "r"(static_cast<int>(onto)));                             \
    }
// a in registers, f16, as mma.m16n8k16 has it; b in shared memory, across rows. Always onto c.
#define LONGLEAF_PRODUCT_FROM_REGISTERS(N, count, p0, p1, p2, p3, p4)                                      \
    __device__ inline void multiply_onto(float(&c)[count], const uint32_t(&a)[4], uint64_t b) {            \
        asm volatile("wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.f16.f16 {" LONGLEAF_REGISTERS_##count \
                     "}, {" p0 ", " p1 ", " p2 ", " p3 "}, " p4 ", 1, 1, 1, 1;\n"                          \
                     : LONGLEAF_OUT_##count(c, 0)                                                          \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                                \
    }

#if LONGLEAF_HOPPER_CODE
LONGLEAF_PRODUCT(64, 32, "f16", multiply_f16, "%32", "%33", "%34")
LONGLEAF_PRODUCT(128, 64, "f16", multiply_f16, "%64", "%65", "%66")
LONGLEAF_PRODUCT(256, 128, "f16", multiply_f16, "%128", "%129", "%130")
LONGLEAF_PRODUCT(256, 128, "bf16", multiply_bf16, "%128", "%129", "%130")
LONGLEAF_PRODUCT_FROM_REGISTERS(64, 32, "%32", "%33", "%34", "%35", "%36")
LONGLEAF_PRODUCT_FROM_REGISTERS(128, 64, "%64", "%65", "%66", "%67", "%68")
LONGLEAF_PRODUCT_FROM_REGISTERS(256, 128, "%128", "%129", "%130", "%131", "%132")
#endif

}  // namespace longleaf::cuda::hopper
