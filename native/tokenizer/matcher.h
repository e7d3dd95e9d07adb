// Finds the tokens of a fixed set in text: leftmost first, the longest of those that start there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace longleaf {

class TokenMatcher {
  public:
    struct Match {
        size_t at = 0, bytes = 0;  // bytes 0: nothing found, at = end of text
        int32_t token = -1;
    };

    void add(std::string_view text, int32_t token);  // not empty; the text must outlive the matcher
    void seal();                                     // once, after the last add
    Match find(std::string_view text, size_t from) const;

  private:
    struct Entry {
        std::string_view text;
        int32_t token;
    };
    Match match_at(std::string_view text, size_t at) const;

    std::vector<Entry> entries_;      // sorted by text: a prefix is a range, narrowed byte by byte
    std::array<bool, 256> starts_{};  // bytes some entry starts with
};

}  // namespace longleaf
