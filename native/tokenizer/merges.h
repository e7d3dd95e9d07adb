// Byte-pair merging: which pairs of tokens merge, in what order, and the merging of one word.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace longleaf {

struct Merge {
    int32_t right, result;
    uint32_t rank;  // lowest first
};

/// Rows of right-hand tokens, sorted, one row per left-hand token: no hashing of what a file contains.
class MergeTable {
  public:
    void add(int32_t left, Merge);  // of two merges of one pair the earlier rank counts
    void seal(int vocab);           // once, after the last add
    const Merge* find(int32_t left, int32_t right) const;

  private:
    struct Pair {
        int32_t left;
        Merge merge;
    };
    std::vector<Pair> pairs_;      // until seal
    std::vector<Merge> merges_;    // by left, then right
    std::vector<uint32_t> start_;  // (V + 1) into merges_
};

/// Merges words of any length in O(n log n). Keeps its buffers from word to word; one thread at a time.
class WordMerger {
  public:
    explicit WordMerger(const MergeTable& table) : table_(table) {}
    /// Appends the tokens of the word whose bytes have the tokens `symbols` (fewer than 2^32) to `out`.
    void merge(std::vector<int32_t>& symbols, std::vector<int32_t>& out);

  private:
    struct Link {
        uint32_t before, after;
    };
    void push(uint32_t left, uint32_t right);
    void merge_short(std::vector<int32_t>& symbols) const;

    const MergeTable& table_;
    std::vector<Link> links_;
    std::vector<uint64_t> heap_;  // rank << 32 | position of the left symbol: least rank, then leftmost
    const std::vector<int32_t>* symbols_ = nullptr;
};

}  // namespace longleaf
