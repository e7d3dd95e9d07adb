// The CUDA backend: every op of ops/ops.h on one NVIDIA device of compute capability 8.0 or later. Creating
// one is the only way in; nothing of CUDA is loaded or called before that.
#pragma once

#include <memory>

#include "ops/ops.h"

namespace longleaf::cuda {

enum class Gemm { automatic, own, cublas };  // automatic: own on Hopper, else cuBLAS where it is installed

struct Options {
    int device = 0;
    Gemm gemm = Gemm::automatic;
    bool portable = false;      // without the kernels made for one architecture
    uint64_t memory_limit = 0;  // most device memory the backend takes, bytes; 0: what is free
};

/// True when there is a driver and a device that runs these kernels. Never throws.
bool available(int device = 0);

/// Ops of one backend are serialised by a lock and run on its own stream. They return when queued, no more
/// than a few ahead of the device, so that a cancel is obeyed in time. Throws EngineError: bad_request when
/// there is no such device, or no cuBLAS that was asked for.
std::unique_ptr<Backend> create_backend(const Options& = {});

}  // namespace longleaf::cuda
