// Which device a load takes, decided by the memory plan before anything large is allocated.
#pragma once

#include <functional>
#include <memory>

#include "engine.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace longleaf {

/// What a build and a machine offer.
struct Devices {
    std::function<std::unique_ptr<Backend>()> cpu;
    std::function<std::unique_ptr<Backend>()> gpu;  // empty: no such part in this build; throws EngineError
    std::function<bool()> gpu_usable;               // a driver and a device that runs the kernels
};

/// A model as far as its size and its device matter.
struct ModelDemand {
    const Config& config;
    uint64_t weights_bytes;
    MatrixTypes matrices;
};

struct DeviceChoice {
    std::unique_ptr<Backend> backend;
    MemoryPlan plan;  // may not fit, when the device was asked for by name or is the last
    KvType kv_type = KvType::f16;
};

/// Fewest tokens for which Device::automatic takes a GPU when no context was asked for: reading long
/// documents is what a model is loaded for here.
inline constexpr int least_automatic_context = 16384;

/// Throws EngineError: bad_request or unsupported_model when the device that was asked for by name cannot run
/// the model, and whatever creating it throws.
DeviceChoice choose_device(const ModelDemand&, const LoadOptions&, const Devices&);

}  // namespace longleaf
