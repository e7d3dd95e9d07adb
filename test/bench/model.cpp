// Reads and answers with a whole model: longleaf_bench_model <file.gguf> <cpu | cuda> <tokens>[,<tokens>...]
// [tau]. With a file of the name random-q8_0, random-f16 or random-bf16 (any folder, ".gguf" after it) that
// is not there, writes one of Llama 3.1 8B's shapes first. tau > 0 reads once more with every second layer
// sparse.
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "engine.h"
#include "llama8b.h"
#if defined(LONGLEAF_CUDA)
#include <cuda_runtime_api.h>
#endif

using namespace longleaf;

namespace {

double used_gib() {
#if defined(LONGLEAF_CUDA)
    size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) == cudaSuccess)
        return static_cast<double>(total - free) / static_cast<double>(1 << 30);
#endif
    return 0;
}

void make_if_missing(const std::string& path) {
    if (std::filesystem::exists(path)) return;
    const DType type = path.find("bf16") != std::string::npos  ? DType::bf16
                       : path.find("f16") != std::string::npos ? DType::f16
                                                               : DType::q8_0;
    llama8b::write(path, type, 32);
}

void report(Engine& engine, int length, float tau) {
    const auto session = engine.open_session();
    Sparsity sparsity;
    sparsity.tau = tau;
    if (tau > 0)
        for (int l = engine.info().layers / 2 - 1; l < engine.info().layers - 1; ++l)
            sparsity.layers.push_back(l);
    const auto tokens = tiny::tokens(length, 3);
    double peak = used_gib();
    const ReadResult read =
        session->read(tokens, sparsity, [&](const ReadingProgress&) { peak = std::max(peak, used_gib()); });
    float kept = 0;
    for (const float f : read.kept_fraction) kept += f / static_cast<float>(read.kept_fraction.size());
    GenerateOptions options;
    options.max_tokens = 48;
    std::vector<double> at;
    const auto begun = std::chrono::steady_clock::now();
    session->generate(options, [&](const std::string&, int) {
        at.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    });
    const double step = at.size() > 8 ? (at.back() - at[4]) / static_cast<double>(at.size() - 5) : 0;
    std::printf(
        "%7d tokens, tau %.4f, kept %.3f: read %8.3f s (%8.0f tokens/s), then %.2f ms per token; %.1f GiB in "
        "use\n",
        length, tau, kept, read.seconds, length / read.seconds, step * 1e3, peak);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4)
        return std::fputs("usage: longleaf_bench_model <file> <cpu | cuda> <tokens,...> [tau]\n", stderr), 1;
    try {
        make_if_missing(argv[1]);
        LoadOptions options;
        options.path = argv[1];
        options.device = std::string(argv[2]) == "cuda" ? Device::cuda : Device::cpu;
        const auto begun = std::chrono::steady_clock::now();
        const auto engine = Engine::load(options);
        std::printf("%s: loaded in %.1f s, plan %.1f GiB for %d tokens\n", engine->device().c_str(),
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(),
                    static_cast<double>(engine->memory().total_bytes) / (1 << 30),
                    engine->memory().context_tokens);
        for (char* at = argv[3]; *at; at += *at == ',') {
            const int length = static_cast<int>(std::strtol(at, &at, 10));
            report(*engine, length, 0);
            if (argc > 4) report(*engine, length, std::strtof(argv[4], nullptr));
        }
    } catch (const EngineError& e) {
        std::fprintf(stderr, "%s %s\n", e.what(), e.hint().c_str());
        return 1;
    }
}
