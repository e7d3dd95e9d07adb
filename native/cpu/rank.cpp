// The highest logits of a row, in one pass that keeps a few thousand candidates.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>

#include "cpu/cpu.h"

namespace longleaf::cpu {
namespace {

/// Orders as logits do, of equals the lower token first.
uint64_t key_of(float logit, int64_t token) {
    const auto bits = std::bit_cast<uint32_t>(logit + 0.0f);  // -0 as 0
    const uint32_t order = bits >> 31 ? ~bits : bits | 0x80000000u;
    return static_cast<uint64_t>(order) << 32 | ~static_cast<uint32_t>(token);
}

/// e^x for x <= 0 to 1e-7 of it, by arithmetic alone: libraries differ in the last bit, and a seed must
/// mean the same answer on every machine.
float exponential(float x) {
    if (!(x > -87.0f)) return 0;
    const float k = std::floor(x * 1.44269504f + 0.5f);
    const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;  // ln 2 in two parts
    float sum = 1.9841270e-4f;
    for (const float c : {1.3888889e-3f, 8.3333333e-3f, 4.1666667e-2f, 0.16666667f, 0.5f, 1.0f, 1.0f})
        sum = sum * r + c;
    return sum * std::bit_cast<float>((static_cast<int32_t>(k) + 127) << 23);
}

/// The row with its penalties, without NaN.
void penalise(const float* from, int64_t vocab, const RankOptions& options, float* to) {
    for (int64_t i = 0; i < vocab; ++i)
        to[i] = std::isnan(from[i]) ? -std::numeric_limits<float>::infinity() : from[i];
    for (const int32_t token : options.penalised) to[token] = penalised(to[token], options.penalty);
}

/// Fills out.top with the `most` highest.
void pick(const float* x, int64_t vocab, size_t most, Ranking& out) {
    std::array<uint64_t, 4 * Ranking::capacity> keys;
    size_t held = 0;
    uint64_t least = 0;  // what is not above it is not among the highest
    const auto cut = [&] {
        if (held <= most) return;
        std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(most - 1),
                         keys.begin() + static_cast<std::ptrdiff_t>(held), std::greater<>());
        held = most, least = keys[most - 1];
    };
    for (int64_t i = 0; i < vocab; ++i) {
        const uint64_t key = key_of(x[i], i);
        if (key <= least) continue;
        keys[held++] = key;
        if (held == keys.size()) cut();
    }
    cut();
    std::sort(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(held), std::greater<>());
    out.count = static_cast<int32_t>(held);
    for (size_t i = 0; i < held; ++i) {
        const auto token = static_cast<int32_t>(~static_cast<uint32_t>(keys[i]));
        out.top[i] = {x[token], token};
    }
}

}  // namespace

void rank(Backend& backend, Matrix logits, const RankOptions& options, Ranking* out) {
    Running run(backend);
    assert(logits.rows == 1 && logits.cols > 0 && "rank: one row of logits");
    float* const x = run.shared(logits.cols);
    penalise(static_cast<const float*>(logits.data), logits.cols, options, x);
    pick(x, logits.cols, static_cast<size_t>(std::clamp(options.most, 1, Ranking::capacity)), *out);
    out->vocab = static_cast<int32_t>(logits.cols), out->mass = 0;
    if (options.temperature == 0) return;
    const float top = out->top[0].logit, scale = 1 / options.temperature;
    double mass = 0;
    for (int64_t i = 0; i < logits.cols; ++i)
        mass += x[i] == top ? 1.0f : exponential((x[i] - top) * scale);  // equal infinities differ by nothing
    out->mass = mass;
}

}  // namespace longleaf::cpu
