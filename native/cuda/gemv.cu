// One row times matrices, bound by reading the weights. Warps take pairs of rows in turn. Each streams its
// weights through a ring of its own in shared memory, in which every lane finds what it asked for itself, so
// that nothing waits but for memory: the ring runs on over the ends of rows, and 64 KB per multiprocessor are
// always under way. A kernel chained to the one before it (chain.cuh) fills its ring while that one ends.
//
// Values of Q8_0 stay bytes: x is written, 16 values at a time, as three digits of 8 bits and a step, which
// keeps what f32 keeps of the largest of them, and four products are one instruction. To make floats of bytes
// would take more instructions than there are cycles to read them in.
#include "cuda/chain.cuh"
#include "cuda/device.cuh"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {
namespace {

constexpr int kWarps = 16, kThreads = kWarps * 32;
constexpr int kRows = 2;    // of a pair: they share what is read of x
constexpr int kStages = 4;  // of the ring
constexpr int kMatrices = 3;

/// Values of one row in 16 bytes.
template <DType type>
constexpr int per_lane = type == DType::q8_0 ? 16 : 8;

struct Rows {
    Weight w;
    float* out;
    int rows, pairs;
};

/// What a launch multiplies: the pairs of all matrices in order. `joined`: a pair is a row of the first and
/// the same one of the second, gate and up, and gives one value.
struct RowProduct {
    Rows of[kMatrices];
    const float* x;
    int cols, strides, pairs;  // strides of 32 lanes per row
    bool joined, add;
};

/// One pair, by its number among all.
struct Pair {
    const Rows* rows[kRows];
    int row[kRows];

    __device__ Pair(const RowProduct& p, int number) {
        const Rows* of = p.of;
        if (p.joined) {
            rows[0] = of, rows[1] = of + 1, row[0] = row[1] = number;
            return;
        }
        for (; number >= of->pairs; ++of) number -= of->pairs;
        rows[0] = rows[1] = of;
        row[0] = number * 2, row[1] = min(number * 2 + 1, of->rows - 1);
    }
};

/// A lane's ring: 16 bytes of each row of a pair, and for Q8_0 the word that holds the step of those values.
template <DType type>
struct Ring {
    static constexpr bool steps = type == DType::q8_0;
    static constexpr int stage_bytes = kRows * 32 * (steps ? 20 : 16);
    static constexpr int bytes = kStages * stage_bytes;  // of a warp
    static constexpr int per_stride = 32 * per_lane<type>;

    char* memory;              // this lane's first 16 bytes
    int pair, left, room;      // strides of the pair still to ask for; values of its row from this lane's on
    int asked = 0, taken = 0;  // stages, in bytes
    const char* values[kRows];
    const char* words[kRows];  // of steps

    __device__ Ring(const RowProduct& p, char* of_warp, int first)
        : memory(of_warp + threadIdx.x % 32 * 16), pair(first) {
        find(p);
    }
    __device__ void find(const RowProduct& p) {
        left = 0;
        if (pair >= p.pairs) return;
        const int lane = static_cast<int>(threadIdx.x) % 32;
        const Pair of(p, pair);
        left = p.strides, room = p.cols - lane * per_lane<type>;
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
            const Weight& w = of.rows[i]->w;
            values[i] = w.values + of.row[i] * w.row_bytes + lane * 16;
            if (steps)
                words[i] = reinterpret_cast<const char*>(w.steps + of.row[i] * (w.cols / 32)) + lane / 4 * 4;
        }
    }
    static __device__ int next(int stage) { return stage == bytes - stage_bytes ? 0 : stage + stage_bytes; }
    __device__ char* step_at(int stage) const {
        return memory + stage + kRows * 512 - static_cast<int>(threadIdx.x) % 32 * 12;
    }

