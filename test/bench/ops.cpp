// What the CPU ops reach of this machine: longleaf_bench_ops [threads] [text a row's name must contain].
// Shapes are those of models/longleaf-mini.gguf. Instruction sets alternate within every repeat, the figure
// is the median, and each is set beside a peak measured the same way: independent FMAs in registers for
// products, reading memory for what is bound by it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>

#include "cpu/bed.h"
#include "cpu/pool.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace bed;

namespace {

/// With one thread its processor time, which other programs hardly touch; else wall clock.
bool processor_time = false;

double now() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
    if (processor_time) {
        timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    }
#endif
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr int64_t L = 8, C = 512, H = 8, G = 4, D = 64, F = 1408, V = 8192;
constexpr int kRepeats = 7;

double seconds_of(const std::function<void()>& body) {
    const double begin = now();
    body();
    return now() - begin;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) float fma_avx2(int64_t rounds) {
    __m256 sum[12];
    for (auto& s : sum) s = _mm256_set1_ps(1e-3f);
    const __m256 x = _mm256_set1_ps(0.999f);
    for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
        for (int j = 0; j < 12; ++j) sum[j] = _mm256_fmadd_ps(sum[j], x, x);
    float total = 0;
    for (auto& s : sum) total += _mm256_cvtss_f32(s);
    return total;
}

__attribute__((target("avx512f"))) float fma_avx512(int64_t rounds) {
    __m512 sum[12];
    for (auto& s : sum) s = _mm512_set1_ps(1e-3f);
    const __m512 x = _mm512_set1_ps(0.999f);
    for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
        for (int j = 0; j < 12; ++j) sum[j] = _mm512_fmadd_ps(sum[j], x, x);
    float total = 0;
    for (auto& s : sum) total += _mm512_cvtss_f32(s);
    return total;
}
#endif

volatile float sink;

/// One contender: a backend and the peaks measured for it.
struct Lane {
    Simd simd;
    std::unique_ptr<longleaf::Backend> backend;
    double flops = 0;  // peak, per second
};

double peak_flops(Simd simd, int threads) {
#if defined(__x86_64__)
    constexpr int64_t kRounds = 2000000;
    longleaf::cpu::Pool pool(threads);
    const std::atomic<bool> stop{false};
    double best = 1e9;
    for (int i = 0; i < 9; ++i)
        best = std::min(best, seconds_of([&] {
                            pool.run(threads, stop, [&](int64_t, int) {
                                sink = simd == Simd::avx512 ? fma_avx512(kRounds) : fma_avx2(kRounds);
                            });
                        }));
    return 2.0 * 12 * (simd == Simd::avx512 ? 16 : 8) * kRounds * threads / best;
#else
    return 0 * threads * static_cast<double>(simd);
#endif
}

double peak_read(int threads) {
    std::vector<uint64_t> memory(32 << 20);  // 256 MiB
    std::fill(memory.begin(), memory.end(), 1);
    longleaf::cpu::Pool pool(threads);
    const std::atomic<bool> stop{false};
    double best = 1e9;
    for (int i = 0; i < 9; ++i)
        best = std::min(best, seconds_of([&] {
                            pool.run(64, stop, [&](int64_t task, int) {
                                const uint64_t* p = memory.data() + task * (512 << 10);
                                uint64_t sum[8] = {};
                                for (int64_t j = 0; j < (512 << 10); j += 8)
                                    for (int k = 0; k < 8; ++k) sum[k] += p[j + k];
                                sink = static_cast<float>(sum[0] + sum[3] + sum[7]);
                            });
                        }));
    return static_cast<double>(memory.size() * 8) / best;
}

struct Bench {
    int threads;
    std::string only;
    std::vector<Lane> lanes;
    double read = 0;

