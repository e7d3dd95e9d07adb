#include "tokenizer/merges.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <tuple>

namespace longleaf {
namespace {

constexpr uint32_t none = 0xffffffff;
constexpr int32_t gone = -1;       // a symbol merged into the one before it
constexpr size_t short_word = 12;  // symbols; below, rescanning beats a heap

}  // namespace

void MergeTable::add(int32_t left, Merge merge) { pairs_.push_back({left, merge}); }

void MergeTable::seal(int vocab) {
    const auto order = [](const Pair& p) { return std::tuple(p.left, p.merge.right, p.merge.rank); };
    std::sort(pairs_.begin(), pairs_.end(),
              [&](const Pair& a, const Pair& b) { return order(a) < order(b); });
    const auto same = [](const Pair& a, const Pair& b) {
        return a.left == b.left && a.merge.right == b.merge.right;
    };
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end(), same), pairs_.end());
    start_.assign(static_cast<size_t>(vocab) + 1, 0);
    for (const auto& pair : pairs_) {
        merges_.push_back(pair.merge);
        ++start_[static_cast<size_t>(pair.left) + 1];
    }
    for (size_t left = 1; left < start_.size(); ++left) start_[left] += start_[left - 1];
    pairs_ = {};
}

const Merge* MergeTable::find(int32_t left, int32_t right) const {
    const auto row = static_cast<size_t>(left);
    const auto end = merges_.begin() + start_[row + 1];
    const auto found = std::lower_bound(merges_.begin() + start_[row], end, right,
                                        [](const Merge& merge, int32_t r) { return merge.right < r; });
    return found != end && found->right == right ? &*found : nullptr;
}

void WordMerger::push(uint32_t left, uint32_t right) {
    const auto* merge = table_.find((*symbols_)[left], (*symbols_)[right]);
    if (!merge) return;
    heap_.push_back(uint64_t{merge->rank} << 32 | left);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

void WordMerger::merge_short(std::vector<int32_t>& symbols) const {
    for (;;) {
        const Merge* best = nullptr;
        size_t at = 0;
        for (size_t i = 0; i + 1 < symbols.size(); ++i) {
            const auto* merge = table_.find(symbols[i], symbols[i + 1]);
            if (merge && (!best || merge->rank < best->rank)) best = merge, at = i;
        }
        if (!best) return;
        symbols[at] = best->result;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
}

void WordMerger::merge(std::vector<int32_t>& symbols, std::vector<int32_t>& out) {
    if (symbols.size() <= short_word) {
        merge_short(symbols);
        out.insert(out.end(), symbols.begin(), symbols.end());
        return;
    }
    const auto count = static_cast<uint32_t>(symbols.size());
    symbols_ = &symbols;
    links_.resize(count);
    for (uint32_t i = 0; i < count; ++i) links_[i] = {i == 0 ? none : i - 1, i + 1 == count ? none : i + 1};
    heap_.clear();
    for (uint32_t i = 0; i + 1 < count; ++i)
        if (const auto* merge = table_.find(symbols[i], symbols[i + 1]))
            heap_.push_back(uint64_t{merge->rank} << 32 | i);
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    while (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
        const auto rank = static_cast<uint32_t>(heap_.back() >> 32), at = static_cast<uint32_t>(heap_.back());
        heap_.pop_back();
        const uint32_t next = links_[at].after;
        if (symbols[at] == gone || next == none) continue;
        // The pair may have changed since it was queued; its own entry is then elsewhere in the heap.
        const auto* merge = table_.find(symbols[at], symbols[next]);
        if (!merge || merge->rank != rank) continue;
        symbols[at] = merge->result;
        symbols[next] = gone;
        links_[at].after = links_[next].after;
        if (links_[at].after != none) links_[links_[at].after].before = at;
        if (links_[at].before != none) push(links_[at].before, at);
        if (links_[at].after != none) push(at, links_[at].after);
    }
    for (const auto symbol : symbols)
        if (symbol != gone) out.push_back(symbol);
}

}  // namespace longleaf
