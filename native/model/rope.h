// Rotary embedding as a model declares it, and the frequencies that follow.
#pragma once

#include <vector>

namespace longleaf {

enum class RopeOrder { normal, neox };  // normal: pairs (2i, 2i + 1); neox: pairs (i, i + dims / 2)

struct Rope {
    int dims = 0;  // values at the start of each head that turn, even
    RopeOrder order = RopeOrder::normal;
    float base = 10000.0f;
    float scale = 1.0f;          // linear scaling and YaRN: theta is multiplied by this
    float magnitude = 1.0f;      // of what was turned
    std::vector<float> factors;  // (dims / 2) divides theta_i (llama3), or empty

    bool yarn = false;  // below: where theta is scaled at all (arXiv 2309.00071)
    float beta_fast = 32.0f, beta_slow = 1.0f;

    std::vector<float> long_factors, short_factors;  // (dims / 2) as factors (LongRoPE), or empty
    int original_context = 0;                        // tokens before it was extended; 0: it was not
};

/// theta_i, (dims / 2), for a session of so many tokens: LongRoPE has other factors beyond the original
/// context.
std::vector<float> inverse_frequencies(const Rope&, int context_tokens);

}  // namespace longleaf
