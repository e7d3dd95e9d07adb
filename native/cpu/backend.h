// The CPU backend: every op of ops/ops.h on threads and vector instructions. Creating one is the only way in.
#pragma once

#include <memory>

#include "ops/ops.h"

namespace longleaf::cpu {

struct Options {
    int threads = 0;              // 0: usable_cores()
    Simd simd = Simd::automatic;  // the best the processor has; scalar is plain loops, the tests' yardstick
};

/// Ops of one backend are serialised by a lock, so sessions on several threads may share it (a cancel stops
/// whichever op runs). Throws EngineError{bad_request} when the processor lacks `simd`.
std::unique_ptr<Backend> create_backend(const Options& = {});

/// Cores this process may use: affinity mask and cgroup quota respected, hyperthreads of a core counted once.
int usable_cores();

}  // namespace longleaf::cpu