    /// `work` in flops when it counts products, in bytes when it counts reading.
    void row(const std::string& name, double work, bool bytes,
             const std::function<void(longleaf::Backend&)>& body) {
        if (name.find(only) == std::string::npos) return;
        std::vector<std::vector<double>> times(lanes.size());
        for (auto& lane : lanes) body(*lane.backend);  // warm up
        const int inner = std::max(
            1, static_cast<int>(0.005 / std::max(seconds_of([&] { body(*lanes[0].backend); }), 1e-7)));
        for (int i = 0; i < kRepeats; ++i)
            for (size_t l = 0; l < lanes.size(); ++l)
                times[l].push_back(seconds_of([&] {
                                       for (int j = 0; j < inner; ++j) body(*lanes[l].backend);
                                   }) /
                                   inner);
        std::printf("%-34s", name.c_str());
        for (size_t l = 0; l < lanes.size(); ++l) {
            std::sort(times[l].begin(), times[l].end());
            const double median = times[l][kRepeats / 2], rate = work / median;
            const double peak = bytes ? read : lanes[l].flops;
            std::printf("  %9.3f ms %7.1f G%s %4.0f%% (%3.0f%%)", median * 1e3, rate / 1e9,
                        bytes ? "B/s" : "F/s", 100 * rate / peak, 100 * work / times[l][0] / peak);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
};

void products(Bench& bench) {
    struct Case {
        const char* name;
        int64_t n, k;
    };
    for (const auto& [name, n, k] : {Case{"q", H * D, C}, {"k", G * D, C}, {"gate", F, C}, {"down", C, F}}) {
        const Weights w(DType::q8_0, n, k, 1);
        for (const int64_t t : {16, 128, 512}) {
            const Guarded x(random_grid(t, k, 2));
            Guarded out(t, n, DType::f32, 0);
            bench.row(std::string("matmul ") + name + " T " + std::to_string(t),
                      2.0 * static_cast<double>(t * n * k), false, [&](longleaf::Backend& b) {
                          b.ops().matmul(b, w.tensor, x.matrix, out.matrix, false);
                      });
        }
    }
    for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::q8_0}) {
        const Weights w(type, V, C, 1);
        const Guarded x(random_grid(1, C, 2));
        Guarded out(1, V, DType::f32, 0);
        bench.row("matmul logits T 1 type " + std::to_string(static_cast<int>(type)),
                  static_cast<double>(w.bytes.size()), true,
                  [&](longleaf::Backend& b) { b.ops().matmul(b, w.tensor, x.matrix, out.matrix, false); });
    }
    const Weights w(DType::q8_0, H * D, C, 1);
    const Guarded x(random_grid(1, C, 2));
    Guarded out(1, H * D, DType::f32, 0);
    bench.row("matmul q T 1", static_cast<double>(w.bytes.size()), true,
              [&](longleaf::Backend& b) { b.ops().matmul(b, w.tensor, x.matrix, out.matrix, false); });
}

void attention(Bench& bench, KvType type, const char* type_name) {
    const Cache cache(type, G, D, 16384, 3);
    const Guarded q(random_grid(512, H * D, 4));
    Guarded out(512, H * D, DType::f32, 0);
    const double row_bytes = static_cast<double>(cache.k.size()) / static_cast<double>(cache.layer.capacity);
    for (const int start : {0, 3584, 15872}) {
        const double pairs = 512.0 * start + 512.0 * 513 / 2;
        bench.row(std::string("attend ") + type_name + " T 512 at " + std::to_string(start),
                  4.0 * pairs * H * D, false,
                  [&](longleaf::Backend& b) { b.ops().attend(b, q.matrix, cache.layer, start, out.matrix); });
    }
    for (const int start : {2047, 16383})
        bench.row(std::string("attend ") + type_name + " T 1 at " + std::to_string(start),
                  2 * row_bytes * (start + 1), true, [&](longleaf::Backend& b) {
                      b.ops().attend(b, q.rows(0, 1), cache.layer, start, out.rows(0, 1));
                  });
    std::vector<int32_t> index(H * 16384);
    int32_t count = 8192;
    for (int64_t h = 0; h < H; ++h)
        for (int32_t i = 0; i < count; ++i)
            index[static_cast<size_t>(h * 16384 + i)] = 2 * i + static_cast<int32_t>(h % 2);
    const double pairs = 256.0 * 7936 + 256.0 * 257 / 2;
    bench.row(std::string("selected ") + type_name + " T 512 at 15872, half", 4.0 * pairs * H * D, false,
              [&](longleaf::Backend& b) {
                  b.ops().attend_selected(b, q.matrix, cache.layer, 15872, {index.data(), &count, 16384},
                                          out.matrix);
              });
    const longleaf::SelectOptions o{0.1f, 128, 1024, 7};
    const Guarded tail(random_grid(128, H * D, 5));
    std::vector<uint64_t> scratch(bench.lanes[0].backend->ops().select_scratch_bytes(H, 16384, o) / 8 + 1);
    bench.row(std::string("select ") + type_name + " S 16384", 4.0 * 128 * 16384 * H * D, false,
              [&](longleaf::Backend& b) {
                  b.ops().select(b, tail.matrix, cache.layer, 16384, o, scratch.data(),
                                 {index.data(), &count, 16384});
              });
}

void small_ops(Bench& bench) {
    Guarded x(random_grid(512, C, 1)), gate(random_grid(512, F, 2)), k(random_grid(512, G * D, 3));
    const Guarded up(random_grid(512, F, 4)), v(random_grid(512, G * D, 5));
    const Weights table(DType::q8_0, V, C, 1);
    const Grid<float> ones(1, C);
    const std::vector<int32_t> ids(512, 77);
    const std::vector<float> inv_freq(D / 2, 0.1f);
    const Cache cache(KvType::f16, G, D, 512, 3);
    bench.row("embed T 512", 512.0 * C * 4, true,
              [&](longleaf::Backend& b) { b.ops().embed(b, table.tensor, ids.data(), x.matrix); });
    bench.row("rmsnorm T 512", 512.0 * C * 8, true, [&](longleaf::Backend& b) {
        b.ops().rmsnorm(b, x.matrix, {ones.at_.data(), DType::f32, 1, C}, 1e-5f, x.matrix);
    });
    bench.row("rope T 512", 512.0 * C * 8, true, [&](longleaf::Backend& b) {
        b.ops().rope(b, x.matrix, {inv_freq.data(), D, false}, 1000);
    });
    bench.row("swiglu T 512", 512.0 * F * 12, true,
              [&](longleaf::Backend& b) { b.ops().swiglu(b, gate.matrix, up.matrix); });
    bench.row("kv_write f16 T 512", 512.0 * G * D * 12, true,
              [&](longleaf::Backend& b) { b.ops().kv_write(b, k.matrix, v.matrix, cache.layer, 0); });
}

/// The matrices of one layer in order, for whole passes.
struct Layer {
    Weights q{DType::q8_0, H*D, C, 1}, k{DType::q8_0, G*D, C, 2}, v{DType::q8_0, G*D, C, 3},
        o{DType::q8_0, C, H*D, 4};
    Weights gate{DType::q8_0, F, C, 5}, up{DType::q8_0, F, C, 6}, down{DType::q8_0, C, F, 7};
    Grid<float> norm{1, C};
    std::vector<float> inv_freq = std::vector<float>(D / 2, 0.1f);
};

/// One layer over tokens 0 .. n - 1 in chunks of 512, or over one token at position n.
void layer_pass(longleaf::Backend& b, const Layer& l, const Cache& cache, Guarded& x, int n, bool decode) {
    static Guarded q(512, H * D, DType::f32, 0), k(512, G * D, DType::f32, 0), v(512, G * D, DType::f32, 0),
        gate(512, F, DType::f32, 0), up(512, F, DType::f32, 0), mixed(512, C, DType::f32, 0);
    const auto& op = b.ops();
    const Tensor norm{l.norm.at_.data(), DType::f32, 1, C};
    const longleaf::RopeTable table{l.inv_freq.data(), D, false};
    for (int start = decode ? n : 0, end = decode ? n + 1 : n; start < end; start += 512) {
        const int t = std::min(512, end - start);
        const Matrix in = x.rows(0, t);
        op.rmsnorm(b, in, norm, 1e-5f, mixed.rows(0, t));
        op.matmul(b, l.q.tensor, mixed.rows(0, t), q.rows(0, t), false);
        op.matmul(b, l.k.tensor, mixed.rows(0, t), k.rows(0, t), false);
        op.matmul(b, l.v.tensor, mixed.rows(0, t), v.rows(0, t), false);
        op.rope(b, q.rows(0, t), table, start);
        op.rope(b, k.rows(0, t), table, start);
        op.kv_write(b, k.rows(0, t), v.rows(0, t), cache.layer, start);
        op.attend(b, q.rows(0, t), cache.layer, start, mixed.rows(0, t));
        op.matmul(b, l.o.tensor, mixed.rows(0, t), in, false);
        op.rmsnorm(b, in, norm, 1e-5f, mixed.rows(0, t));
        op.matmul(b, l.gate.tensor, mixed.rows(0, t), gate.rows(0, t), false);
        op.matmul(b, l.up.tensor, mixed.rows(0, t), up.rows(0, t), false);
        op.swiglu(b, gate.rows(0, t), up.rows(0, t));
        op.matmul(b, l.down.tensor, gate.rows(0, t), in, false);
    }
}

void passes(Bench& bench) {
    const Cache cache(KvType::f16, G, D, 16100, 3);
    const Weights logits(DType::q8_0, V, C, 9);
    std::vector<std::unique_ptr<Layer>> layers;
    for (int64_t i = 0; i < L; ++i) layers.push_back(std::make_unique<Layer>());
    Guarded x(random_grid(512, C, 1)), out(1, V, DType::f32, 0);
    for (const bool decode : {false, true})
        for (const int n : {2256, 8303, 16021}) {
            const std::string name = std::string(decode ? "decode at " : "prefill of ") + std::to_string(n);
            if (name.find(bench.only) == std::string::npos) continue;
            std::printf("%-34s", name.c_str());
            for (auto& lane : bench.lanes) {
                std::vector<double> times;
                for (int i = 0; i < (decode ? 21 : 3); ++i)
                    times.push_back(seconds_of([&] {
                        for (const auto& layer : layers)
                            layer_pass(*lane.backend, *layer, cache, x, n, decode);
                        if (decode)
                            lane.backend->ops().matmul(*lane.backend, logits.tensor, x.rows(0, 1), out.matrix,
                                                       false);
                    }));
                std::sort(times.begin(), times.end());
                const double median = times[times.size() / 2];
                std::printf("  %9.1f ms %7.1f tokens/s   ", median * 1e3, (decode ? 1 : n) / median);
            }
            std::printf("\n");
            std::fflush(stdout);
        }
}

}  // namespace

int main(int argc, char** argv) {
    Bench bench;
    bench.threads = argc > 1 ? std::atoi(argv[1]) : longleaf::cpu::usable_cores();
    processor_time = bench.threads == 1;
    bench.only = argc > 2 ? argv[2] : "";
    for (const Simd simd : paths())
        if (simd != Simd::scalar || paths().size() == 1)
            bench.lanes.push_back({simd, backend(simd, bench.threads), peak_flops(simd, bench.threads)});
    bench.read = peak_read(bench.threads);
    std::printf("%d threads, reading %.1f GB/s\n%-34s", bench.threads, bench.read / 1e9, "");
    for (const auto& lane : bench.lanes)
        std::printf("  %7s, peak %7.1f GF/s      ", name_of(lane.simd).c_str(), lane.flops / 1e9);
    std::printf("\n");
    products(bench);
    attention(bench, KvType::f16, "f16");
    attention(bench, KvType::q8_0, "q8_0");
    small_ops(bench);
    passes(bench);
}