    /// Asks for the next stride of the pair at hand, or of the one `all` further when that is complete.
    __device__ void ask(const RowProduct& p, int all) {
        if (left > 0) {
#pragma unroll
            for (int i = 0; i < kRows; ++i) {
                copy_async(shared_address(memory + asked + i * 512), values[i], room > 0);
                if (steps) copy_async_4(shared_address(step_at(asked) + i * 128), words[i], room > 0);
                values[i] += 512, words[i] += 32;
            }
            room -= per_stride;
            if (--left == 0) pair += all, find(p);
        }
        copies_commit();
        asked = next(asked);
    }
    /// Waits for the oldest stride asked for.
    __device__ void take(uint4 (&value)[kRows], float (&step)[kRows]) {
        copies_wait<kStages - 2>();
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
            value[i] = *reinterpret_cast<const uint4*>(memory + taken + i * 512);
            const uint32_t two = steps ? *reinterpret_cast<const uint32_t*>(step_at(taken) + i * 128) : 0;
            step[i] = __half2float(
                __ushort_as_half(static_cast<unsigned short>(threadIdx.x & 2 ? two >> 16 : two & 0xffff)));
        }
        taken = next(taken);
    }
};

/// x in shared memory as lanes want it: whole words of theirs beside other lanes'. f16 and bf16.
template <DType type>
struct Vector {
    static constexpr int bytes_per_lane = per_lane<type> * 4;
    const float4* x;  // values 4 j .. 4 j + 3 of lane l's in a stride at (stride * 2 + j) * 32 + l

    __device__ Vector(char* memory, int) : x(reinterpret_cast<const float4*>(memory)) {}

    static __device__ void load(const RowProduct& p, char* memory) {
        for (int at = static_cast<int>(threadIdx.x); at < p.strides * 64; at += kThreads)
            reinterpret_cast<float4*>(memory)[(at / 64 * 2 + at % 2) * 32 + at / 2 % 32] =
                at * 4 < p.cols ? *reinterpret_cast<const float4*>(p.x + at * 4) : float4{0, 0, 0, 0};
    }
    static __device__ float value(const uint4& words, int j) {
        const uint32_t word = (&words.x)[j / 2];
        if constexpr (type == DType::f16)
            return __half2float(__ushort_as_half(static_cast<unsigned short>(word >> (j % 2 * 16) & 0xffff)));
        else
            return __uint_as_float(j % 2 ? word & 0xffff0000 : word << 16);
    }
    __device__ void add(int stride, const uint4 (&words)[kRows], const float (&)[kRows],
                        float (&sum)[kRows]) const {
        const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
        for (int j = 0; j < 8; j += 4) {
            const float4 four = x[(stride * 2 + j / 4) * 32 + lane];
#pragma unroll
            for (int i = 0; i < kRows; ++i) {
                sum[i] = fmaf(value(words[i], j), four.x, sum[i]);
                sum[i] = fmaf(value(words[i], j + 1), four.y, sum[i]);
                sum[i] = fmaf(value(words[i], j + 2), four.z, sum[i]);
                sum[i] = fmaf(value(words[i], j + 3), four.w, sum[i]);
            }
        }
    }
};

/// Q8_0: x = step * (65536 a + 256 b + c) to within half a step, a, b and c bytes.
template <>
struct Vector<DType::q8_0> {
    static constexpr int bytes_per_lane = 3 * 16 + 4;
    const uint4* digits;  // of lane l in a stride: a at (stride * 3) * 32 + l, then b and c 32 further each
    const float* steps;   // at stride * 32 + l

    __device__ Vector(char* memory, int strides)
        : digits(reinterpret_cast<const uint4*>(memory)),
          steps(reinterpret_cast<const float*>(digits + strides * 96)) {}

