#include "engine.h"

#include <algorithm>

#include "cpu/backend.h"
#include "engine/buffer.h"
#include "engine/device_choice.h"
#include "engine/memory_plan.h"
#include "engine/placement.h"
#include "engine/session.h"
#include "model/describe.h"
#include "model/weights.h"
#if defined(LONGLEAF_CUDA)
#include "cuda/backend.h"
#endif

namespace longleaf {

namespace {

/// Everything that is known before memory is taken.
struct Opened {
    explicit Opened(const LoadOptions& options) : gguf(options.path), config(read_config(gguf)) {
        weights = bind_weights(gguf, config);
    }
    Gguf gguf;
    Config config;
    Weights weights;
};

void check_threads(const LoadOptions& options) {
    if (options.threads >= 0 && options.threads <= 1024) return;
    throw EngineError(ErrorCode::bad_request,
                      std::to_string(options.threads) + " threads were asked for; 0 to 1024 are possible.");
}

Devices devices_for(const LoadOptions& options) {
    Devices devices;
    devices.cpu = [&options] { return cpu::create_backend({options.threads, options.simd}); };
#if defined(LONGLEAF_CUDA)
    devices.gpu = [&options] { return cuda::create_backend({.memory_limit = options.vram_limit_bytes}); };
    devices.gpu_usable = [] { return cuda::available(); };
#endif
    return devices;
}

DeviceChoice choose_device(const Opened& opened, const LoadOptions& options) {
    check_threads(options);
    return longleaf::choose_device({opened.config, opened.weights.bytes, opened.weights.in_layers}, options,
                                   devices_for(options));
}

/// Frequencies on the device, and the table that ops read.
struct Turning {
    Turning(const Rope& rope, const Config& config, Backend& backend, int context_tokens) {
        const std::vector<float> theta = inverse_frequencies(rope, context_tokens);
        memory = Buffer(backend, theta.size() * sizeof(float));
        backend.upload(memory.data(), theta.data(), memory.bytes());
        table = {static_cast<const float*>(memory.data()), config.head_dim, rope.dims,
                 rope.order == RopeOrder::neox, rope.magnitude};
    }
    Buffer memory;  // (dims / 2)
    RopeTable table;
};

/// Brings the mapped weights into memory in file order, so that the wait is here, with progress, and not in
/// the first read. Returns false when `progress` gives up.
bool read_ahead(const MappedFile& file, const LoadProgress& progress) {
    constexpr uint64_t step = uint64_t{16} << 20, page = 4096;
    for (uint64_t at = 0; at < file.size(); at += step) {
        if (progress && !progress(static_cast<float>(at) / static_cast<float>(file.size()))) return false;
        const uint64_t end = std::min(file.size(), at + step);
        for (uint64_t p = at; p < end; p += page)
            static_cast<void>(*static_cast<const volatile uint8_t*>(file.data() + p));
    }
    return !progress || progress(1.0f);
}

class LoadedEngine final : public Engine, public std::enable_shared_from_this<LoadedEngine> {
  public:
    LoadedEngine(std::unique_ptr<Opened> opened, DeviceChoice choice, std::vector<Buffer> copies)
        : opened_(std::move(opened)),
          backend_(std::move(choice.backend)),
          copies_(std::move(copies)),
          tokenizer_(Tokenizer::create(opened_->gguf, opened_->config.vocab)),
          info_(describe(opened_->gguf, opened_->config)),
          plan_(std::move(choice.plan)),
          kv_type_(choice.kv_type),
          rope_(opened_->config.rope, opened_->config, *backend_, plan_.context_tokens),
          window_rope_(opened_->config.window_rope, opened_->config, *backend_, plan_.context_tokens),
          turnstile_(*backend_) {}

    const ModelInfo& info() const override { return info_; }
    const MemoryPlan& memory() const override { return plan_; }
    std::string device() const override { return backend_->describe(); }
    bool is_end_token(int32_t token) const override { return tokenizer_->is_end(token); }

    std::vector<int32_t> tokenize(std::span<const Segment> segments) const override {
        std::vector<int32_t> tokens;
        for (const auto& s : segments) tokenizer_->encode(s.text, s.special, tokens);
        return tokens;
    }

    std::string detokenize(std::span<const int32_t> tokens) const override {
        Utf8Stream utf8;
        std::string text;
        for (const int32_t token : tokens) {
            if (token < 0 || token >= info_.vocab_size)
                throw EngineError(ErrorCode::bad_request,
                                  "Token " + std::to_string(token) + " is not in the vocabulary.");
            text += utf8.push(tokenizer_->piece(token));
        }
        return text + utf8.finish();
    }

    std::unique_ptr<Session> open_session() override {
        SessionParts parts;
        parts.owner = shared_from_this();
        parts.decoder.config = &opened_->config;
        parts.decoder.weights = &opened_->weights;
        parts.decoder.backend = backend_.get();
        parts.decoder.rope = rope_.table;
        parts.decoder.window_rope = window_rope_.table;
        parts.decoder.activations = backend_->activation_type(opened_->weights.in_layers.most);
        parts.tokenizer = tokenizer_.get();
        parts.turnstile = &turnstile_;
        parts.kv_type = kv_type_;
        parts.context_tokens = plan_.context_tokens;
        parts.fingerprint = info_.fingerprint;
        return std::make_unique<TokenSession>(std::move(parts));
    }

  private:
    std::unique_ptr<Opened> opened_;
    std::unique_ptr<Backend> backend_;
    std::vector<Buffer> copies_;  // of the weights, on a device with memory of its own
    std::unique_ptr<Tokenizer> tokenizer_;
    ModelInfo info_;
    MemoryPlan plan_;
    KvType kv_type_;
    Turning rope_, window_rope_;
    Turnstile turnstile_;
};

}  // namespace

std::shared_ptr<Engine> Engine::load(const LoadOptions& options, const LoadProgress& progress) {
    auto opened = std::make_unique<Opened>(options);
    DeviceChoice choice = choose_device(*opened, options);
    Backend& backend = *choice.backend;
    require_fit({&opened->config, &backend, opened->weights.bytes, choice.kv_type,
                 backend.activation_type(opened->weights.in_layers.most)},
                choice.plan);
    std::vector<Buffer> copies;
    if (backend.host_memory() ? !read_ahead(opened->gguf.file(), progress)
                              : !place_weights(backend, opened->weights, copies, progress))
        return nullptr;
    return std::make_shared<LoadedEngine>(std::move(opened), std::move(choice), std::move(copies));
}

ModelInfo Engine::inspect(const std::string& path) {
    const Gguf gguf(path);
    return describe(gguf, read_config(gguf));
}

MemoryPlan Engine::plan(const LoadOptions& options) {
    const Opened opened(options);
    return choose_device(opened, options).plan;
}

}  // namespace longleaf
