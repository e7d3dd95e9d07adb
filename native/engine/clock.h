// The clock that calls are timed by.
#pragma once

#include <chrono>

namespace longleaf {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begun) {
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

}  // namespace longleaf
