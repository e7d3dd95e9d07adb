// What the CUDA ops reach of a GPU, on the shapes of an 8B Llama:
// longleaf_bench_cuda [text a row must contain]. Each figure is the median of
// five timings after a warm-up, set beside the device's own copy bandwidth.
// Only indicative while other programs use the GPU.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cpu/half.h"
#include "cuda/backend.h"
#include "device.h"

using namespace longleaf;

namespace {

using bench::Device, bench::each_chunk;

constexpr int C = 4096, H = 32, G = 8, D = 128, F = 14336;
constexpr int kRows = 8448;  // most rows of a chunk

const char* wanted = "";

/// Values of a normal distribution, to be repeated.
std::vector<float> floats(float size) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, size);
    std::vector<float> pool(1 << 20);
    for (float& x : pool) x = normal(random);
    return pool;
}

std::vector<uint16_t> normal_halves() {
    std::vector<uint16_t> pool;
    for (const float x : floats(1)) pool.push_back(cpu::float_to_half(x));
    return pool;
}

/// Seconds of one run of `body`, `repeats` of them queued at once.
double seconds(Backend& b, int repeats, const std::function<void()>& body) {
    int32_t word = 0;
    Device flag(b, 4);
    std::vector<double> times;
    for (int i = 0; i < 6; ++i) {
        b.download(&word, flag.data, 4);
        const auto begun = std::chrono::steady_clock::now();
        for (int r = 0; r < repeats; ++r) body();
        b.download(&word, flag.data, 4);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        if (i > 0) times.push_back(took.count() / repeats);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

void row(const std::string& name, double work, const char* unit, const std::function<double()>& measure) {
    if (name.find(wanted) == std::string::npos) return;
    const double s = measure();
    std::printf("%-44s %9.3f ms %9.1f %s\n", name.c_str(), s * 1e3, work / s, unit);
    std::fflush(stdout);
}

void products(Backend& b, const char* with) {
    Device x(b, uint64_t{4096} * F * 4), out(b, uint64_t{4096} * F * 4), weights(b, uint64_t{F} * C * 2);
    x.fill(normal_halves());
    weights.fill(normal_halves());  // as q8_0 random bytes and steps; equal ones would draw less power
    const auto product = [&](DType type, const char* name, int rows) {
        const Tensor w{weights.data, type, F, C};
        row("matmul " + std::string(with) + " " + name + " " + std::to_string(rows) + " x 14336 x 4096",
            2e-12 * rows * F * C, "TFLOP/s", [&] {
                return seconds(b, rows > 1 ? 4 : 40,
                               [&] { b.ops().matmul(b, w, x.halves(rows, C), out.halves(rows, F), false); });
            });
    };
    for (const int rows : {4096, 512}) product(DType::f16, "f16", rows), product(DType::q8_0, "q8_0", rows);
}

/// One row, by weights that are never the ones read last: no cache holds them.
void row_products(Backend& b) {
    constexpr uint64_t bytes = uint64_t{128256} * C * 2;
    Device x(b, F * 4), out(b, 128256 * 4), weights(b, bytes);
    x.fill(floats(1));
    weights.fill(normal_halves());  // as q8_0 random bytes and steps; equal ones would draw less power
    for (const auto& [type, name] :
         {std::pair{DType::q8_0, "q8_0 "}, {DType::f16, "f16 "}, {DType::bf16, "bf16 "}})
        for (const auto& [rows, cols] : {std::pair{C, C}, {F, C}, {C, F}, {128256, C}, {1024, C}}) {
            const uint64_t size = row_bytes(type, static_cast<size_t>(cols)) * static_cast<uint64_t>(rows);
            const uint64_t apart = (size + 255) / 256 * 256, copies = bytes / apart;
            uint64_t turn = 0;
            row("matmul 1 row " + std::string(name) + std::to_string(rows) + " x " + std::to_string(cols),
                1e-9 * static_cast<double>(size), "GB/s", [&] {
                    return seconds(b, 40, [&] {
                        const void* at = static_cast<char*>(weights.data) + turn++ % copies * apart;
                        b.ops().matmul(b, {at, type, rows, cols}, x.matrix(1, cols), out.matrix(1, rows),
                                       false);
                    });
                });
        }
}

/// The cache of one layer and queries of it.
struct Layer {
    Layer(Backend& b, KvType type, int length)
        : positions(length),
          bytes(type == KvType::f16 ? D * 2 : D / 32 * 34),
          k(b, bytes * G * length),
          v(b, bytes * G * length),
          q(b, uint64_t{kRows} * H * D * 4),
          q16(b, uint64_t{kRows} * H * D * 2),
          out(b, uint64_t{kRows} * H * D * 4) {
        kv = {k.data, v.data, type, G, D, length};
        q.fill(floats(1));
        q16.fill(normal_halves());
        Device rows(b, uint64_t{4096} * G * D * 4);
        rows.fill(floats(1));
        for (int at = 0; at < length; at += 4096)
            b.ops().kv_write(b, rows.matrix(4096, G * D), rows.matrix(4096, G * D), kv, at);
    }
    int positions;
    uint64_t bytes;
    Device k, v, q, q16,
        out;  // (kRows, H * D): f32, and f16 as forward has several rows
    KvLayer kv;
};

void attend_rows(Backend& b, const Layer& l, const std::string& name) {
    row("attend " + name, 2e-12 * H * D * l.positions * l.positions, "TFLOP/s", [&] {
        return seconds(b, 1, [&] {
            each_chunk(b, l.positions, kRows, [&](int at, int rows) {
                b.ops().attend(b, l.q16.halves(rows, H * D), l.kv, at, l.out.halves(rows, H * D));
            });
        });
    });
}

void decode_row(Backend& b, const Layer& l, const std::string& name) {
    row("decode " + name, 1e-9 * static_cast<double>(2 * l.k.bytes), "GB/s", [&] {
        return seconds(b, 40, [&] {
            b.ops().attend(b, l.q.matrix(1, H * D), l.kv, l.positions - 1, l.out.matrix(1, H * D));
        });
    });
}

/// Token-sparse attention by the share kept, and what surrounds it.
void sparse_rows(Backend& b, const Layer& l, const std::string& name) {
    const int length = l.positions;
    Device index(b, uint64_t{H} * length * 4), count(b, 4), gathered(b, b.gathered_bytes(H, length, D));
    Selection selection{static_cast<int32_t*>(index.data), static_cast<int32_t*>(count.data), length};
    if (gathered.bytes > 0) selection.rows = gathered.data;
    const SelectOptions options{0.3f, 128, 1024, 7};
    Device work(b, b.ops().select_scratch_bytes(H, length, options));
    row("select " + name, 1e-9 * static_cast<double>(l.k.bytes) * 2, "GB/s of K, twice", [&] {
        return seconds(b, 4, [&] {
            b.ops().select(b, l.q16.halves(128, H * D), l.kv, length, options, work.data, selection);
        });
    });
    for (const int divisor : {2, 4}) {
        const int kept = length / divisor;
        std::vector<int32_t> list(static_cast<size_t>(H) * length);
        for (int h = 0; h < H; ++h)
            for (int i = 0; i < kept; ++i)
                list[static_cast<size_t>(h) * length + i] = i * divisor + (h + i) % divisor;
        b.upload(index.data, list.data(), index.bytes);
        b.upload(count.data, &kept, 4);
        const std::string share = name + " keep 1/" + std::to_string(divisor);
        if (selection.rows)
            row("gather " + share, 4e-9 * 2 * H * D * kept, "GB/s",
                [&] { return seconds(b, 4, [&] { b.ops().gather(b, l.kv, H, selection); }); });
        row("attend_selected " + share, 2e-12 * H * D * kept * kept, "TFLOP/s", [&] {
            return seconds(b, 1, [&] {
                each_chunk(b, length, kRows, [&](int at, int rows) {
                    b.ops().attend_selected(b, l.q16.halves(rows, H * D), l.kv, at, selection,
                                            l.out.halves(rows, H * D));
                });
            });
        });
    }
}

/// Attention by blocks, by the share of them that random plans take beside first, nearest and last ones; and a
/// plan's own time. Queries repeat those of a chunk.
void block_rows(Backend& b, const Layer& l, const std::string& name) {
    const int length = l.positions;
    Device all_q(b, uint64_t{H} * length * D * 2);
    all_q.fill(normal_halves());
    BlockPlan plan{nullptr, (length + kPlanBlock - 1) / kPlanBlock};
    Device mask(b, plan.bytes(H)), work(b, b.ops().plan_scratch_bytes(H, length, D));
    plan.mask = static_cast<uint32_t*>(mask.data);
    const BlockOptions flex{BlockPattern::flex};
    row("plan_blocks " + name, 1e-9 * static_cast<double>(l.k.bytes) * 2, "GB/s of K, twice", [&] {
        return seconds(b, 4, [&] {
            b.ops().plan_blocks(b, all_q.halves(length, H * D), l.kv, length, flex, {}, work.data, plan);
        });
    });
    for (const unsigned divisor : {1u, 4u, 8u, 16u}) {
        std::mt19937 random(1);
        std::vector<uint32_t> bits(mask.bytes / 4);
        for (int64_t h = 0; h < H; ++h)
            for (int64_t r = 0; r < plan.blocks; ++r)
                for (int64_t c = 0; c <= r; ++c)
                    if (c == 0 || c == r || r + 1 == plan.blocks || random() % divisor == 0)
                        bits[static_cast<size_t>((h * plan.blocks + r) * plan.words() + c / 32)] |= 1u << c % 32;
        b.upload(mask.data, bits.data(), mask.bytes);
        const double share = 1.0 / divisor, pairs = share * l.positions * l.positions;
        row("attend_blocks " + name + " 1/" + std::to_string(divisor), 2e-12 * H * D * pairs, "TFLOP/s", [&] {
            return seconds(b, 1, [&] {
                each_chunk(b, length, kRows, [&](int at, int rows) {
                    b.ops().attend_blocks(b, l.q16.halves(rows, H * D), l.kv, at, plan, {},
                                          l.out.halves(rows, H * D));
                });
            });
        });
    }
}

/// `kernels`: which the backend has, in front of each row's name.
void attention(Backend& b, const std::string& kernels, KvType type, int length) {
    const Layer l(b, type, length);
    const std::string name = kernels + (type == KvType::f16 ? "f16 " : "q8_0 ") + std::to_string(length);
    attend_rows(b, l, name);
    if (kernels.empty()) decode_row(b, l, name);
    if (length >= 32768) sparse_rows(b, l, name);
    if (length >= 32768) block_rows(b, l, name);
}

}  // namespace

int main(int argc, char** argv) {
    if (!cuda::available()) return std::puts("no GPU"), 77;
    if (argc > 1) wanted = argv[1];
    const auto own = cuda::create_backend({.gemm = cuda::Gemm::own});
    std::printf("%s\n", own->describe().c_str());
    products(*own, "own");
    try {
        products(*cuda::create_backend({.gemm = cuda::Gemm::cublas}), "cuBLAS");
    } catch (const EngineError& e) {
        std::puts(e.what());
    }
    row_products(*own);
    for (const int length : {8192, 32768, 131072}) attention(*own, "", KvType::f16, length);
    for (const int length : {32768, 131072}) attention(*own, "", KvType::q8_0, length);
    const auto portable = cuda::create_backend({.gemm = cuda::Gemm::own, .portable = true});
    for (const int length : {32768, 131072}) attention(*portable, "portable ", KvType::f16, length);
}
