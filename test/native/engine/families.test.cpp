// Whole models of every family against logits that are not ours (test/eval/oracle). Built once more for the
// GPU. LONGLEAF_FAMILIES names another file of expected logits; with LONGLEAF_KEEP_MODELS=FOLDER the models
// stay there for other programs to read.
#include <cstdlib>

#include "check.h"
#include "engine.h"
#include "engine/described_model.h"
#if defined(LONGLEAF_TEST_CUDA)
#include "cuda/backend.h"
#endif

using namespace longleaf;

namespace {

std::string from_environment(const char* name, const std::string& otherwise) {
    const char* value = std::getenv(name);
    return value && *value ? value : otherwise;
}

const std::vector<described::Model>& models() {
    static const auto all = described::read(from_environment(
        "LONGLEAF_FAMILIES", std::string(LONGLEAF_REPO) + "/test/fixtures/logits/families.txt"));
    return all;
}

#if defined(LONGLEAF_TEST_CUDA)
constexpr Device device = Device::cuda;
constexpr KvType precise = KvType::f16;
#else
constexpr Device device = Device::cpu;
constexpr KvType precise = KvType::f32;
#endif

void require_device() {
#if defined(LONGLEAF_TEST_CUDA)
    if (cuda::available()) return;
    std::puts("skipped: no GPU");
    std::exit(77);
#endif
}

/// As in logits.test.cpp: what 16 bits of K and V, and of rows on a GPU, lose; some of these are deeper.
double tolerance(const described::Model& m, DType type, KvType kv) {
    const double angle = m.logits.back().first > 30000 ? 3e-2 : 0;
    const double rounding = kv == KvType::f32 ? 5e-4 : 3e-2;
    // bf16 has three bits fewer than f16.
    return angle + rounding + (device == Device::cpu ? 0 : type == DType::bf16 ? 8 * 0.04 : 0.04);
}

struct File {
    File(const described::Model& m, DType type) {
        static int number = 0;
        const std::string kept = from_environment("LONGLEAF_KEEP_MODELS", "");
        keep = !kept.empty();
        const auto folder = keep ? std::filesystem::path(kept) : std::filesystem::temp_directory_path();
        const std::string own =
            keep ? "" : std::to_string(std::random_device{}()) + "-" + std::to_string(number++);
        path = (folder / ("longleaf-family-" + m.name + own + ".gguf")).string();
        described::write(m, type, path);
    }
    ~File() {
        std::error_code ignored;
        if (!keep) std::filesystem::remove(path, ignored);
    }
    bool keep;
    std::string path;
};

std::shared_ptr<Engine> load(const std::string& path, KvType kv) {
    LoadOptions options;
    options.path = path;
    options.device = device;
    options.kv_type = kv;
    return Engine::load(options);
}

double worst(const std::vector<float>& actual, const std::vector<float>& expected) {
    double most = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        const double error = std::abs(static_cast<double>(actual.at(i)) - static_cast<double>(expected[i]));
        if (!(error <= most)) most = error;
    }
    return most;
}

void compare(const described::Model& m, DType type, KvType kv) {
    const File file(m, type);
    const auto engine = load(file.path, kv);
    const auto session = engine->open_session();
    const auto tokens = described::tokens(m, m.logits.back().first);
    double most = 0;
    for (const auto& [length, expected] : m.logits) {
        session->read(std::span(tokens).first(static_cast<size_t>(length)), {}, {});
        most = std::max(most, worst(session->logits(), expected));
    }
    std::printf("     %-15s weights %-4s worst %.5f (allowed %.4f)\n", m.name.c_str(),
                dtype_traits(static_cast<uint32_t>(type))->name, most, tolerance(m, type, kv));
    CHECK_NEAR(most, 0, tolerance(m, type, kv));
}

bool is_long(const described::Model& m) { return m.logits.back().first > 30000; }

}  // namespace

TEST("every family's logits") {
    require_device();
    CHECK(models().size() > 10);
    for (const auto& m : models())
        if (!is_long(m)) compare(m, DType::f32, precise);
}

TEST("every family's logits with 16 and 8 bits") {
    require_device();
    for (const auto& m : models())
        if (!is_long(m)) compare(m, DType::bf16, KvType::f16), compare(m, DType::q8_0, KvType::f16);
}

TEST("decoding agrees with reading") {
    require_device();
    for (const auto& m : models()) {
        if (is_long(m)) continue;
        const File file(m, DType::f32);
        const auto engine = load(file.path, precise);
        const auto written = engine->open_session(), read = engine->open_session();
        written->read(described::tokens(m, 140), {}, {});
        GenerateOptions options;
        options.max_tokens = 20;
        written->generate(options, {});
        read->read(written->tokens(), {}, {});
        CHECK_NEAR(worst(written->logits(), read->logits()), 0, tolerance(m, DType::f32, precise));
    }
}

TEST("a read in pieces gives the bits of one read") {
    require_device();
    for (const auto& m : models()) {
        if (is_long(m)) continue;
        const File file(m, DType::f32);
        const auto engine = load(file.path, KvType::f16);
        const auto tokens = described::tokens(m, 400);
        const auto whole = engine->open_session(), pieces = engine->open_session();
        whole->read(tokens, {}, {});
        for (const size_t end : {3u, 60u, 61u, 200u, 400u})
            pieces->read(std::span(tokens).first(end), {}, {});
        CHECK(whole->logits() == pieces->logits());
    }
}

TEST("positions beyond 32 thousand") {
    require_device();
    for (const auto& m : models())
        if (is_long(m)) compare(m, DType::f32, KvType::f16);
}
