#include "engine/device_choice.h"

#include <algorithm>

#include "engine/memory_plan.h"

namespace longleaf {

namespace {

DeviceChoice planned(const ModelDemand& model, const LoadOptions& options, std::unique_ptr<Backend> backend) {
    MemoryDemand demand{&model.config, backend.get(), model.weights_bytes, options.kv_type, model.matrices};
    DeviceChoice choice;
    choice.plan = plan_memory(demand, options.context_tokens, options.allow_q8_kv);
    choice.kv_type = demand.kv_type;
    choice.backend = std::move(backend);
    return choice;
}

void require_ops(const ModelDemand& model, const LoadOptions& options, const Backend& gpu) {
    if (gpu.attends(model.config.head_dim, options.kv_type)) return;
    if (options.kv_type == KvType::f32)
        throw EngineError(ErrorCode::bad_request, "The GPU keeps K and V in f16 or q8_0, not in f32.",
                          "Choose KV type f16.");
    throw EngineError(ErrorCode::unsupported_model,
                      "The GPU has no attention for heads of " + std::to_string(model.config.head_dim) +
                          " values, which this model has.",
                      "Choose the CPU for this model.");
}

/// The GPU when it is worth taking; else none, and why.
DeviceChoice automatic_gpu(const ModelDemand& model, const LoadOptions& options, const Devices& devices,
                           std::string& why_not) {
    const int declared = model.config.context_length;
    if (!devices.gpu || options.kv_type == KvType::f32 || !devices.gpu_usable()) return {};
    try {
        std::unique_ptr<Backend> gpu = devices.gpu();
        const std::string name = gpu->describe();
        require_ops(model, options, *gpu);
        DeviceChoice choice = planned(model, options, std::move(gpu));
        const int wanted =
            options.context_tokens > 0 ? options.context_tokens : std::min(declared, least_automatic_context);
        if (choice.plan.fits && choice.plan.context_tokens >= wanted) return choice;
        why_not = "The model runs on the CPU: " + name + " has " +
                  readable_bytes(choice.plan.available_bytes) + " to give, and with a context of " +
                  std::to_string(wanted) + " tokens the model does not fit into that.";
    } catch (const EngineError& e) {
        if (e.code() == ErrorCode::bad_request && options.context_tokens > declared) throw;
        why_not = std::string("The model runs on the CPU. ") + e.what();
    }
    return {};
}

}  // namespace

DeviceChoice choose_device(const ModelDemand& model, const LoadOptions& options, const Devices& devices) {
    if (options.device == Device::cuda) {
        if (!devices.gpu)
            throw EngineError(ErrorCode::bad_request, "This build of Longleaf has no GPU support.",
                              "Choose the CPU.");
        std::unique_ptr<Backend> gpu = devices.gpu();
        require_ops(model, options, *gpu);
        return planned(model, options, std::move(gpu));
    }
    std::string why_not;
    if (options.device == Device::automatic) {
        DeviceChoice choice = automatic_gpu(model, options, devices, why_not);
        if (choice.backend) return choice;
    }
    DeviceChoice choice = planned(model, options, devices.cpu());
    if (!why_not.empty())
        choice.plan.note = why_not + (choice.plan.note.empty() ? "" : " ") + choice.plan.note;
    return choice;
}

}  // namespace longleaf
