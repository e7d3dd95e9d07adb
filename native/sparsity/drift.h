// Which layers may be sparse: Inter-Layer Representation Drift (arXiv 2602.03216 §2.4). Pure arithmetic;
// whoever calibrates runs the model and hands over what went into and came out of each decoder block.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace longleaf {

/// Mean over tokens of ||out - in|| / (||in|| + 1e-8). in, out (T, C).
double representation_drift(const float* in, const float* out, int64_t tokens, int64_t width);

/// As engine.h says. The quantile interpolates linearly between order statistics.
std::vector<int> quiet_layers(std::span<const double> drift, double delta);

}  // namespace longleaf
