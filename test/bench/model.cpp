// Reads and answers with a whole model:
//   longleaf_bench_model <file.gguf> <cpu | cuda> <tokens>[,<tokens>...] [parts [f16 | q8_0]]
// With a file of the name random-q8_0, random-f16 or random-bf16 (any folder, ".gguf" after it) that is not
// there, writes one of Llama 3.1 8B's shapes first. Parts, separated by commas; all of them by default:
//   dense    a read, and the memory it takes beyond weights, K and V
//   sparse   reads with 16 of 32 layers (half of any) keeping one half, then one quarter of the tokens
//   again    a second dense read, which must end in the same logits, bit for bit
//   decode   the answer's speed against the time its bytes take at the device's copy bandwidth
//   cancel   how long a read goes on after a cancel at several moments
// Sparse layers keep a set share because tau is nearly 1: the budget drops all it may, and min_tokens stays.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "engine.h"
#include "llama8b.h"
#if defined(LONGLEAF_CUDA)
#include <cuda_runtime_api.h>
#endif

using namespace longleaf;
using Clock = std::chrono::steady_clock;

namespace {

double since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

/// In the form of all rows of test/bench: name, milliseconds, a rate.
void row(const std::string& name, double seconds, double value, const char* unit) {
    std::printf("%-44s %9.3f ms %9.1f %s\n", name.c_str(), seconds * 1e3, value, unit);
    std::fflush(stdout);
}

#if defined(LONGLEAF_CUDA)
uint64_t used_bytes() {
    size_t free = 0, total = 0;
    return cudaMemGetInfo(&free, &total) == cudaSuccess ? total - free : 0;
}

/// Bytes per second of a device-to-device copy, read and written ones counted.
double copy_bandwidth() {
    constexpr size_t bytes = size_t{1} << 30;
    void *from = nullptr, *to = nullptr;
    if (cudaMalloc(&from, bytes) != cudaSuccess) return 0;
    double best = 0;
    if (cudaMalloc(&to, bytes) == cudaSuccess) {
        for (int i = 0; i < 6; ++i) {
            cudaDeviceSynchronize();
            const auto begun = Clock::now();
            for (int r = 0; r < 4; ++r) cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice);
            cudaDeviceSynchronize();
            best = std::max(best, 8.0 * bytes / since(begun));
        }
    }
    cudaFree(from), cudaFree(to);
    return best;
}
#else
uint64_t used_bytes() { return 0; }
double copy_bandwidth() { return 0; }
#endif

/// The most memory in use between its beginning and peak(), looked at every few
/// milliseconds.
class Watch {
  public:
    ~Watch() { stop(); }
    uint64_t peak() {
        stop();
        return peak_;
    }

  private:
    void stop() {
        done_ = true;
        if (thread_.joinable()) thread_.join();
    }
    std::atomic<bool> done_{false};
    uint64_t peak_ = 0;
    std::thread thread_{[this] {
        while (!done_) {
            peak_ = std::max(peak_, used_bytes());
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }};
};

/// FNV-1a over the bits.
uint64_t hash_of(const std::vector<float>& values) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const float value : values) {
        uint32_t bits;
        std::memcpy(&bits, &value, 4);
        hash = (hash ^ bits) * 0x100000001b3;
    }
    return hash;
}

struct Bench {
    std::shared_ptr<Engine> engine;
    std::string parts, label;  // label: "q8_0 KV f16"
    uint64_t before = 0;       // device memory in use before the model was loaded
    double bandwidth = 0;      // bytes per second
    bool same = true;          // every rerun ended in the same bits

    bool wants(const char* part) const { return parts.find(part) != std::string::npos; }
    std::string name(const std::string& what, int length) const {
        return "model " + label + " " + std::to_string(length) + " " + what;
    }
    void length(int tokens);
    void sparse(int tokens, int divisor, double dense_seconds);
    void decode(Session& session, int tokens);
    void cancel(const std::vector<int32_t>& tokens, double seconds);
};

void Bench::sparse(int length, int divisor, double dense_seconds) {
    Sparsity sparsity;
    if (length / divisor <= 2 * sparsity.window) return;
    sparsity.tau = 0.9999f;
    sparsity.min_tokens = length / divisor - sparsity.window;
    const int layers = engine->info().layers;
    for (int l = layers - 1 - layers / 2; l < layers - 1; ++l) sparsity.layers.push_back(l);
    const auto session = engine->open_session();
    const ReadResult read = session->read(tiny::tokens(length, 3), sparsity, {});
    const std::string what = "read, half the layers keep 1/" + std::to_string(divisor);
    row(name(what, length), read.seconds, length / read.seconds, "tokens/s");
    std::printf("    x %.2f over dense; layer %d kept %.3f\n", dense_seconds / read.seconds,
                sparsity.layers.front(), read.kept_fraction[sparsity.layers.front()]);
}

void Bench::decode(Session& session, int length) {
    std::vector<double> at;
    std::vector<int32_t> answers[2];
    GenerateOptions options;
    options.max_tokens = 96;
    for (auto& answer : answers) {
        session.rewind(length);
        at.clear();
        const auto begun = Clock::now();
        session.generate(options, [&](const std::string&, int) { at.push_back(since(begun)); });
        answer.assign(session.tokens().begin() + length, session.tokens().end());
    }
    same &= answers[0] == answers[1];
    if (at.size() < 16) return static_cast<void>(std::puts("    the answer ended too soon to be timed"));
    const double step = (at.back() - at[7]) / static_cast<double>(at.size() - 8);
    const ModelInfo& info = engine->info();
    const MemoryPlan& plan = engine->memory();
    const double kv = static_cast<double>(plan.kv_bytes) / (plan.context_tokens + 1) * length;
    // Every weight but the embedding's rows is read for a token.
    const double table = static_cast<double>(plan.weights_bytes) * info.vocab_size * info.embedding_length /
                         static_cast<double>(info.parameters);
    const double bytes = static_cast<double>(plan.weights_bytes) - table + kv;
    row(name("decode, a token", length), step, bytes / step * 1e-9, "GB/s");
    if (bandwidth > 0)
        std::printf("    %.2f GB per token, %.2f ms at the copy bandwidth: %.0f %% of it\n", bytes * 1e-9,
                    bytes / bandwidth * 1e3, 100 * bytes / bandwidth / step);
}

