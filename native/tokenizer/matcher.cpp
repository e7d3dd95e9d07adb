#include "tokenizer/matcher.h"

#include <algorithm>

namespace longleaf {

void TokenMatcher::add(std::string_view text, int32_t token) {
    entries_.push_back({text, token});
    starts_[static_cast<uint8_t>(text[0])] = true;
}

void TokenMatcher::seal() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return a.text != b.text ? a.text < b.text : a.token < b.token;
    });
}

TokenMatcher::Match TokenMatcher::match_at(std::string_view text, size_t at) const {
    Match best{text.size(), 0, -1};
    auto low = entries_.begin(), high = entries_.end();
    for (size_t depth = 0; low != high && at + depth < text.size(); ++depth) {
        const auto wanted = static_cast<uint8_t>(text[at + depth]);
        // Within the range all entries agree on `depth` bytes; those that end here sort first.
        const auto byte = [depth](const Entry& e) {
            return e.text.size() > depth ? int{static_cast<uint8_t>(e.text[depth])} : -1;
        };
        low = std::partition_point(low, high, [&](const Entry& e) { return byte(e) < wanted; });
        high = std::partition_point(low, high, [&](const Entry& e) { return byte(e) == wanted; });
        if (low != high && low->text.size() == depth + 1) best = {at, depth + 1, low->token};
    }
    return best;
}

TokenMatcher::Match TokenMatcher::find(std::string_view text, size_t from) const {
    if (!entries_.empty())
        for (size_t at = from; at < text.size(); ++at)
            if (starts_[static_cast<uint8_t>(text[at])])
                if (const Match match = match_at(text, at); match.bytes > 0) return match;
    return {text.size(), 0, -1};
}

}  // namespace longleaf