    /// Four lanes for each 16 values.
    static __device__ void load(const RowProduct& p, char* memory) {
        auto* words = reinterpret_cast<uint32_t*>(memory);
        auto* steps = reinterpret_cast<float*>(memory + p.strides * 96 * 16);
        for (int at = static_cast<int>(threadIdx.x); at < p.strides * 128; at += kThreads) {
            const float4 four =
                at * 4 < p.cols ? *reinterpret_cast<const float4*>(p.x + at * 4) : float4{0, 0, 0, 0};
            const float x[4] = {four.x, four.y, four.z, four.w};
            float most = 0;
            bool real = true;
#pragma unroll
            for (const float value : x) most = fmaxf(most, fabsf(value)), real &= fabsf(value) < INFINITY;
            most = fmaxf(most, __shfl_xor_sync(~0u, most, 1));
            most = fmaxf(most, __shfl_xor_sync(~0u, most, 2));
            const unsigned reals = __ballot_sync(~0u, real);
            const bool all_real = (reals >> (threadIdx.x % 32 & ~3u) & 15) == 15;
            const float inverse = most > 1e-30f ? kLargest / most : 0;
            uint32_t a = 0, b = 0, c = 0;
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                int rest = __float2int_rn(x[i] * inverse);
                const auto digit = [&] {  // the lowest, -128 .. 127
                    const int low = static_cast<int8_t>(rest & 255);
                    rest = (rest - low) / 256;
                    return static_cast<uint32_t>(low & 255) << (8 * i);
                };
                c |= digit(), b |= digit(), a |= digit();
            }
            const int slot = (at / 128 * 3 * 32 + at / 4 % 32) * 4 + at % 4;
            words[slot] = a, words[slot + 128] = b, words[slot + 256] = c;
            if (at % 4 == 0) steps[at / 4] = all_real ? most / kLargest : NAN;
        }
    }
    __device__ void add(int stride, const uint4 (&words)[kRows], const float (&step)[kRows],
                        float (&sum)[kRows]) const {
        const int lane = static_cast<int>(threadIdx.x) % 32;
        int digit_sums[kRows][3];
#pragma unroll
        for (int d = 0; d < 3; ++d) {
            const uint4 x = digits[(stride * 3 + d) * 32 + lane];
#pragma unroll
            for (int i = 0; i < kRows; ++i) {
                int s = __dp4a(static_cast<int>(words[i].x), static_cast<int>(x.x), 0);
                s = __dp4a(static_cast<int>(words[i].y), static_cast<int>(x.y), s);
                s = __dp4a(static_cast<int>(words[i].z), static_cast<int>(x.z), s);
                digit_sums[i][d] = __dp4a(static_cast<int>(words[i].w), static_cast<int>(x.w), s);
            }
        }
        const float x_step = steps[stride * 32 + lane];
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
            const auto& [a, b, c] = digit_sums[i];
            const float whole = fmaf(static_cast<float>(a), 65536.0f,
                                     fmaf(static_cast<float>(b), 256.0f, static_cast<float>(c)));
            sum[i] = fmaf(whole, step[i] * x_step, sum[i]);
        }
    }

  private:
    static constexpr float kLargest = 8355000;  // below 127 * (65536 + 256 + 1)
};

template <DType type>
__global__ void __launch_bounds__(kThreads, 2) stream_rows(const RowProduct p) {
    extern __shared__ __align__(128) char memory[];
    char* const x_memory = memory + kWarps * Ring<type>::bytes;
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    // Neighbouring pairs go to different multiprocessors, so each has as many, give or take one.
    const int first = warp * static_cast<int>(gridDim.x) + static_cast<int>(blockIdx.x);
    const int all = kWarps * static_cast<int>(gridDim.x);
    let_next_begin();
    Ring<type> ring(p, memory + warp * Ring<type>::bytes, first);
    for (int i = 1; i < kStages; ++i) ring.ask(p, all);
    wait_for_earlier();
    Vector<type>::load(p, x_memory);
    __syncthreads();
    const Vector<type> x(x_memory, p.strides);
    for (int pair = first; pair < p.pairs; pair += all) {
        float sum[kRows] = {};
#pragma unroll 1
        for (int stride = 0; stride < p.strides; ++stride) {
            uint4 words[kRows];
            float step[kRows];
            ring.take(words, step);
            ring.ask(p, all);  // into the stage taken before this one
            x.add(stride, words, step, sum);
        }
#pragma unroll
        for (float& s : sum) s = warp_sum(s);
        const Pair of(p, pair);
        float* out = of.rows[0]->out + of.row[0];
        if (p.joined && lane == 0) *out = sum[0] / (1.0f + expf(-sum[0])) * sum[1];
        if (!p.joined && lane < of.rows[0]->rows - of.row[0] && lane < kRows)
            out[lane] = (lane ? sum[1] : sum[0]) + (p.add ? out[lane] : 0.0f);
    }
}

