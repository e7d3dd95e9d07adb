// The GPU's products beside cuBLAS given whole matrices, in turns, on the shapes of an 8B Llama:
// longleaf_bench_products [rows]. Median of seven; the last column is how far results are from cuBLAS's,
// ‖ours − theirs‖ / ‖theirs‖. Ends with 1 when that is more than rounding.
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cuda/backend.h"
#include "cuda/cublas.h"

using namespace longleaf;

namespace {

struct Device {
    explicit Device(uint64_t size) : bytes(size) {
        if (cudaMalloc(&data, size) != cudaSuccess) std::exit((std::puts("out of memory"), 2));
    }
    ~Device() { cudaFree(data); }
    Device(const Device&) = delete;
    /// Random f16 or bf16 values of a spread of `size`, repeated from a pool of a length that no row has.
    void fill(DType type, float size) {
        std::mt19937 random(static_cast<unsigned>(bytes));
        std::normal_distribution<float> normal(0, size);
        std::vector<uint16_t> pool(1000003);
        for (uint16_t& x : pool) {
            const float value = normal(random);
            const __half half = __float2half(value);
            uint32_t bits = 0;
            std::copy_n(reinterpret_cast<const char*>(&value), 4, reinterpret_cast<char*>(&bits));
            if (type == DType::bf16)
                x = static_cast<uint16_t>(bits >> 16);
            else
                std::copy_n(reinterpret_cast<const char*>(&half), 2, reinterpret_cast<char*>(&x));
        }
        for (uint64_t at = 0; at < bytes; at += pool.size() * 2)
            cudaMemcpy(static_cast<char*>(data) + at, pool.data(),
                       std::min<uint64_t>(pool.size() * 2, bytes - at), cudaMemcpyHostToDevice);
    }
    uint64_t bytes;
    void* data = nullptr;
};

double seconds(const std::function<void()>& body) {
    constexpr int repeats = 4;
    cudaDeviceSynchronize();
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) body();
    if (cudaDeviceSynchronize() != cudaSuccess) std::exit((std::puts("the GPU failed"), 2));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() / repeats;
}

