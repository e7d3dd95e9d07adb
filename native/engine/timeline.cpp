#include "engine/timeline.h"

#include <algorithm>

#include "sparsity/policy.h"

namespace longleaf {

static bool same(const Sparsity& a, const Sparsity& b) {
    const bool a_off = is_dense(a), b_off = is_dense(b);
    return a_off || b_off ? a_off == b_off : a == b;
}

int Timeline::reusable(std::span<const int32_t> tokens, const Sparsity& wanted, bool wanted_sparse) const {
    const int limit = std::min(cached_, static_cast<int>(tokens.size()));
    const int common = static_cast<int>(
        std::mismatch(tokens_.begin(), tokens_.begin() + limit, tokens.begin()).first - tokens_.begin());
    if (sparse_length_ > 0) return same(asked_, wanted) && common >= sparse_length_ ? common : 0;
    if (!wanted_sparse) return common;
    const int rest = static_cast<int>(tokens.size()) - common;
    return same(asked_, wanted) && common >= rest ? common : 0;
}

void Timeline::truncate(int length) {
    tokens_.resize(length);
    if (length < sparse_length_) {
        sparse_length_ = 0;
        cached_ = 0;
    }
    cached_ = std::min(cached_, length);
}

void Timeline::was_read(std::span<const int32_t> tokens, int start, const Sparsity& wanted, bool sparse) {
    tokens_.assign(tokens.begin(), tokens.end());
    cached_ = length();
    if (start > 0) return;
    asked_ = wanted;
    sparse_length_ = sparse ? length() : 0;
}

void Timeline::resume(std::span<const int32_t> tokens, const Sparsity& asked, int sparse_length) {
    was_read(tokens, 0, asked, false);
    sparse_length_ = sparse_length;
}

}  // namespace longleaf
