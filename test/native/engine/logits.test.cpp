// Whole models against an implementation that is not ours: random Llamas of several shapes, their weights
// exact in every tensor type, their logits by transformers in double precision (test/eval/oracle). Built once
// more for the GPU. LONGLEAF_LOGITS names another file of expected logits.
#include <cstdlib>

#include "check.h"
#include "engine.h"
#include "engine/oracle_model.h"
#if defined(LONGLEAF_TEST_CUDA)
#include "cuda/backend.h"
#endif

using namespace longleaf;

static const std::vector<oracle::Config>& configs() {
    static const auto all = [] {
        const char* path = std::getenv("LONGLEAF_LOGITS");
        return oracle::read(path && *path ? path
                                          : std::string(LONGLEAF_REPO) + "/test/fixtures/logits/llama.txt");
    }();
    return all;
}

#if defined(LONGLEAF_TEST_CUDA)
static Device device() {
    if (cuda::available()) return Device::cuda;
    std::puts("skipped: no GPU");
    std::exit(77);
}
static const std::vector<KvType> kv_types{KvType::f16, KvType::q8_0};
#else
static Device device() { return Device::cpu; }
static const std::vector<KvType> kv_types{KvType::f32, KvType::f16, KvType::q8_0};
#endif

/// Logits are of order 1. What K and V lose is the same everywhere; the GPU rounds operands of products to 16
/// bits as well, f16 keeping 11 and bf16 8 of them.
static double tolerance(const oracle::Config& c, DType weights, KvType kv) {
    // At 40,000 positions transformers' float32 angles are off by up to 2e-3.
    const double angle = c.context > 32768 ? 2e-2 : 0;
    const double rounding = kv == KvType::f32 ? 5e-4 : kv == KvType::f16 ? 5e-3 : 0.2;
    if (device() == Device::cpu) return angle + rounding;
    return angle + rounding + (weights == DType::bf16 ? 0.1 : 0.02);
}

static void compare(const oracle::Config& c, DType type, KvType kv) {
    static int number = 0;
    const auto path = std::filesystem::temp_directory_path() /
                      ("longleaf-oracle-" + std::to_string(std::random_device{}()) + "-" +
                       std::to_string(number++) + ".gguf");
    oracle::write(c, type, path.string());
    LoadOptions options;
    options.path = path.string();
    options.device = device();
    options.kv_type = kv;
    const auto engine = Engine::load(options);
    const auto session = engine->open_session();
    const auto tokens = oracle::tokens(c, c.logits.back().first);
    double worst = 0;
    int at = 0;
    for (const auto& [length, expected] : c.logits) {
        session->read(std::span(tokens).first(static_cast<size_t>(length)), {}, {});
        const auto actual = session->logits();
        CHECK_EQ(actual.size(), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
            const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
            if (!(error <= worst)) worst = error, at = length;
        }
    }
    std::printf("     %-12s weights %-4s KV %-4s worst %.5f, after %d tokens (allowed %.4f)\n",
                c.name.c_str(), dtype_traits(static_cast<uint32_t>(type))->name,
                kv == KvType::f32   ? "f32"
                : kv == KvType::f16 ? "f16"
                                    : "q8_0",
                worst, at, tolerance(c, type, kv));
    CHECK_NEAR(worst, 0, tolerance(c, type, kv));
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
}

TEST("there are models to compare with") { CHECK(configs().size() >= 5); }

TEST("every shape, in every type of weights") {
    for (const auto& c : configs())
        if (c.context <= 32768)
            for (const DType type : {DType::f32, DType::f16, DType::bf16, DType::q8_0})
                if (type != DType::q8_0 || c.blocks()) compare(c, type, kv_types.front());
}

TEST("every shape, in every type of K and V") {
    for (const auto& c : configs())
        if (c.context <= 32768)
            for (const KvType kv : kv_types)
                if (kv != kv_types.front()) compare(c, DType::f16, kv);
}

TEST("positions beyond 32 thousand") {
    for (const auto& c : configs())
        if (c.context > 32768) compare(c, DType::f16, KvType::f16);
}