double median(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

std::vector<float> values(const Matrix& m) {
    const auto count = static_cast<size_t>(std::min<int64_t>(m.rows, 300) * m.cols);
    std::vector<char> bytes(row_bytes(m.type, count));
    const size_t skip = row_bytes(m.type, static_cast<size_t>(m.rows * m.cols)) - bytes.size();
    cudaMemcpy(bytes.data(), static_cast<char*>(m.data) + skip, bytes.size(), cudaMemcpyDeviceToHost);
    std::vector<float> all(count);
    for (size_t i = 0; i < count; ++i) {
        const auto* halves = reinterpret_cast<const uint16_t*>(bytes.data());
        const uint32_t bits = m.type == DType::bf16 ? static_cast<uint32_t>(halves[i]) << 16 : 0;
        if (m.type == DType::f32)
            all[i] = reinterpret_cast<const float*>(bytes.data())[i];
        else if (m.type == DType::f16)
            all[i] = __half2float(reinterpret_cast<const __half*>(bytes.data())[i]);
        else
            std::copy_n(reinterpret_cast<const char*>(&bits), 4, reinterpret_cast<char*>(&all[i]));
    }
    return all;
}

/// Of the last 300 rows.
double distance(const Matrix& ours, const Matrix& theirs) {
    const auto a = values(ours), b = values(theirs);
    double apart = 0, whole = 0;
    for (size_t i = 0; i < a.size(); ++i)
        apart += std::pow(double{a[i]} - double{b[i]}, 2), whole += std::pow(double{b[i]}, 2);
    return std::sqrt(apart / whole);
}

struct Bench {
    std::unique_ptr<Backend> own = cuda::create_backend({.gemm = cuda::Gemm::own});
    std::unique_ptr<cuda::Cublas> cublas = cuda::Cublas::open(nullptr);
    bool agrees = true;

    void product(DType type, int rows, int64_t n, int64_t k, DType out_type) {
        Device x(uint64_t(rows) * k * 2), w(uint64_t(n) * k * 2);
        Device ours(uint64_t(rows) * n * 4), theirs(uint64_t(rows) * n * 4);
        x.fill(type, 1), w.fill(type, 0.02f);
        const Tensor weight{w.data, type, n, k};
        const Matrix in{x.data, rows, k, k, type}, out{ours.data, rows, n, n, out_type};
        cuda::Product p{type, x.data, w.data, nullptr, k, k, static_cast<int>(k), {}, false};
        p.out = {theirs.data, rows, n, n, out_type};
        const bool add = out_type == DType::f32;
        const std::array<std::function<void()>, 2> body{
            [&] { own->ops().matmul(*own, weight, in, out, add); },
            [&] { p.add = add, cublas ? cublas->multiply(p) : void(); }};
        cudaMemset(ours.data, 0, ours.bytes), cudaMemset(theirs.data, 0, theirs.bytes);
        cudaDeviceSynchronize();
        for (const auto& one : body) one();
        cudaDeviceSynchronize();
        const double apart = cublas ? distance(out, p.out) : 0;
        agrees = agrees && apart < (out_type == DType::bf16 ? 4e-3 : 6e-4);
        std::vector<double> times[2];
        for (int i = 0; i < 7; ++i)
            for (int which = 0; which < 2; ++which) times[which].push_back(seconds(body[which]));
        const double work = 2e-12 * rows * static_cast<double>(n) * static_cast<double>(k);
        std::printf("%s %5d x %5d x %5d %s  own %7.3f ms %6.1f TFLOP/s   cuBLAS %7.3f ms %6.1f   %.1e\n",
                    type == DType::f16 ? "f16 " : "bf16", rows, static_cast<int>(n), static_cast<int>(k),
                    add ? "onto f32" : "16 bit  ", median(times[0]) * 1e3, work / median(times[0]),
                    median(times[1]) * 1e3, work / median(times[1]), apart);
        std::fflush(stdout);
    }

    void gated(DType weights, int rows, int64_t n, int64_t k) {
        const uint64_t weight_bytes = row_bytes(weights, static_cast<size_t>(k)) * static_cast<uint64_t>(n);
        Device x(uint64_t(rows) * k * 2), gate(weight_bytes), up(weight_bytes), out(uint64_t(rows) * n * 2),
            room(uint64_t(rows) * n * 2);
        x.fill(DType::f16, 1), gate.fill(DType::f16, 0.02f), up.fill(DType::f16, 0.02f);
        if (weights == DType::q8_0)  // bytes of any value; steps at the end, small
            for (Device* w : {&gate, &up})
                cudaMemset(static_cast<char*>(w->data) + n * k, 0x08, static_cast<size_t>(n * k / 16));
        const Tensor g{gate.data, weights, n, k}, u{up.data, weights, n, k};
        const auto m = [&](const Device& d, int64_t cols) {
            return Matrix{d.data, rows, cols, cols, DType::f16};
        };
        for (const bool prepared : {false, true}) {
            if (prepared) own->prepare(std::array{g, u}, DType::f16);
            std::vector<double> times;
            for (int i = 0; i < 7; ++i)
                times.push_back(
                    seconds([&] { own->ops().gated(*own, g, u, m(x, k), m(out, n), m(room, n)); }));
            std::printf("gated %s %5d x %5d x %5d%s  own %7.3f ms %6.1f TFLOP/s\n",
                        weights == DType::f16 ? "f16 " : "q8_0", rows, static_cast<int>(n),
                        static_cast<int>(k), prepared ? " prepared" : "         ", median(times) * 1e3,
                        4e-12 * rows * static_cast<double>(n) * static_cast<double>(k) / median(times));
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (!cuda::available()) return std::puts("no GPU"), 77;
    Bench bench;
    std::printf("%s\n", bench.own->describe().c_str());
    for (const int rows : argc > 1 ? std::vector{std::atoi(argv[1])} : std::vector{128, 4096, 8192})
        for (const DType type : {DType::f16, DType::bf16}) {
            bench.product(type, rows, 4096, 4096, type);
            bench.product(type, rows, 1024, 4096, type);
            bench.product(type, rows, 14336, 4096, type);
            bench.product(type, rows, 4096, 4096, DType::f32);
            bench.product(type, rows, 4096, 14336, DType::f32);
        }
    for (const DType weights : {DType::f16, DType::q8_0}) bench.gated(weights, 4096, 14336, 4096);
    return bench.agrees ? 0 : 1;
}
