#include "engine/device_choice.h"

#include <algorithm>

#include "engine/memory_plan.h"

namespace longleaf {

namespace {

DeviceChoice planned(const Config& config, uint64_t weights_bytes, DType matrices, const LoadOptions& options,
                     std::unique_ptr<Backend> backend) {
    MemoryDemand demand{&config, backend.get(), weights_bytes, options.kv_type, matrices};
    DeviceChoice choice;
    choice.plan = plan_memory(demand, options.context_tokens, options.allow_q8_kv);
    choice.kv_type = demand.kv_type;
    choice.backend = std::move(backend);
    return choice;
}

void require_attention(const Config& config, const LoadOptions& options, const Backend& gpu) {
    if (gpu.attends(config.head_dim, options.kv_type)) return;
    if (options.kv_type == KvType::f32)
        throw EngineError(ErrorCode::bad_request, "The GPU keeps K and V in f16 or q8_0, not in f32.",
                          "Choose KV type f16.");
    throw EngineError(ErrorCode::unsupported_model,
                      "The GPU has no attention for heads of " + std::to_string(config.head_dim) +
                          " values, which this model has.",
                      "Choose the CPU for this model.");
}

/// The GPU when it is worth taking; else none, and why.
DeviceChoice automatic_gpu(const Config& config, uint64_t weights_bytes, DType matrices,
                           const LoadOptions& options, const Devices& devices, std::string& why_not) {
    if (!devices.gpu || options.kv_type == KvType::f32 || !devices.gpu_usable()) return {};
    try {
        std::unique_ptr<Backend> gpu = devices.gpu();
        const std::string name = gpu->describe();
        require_attention(config, options, *gpu);
        DeviceChoice choice = planned(config, weights_bytes, matrices, options, std::move(gpu));
        const int wanted = options.context_tokens > 0
                               ? options.context_tokens
                               : std::min(config.context_length, least_automatic_context);
        if (choice.plan.fits && choice.plan.context_tokens >= wanted) return choice;
        why_not = "The model runs on the CPU: " + name + " has " +
                  readable_bytes(choice.plan.available_bytes) + " to give, and with a context of " +
                  std::to_string(wanted) + " tokens the model does not fit into that.";
    } catch (const EngineError& e) {
        if (e.code() == ErrorCode::bad_request && options.context_tokens > config.context_length) throw;
        why_not = std::string("The model runs on the CPU. ") + e.what();
    }
    return {};
}

}  // namespace

DeviceChoice choose_device(const Config& config, uint64_t weights_bytes, DType matrices,
                           const LoadOptions& options, const Devices& devices) {
    if (options.device == Device::cuda) {
        if (!devices.gpu)
            throw EngineError(ErrorCode::bad_request, "This build of Longleaf has no GPU support.",
                              "Choose the CPU.");
        std::unique_ptr<Backend> gpu = devices.gpu();
        require_attention(config, options, *gpu);
        return planned(config, weights_bytes, matrices, options, std::move(gpu));
    }
    std::string why_not;
    if (options.device == Device::automatic) {
        DeviceChoice choice = automatic_gpu(config, weights_bytes, matrices, options, devices, why_not);
        if (choice.backend) return choice;
    }
    DeviceChoice choice = planned(config, weights_bytes, matrices, options, devices.cpu());
    if (!why_not.empty())
        choice.plan.note = why_not + (choice.plan.note.empty() ? "" : " ") + choice.plan.note;
    return choice;
}

}  // namespace longleaf