void Bench::cancel(const std::vector<int32_t>& tokens, double seconds) {
    for (const double share : {0.05, 0.35, 0.7}) {
        const auto session = engine->open_session();
        Clock::time_point asked;
        std::thread canceller([&] {
            std::this_thread::sleep_for(std::chrono::duration<double>(share * seconds));
            asked = Clock::now();
            session->cancel();
        });
        const ReadResult result = session->read(tokens, {}, {});
        const double late = since(asked);
        canceller.join();
        if (!result.cancelled) continue;
        row(name("cancel at " + std::to_string(static_cast<int>(share * 100)) + " %",
                 static_cast<int>(tokens.size())),
            late, late * 1e3 <= 200 ? 1 : 0, "(1: within 200 ms)");
    }
}

void Bench::length(int length) {
    const auto tokens = tiny::tokens(length, 3);
    double seconds = 0;
    {
        const auto session = engine->open_session();
        Watch watch;
        const ReadResult read = session->read(tokens, {}, {});
        const double beyond = static_cast<double>(watch.peak()) - static_cast<double>(before) -
                              static_cast<double>(engine->memory().weights_bytes + engine->memory().kv_bytes);
        seconds = read.seconds;
        row(name("read, dense", length), seconds, length / seconds, "tokens/s");
        if (before > 0)
            std::printf("    peak beyond weights, K and V: %.2f GiB\n", beyond / (uint64_t{1} << 30));
        const uint64_t hash = hash_of(session->logits());
        if (wants("decode")) decode(*session, length);
        if (wants("again")) {
            session->rewind(0);
            row(name("read again, dense", length), session->read(tokens, {}, {}).seconds, length / seconds,
                "tokens/s of the first");
            const bool equal = hash == hash_of(session->logits());
            same &= equal;
            std::printf("    logits %016llx, %s\n", static_cast<unsigned long long>(hash),
                        equal ? "the same bits again" : "OTHER BITS THE SECOND TIME");
        }
    }
    if (wants("sparse"))
        for (const int divisor : {2, 4}) sparse(length, divisor, seconds);
    if (wants("cancel")) cancel(tokens, seconds);
}

void make_if_missing(const std::string& path) {
    if (std::filesystem::exists(path)) return;
    const DType type = path.find("bf16") != std::string::npos  ? DType::bf16
                       : path.find("f16") != std::string::npos ? DType::f16
                                                               : DType::q8_0;
    const char* layers = std::getenv("LONGLEAF_BENCH_LAYERS");
    const auto begun = Clock::now();
    llama8b::write(path, type, layers ? std::atoi(layers) : 32);
    const double seconds = since(begun);
    row("model written", seconds, static_cast<double>(std::filesystem::file_size(path)) / seconds * 1e-9,
        "GB/s");
}

int run(int argc, char** argv) {
    std::vector<int> lengths;
    for (char* at = argv[3]; *at; at += *at == ',')
        lengths.push_back(static_cast<int>(std::strtol(at, &at, 10)));
    make_if_missing(argv[1]);
    LoadOptions options;
    options.path = argv[1];
    options.device = std::string(argv[2]) == "cuda" ? Device::cuda : Device::cpu;
    options.kv_type = argc > 5 && std::string(argv[5]) == "q8_0" ? KvType::q8_0 : KvType::f16;
    options.context_tokens = *std::max_element(lengths.begin(), lengths.end()) + 128;
    Bench bench;
    bench.parts = argc > 4 ? argv[4] : "dense,sparse,again,decode,cancel";
    if (options.device == Device::cuda) {
        bench.bandwidth = copy_bandwidth();
        row("copy, device to device", 0, bench.bandwidth * 1e-9, "GB/s");
        bench.before = used_bytes();
    }
    const auto begun = Clock::now();
    bench.engine = Engine::load(options);
    const MemoryPlan& plan = bench.engine->memory();
    bench.label =
        bench.engine->info().quantisation + " KV " + (options.kv_type == KvType::q8_0 ? "q8_0" : "f16");
    row("model " + bench.label + " load", since(begun),
        static_cast<double>(plan.weights_bytes) / since(begun) * 1e-9, "GB/s");
    std::printf("    %s; planned weights %.2f, K and V %.2f, work space %.2f GiB\n",
                bench.engine->device().c_str(), static_cast<double>(plan.weights_bytes) / (1 << 30),
                static_cast<double>(plan.kv_bytes) / (1 << 30),
                static_cast<double>(plan.scratch_bytes) / (1 << 30));
    bench.engine->open_session()->read(tiny::tokens(std::min(2048, lengths[0]), 5), {},
                                       {});  // kernels loaded
    for (const int length : lengths) bench.length(length);
    std::printf("reruns: %s\n", bench.same ? "the same bits" : "NOT the same bits");
    return bench.same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4)
        return std::fputs(
                   "usage: longleaf_bench_model <file> <cpu | cuda> "
                   "<tokens,...> [parts [f16 | q8_0]]\n",
                   stderr),
               2;
    try {
        return run(argc, argv);
    } catch (const EngineError& e) {
        std::fprintf(stderr, "%s %s\n", e.what(), e.hint().c_str());
        return 1;
    }
}