/// Any shape and type, a row per warp.
template <DType type>
__global__ void __launch_bounds__(128)
    any_rows(const Weight w, const float* x, float* out, int rows, bool add) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int r = static_cast<int>(blockIdx.x * 4 + threadIdx.x / 32);
    if (r >= rows) return;
    float sum = 0;
    for (int c = lane; c < w.cols; c += 32) sum = fmaf(element<type>(w, r, c), x[c], sum);
    sum = warp_sum(sum);
    if (lane == 0) out[r] = sum + (add ? out[r] : 0.0f);
}

/// False when the shape is not one for streaming.
template <DType type>
bool stream(CudaBackend& cuda, RowProduct p) {
    if constexpr (type == DType::f32 || in_blocks<type>) {
        return false;
    } else {
        p.strides = (p.cols + 32 * per_lane<type> - 1) / (32 * per_lane<type>);
        const int bytes = kWarps * Ring<type>::bytes + p.strides * 32 * Vector<type>::bytes_per_lane;
        const bool whole = p.cols % (type == DType::q8_0 ? 64 : 8) == 0;
        if (!whole || reinterpret_cast<uintptr_t>(p.x) % 16 != 0 || bytes > cuda.block_bytes) return false;
        cuda.allow_shared(reinterpret_cast<const void*>(stream_rows<type>), bytes);
        launch_chained(cuda, stream_rows<type>, dim3(static_cast<unsigned>(cuda.multiprocessors)), kThreads,
                       bytes, p);
        return true;
    }
}

bool stream(CudaBackend& cuda, const RowProduct& p, DType type) {
    bool done = false;
    with_type(type, [&](auto constant) { done = stream<decltype(constant)::value>(cuda, p); });
    return done;
}

Rows rows_of(const Tensor& w, float* out) {
    const int rows = static_cast<int>(w.rows);
    return {Weight(w), out, rows, (rows + kRows - 1) / kRows};
}

}  // namespace

void gemv(CudaBackend& cuda, const Tensor& w, const float* x, float* out, bool add) {
    RowProduct p{};
    p.of[0] = rows_of(w, out), p.x = x, p.cols = static_cast<int>(w.cols), p.pairs = p.of[0].pairs,
    p.add = add;
    if (stream(cuda, p, w.type) || gemv_blocks(cuda, w, x, out, add)) return;
    with_type(w.type, [&](auto constant) {
        any_rows<decltype(constant)::value>
            <<<parts(w.rows, 4), 128, 0, cuda.stream>>>(Weight(w), x, out, static_cast<int>(w.rows), add);
    });
}

void gemv_each(CudaBackend& cuda, std::span<const Projection> all, const float* x) {
    if (all.empty()) return;
    const Tensor& first = all[0].w;
    RowProduct p{};
    p.x = x, p.cols = static_cast<int>(first.cols);
    bool alike = all.size() <= kMatrices;
    for (size_t i = 0; i < all.size() && alike; ++i) {
        p.of[i] = rows_of(all[i].w, data(all[i].out)), p.pairs += p.of[i].pairs;
        alike = all[i].w.type == first.type && all[i].w.cols == first.cols;
    }
    if (alike && stream(cuda, p, first.type)) return;
    for (const Projection& one : all) gemv(cuda, one.w, x, data(one.out), false);
}

bool gemv_gated(CudaBackend& cuda, const Tensor& gate, const Tensor& up, const float* x, float* out) {
    if (gate.type != up.type || gate.rows != up.rows || gate.cols != up.cols) return false;
    RowProduct p{};
    p.of[0] = rows_of(gate, out), p.of[1] = rows_of(up, out), p.x = x, p.cols = static_cast<int>(gate.cols);
    p.pairs = static_cast<int>(gate.rows), p.joined = true;
    return stream(cuda, p, gate.type);
}

}  // namespace longleaf::cuda
