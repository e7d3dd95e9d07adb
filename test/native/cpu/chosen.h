// A Selection as the op table passes it, and lists of positions to try it with.
#pragma once

#include "bed.h"

namespace bed {

using Indices = std::vector<std::vector<int64_t>>;

/// A Selection as the op table passes it.
struct Chosen {
    Memory<int32_t> index, count;
    Memory<char> rows;
    longleaf::Selection selection;
    int sharing = 1;  // heads per list
    Chosen(const Indices& heads, int64_t capacity)
        : index(heads.size() * static_cast<size_t>(capacity), -1),
          count(1, static_cast<int32_t>(heads.empty() ? 0 : heads[0].size())),
          selection{index.data(), count.data(), capacity} {
        for (size_t h = 0; h < heads.size(); ++h)
            std::copy(heads[h].begin(), heads[h].end(), index.begin() + static_cast<int64_t>(h) * capacity);
    }
    Chosen(const Chosen&) = delete;

    /// With K and V of the positions brought together, where the backend wants them so.
    longleaf::Selection on(longleaf::Backend& b, const KvLayer& kv) {
        finish();  // what still reads the rows
        const int lists = static_cast<int>(static_cast<int64_t>(index.size()) / selection.capacity);
        rows.assign(b.gathered_bytes(lists, selection.capacity, kv.head_dim), 0x7f);
        if (rows.empty()) return selection;
        longleaf::Selection gathered = selection;
        gathered.rows = rows.data();
        b.ops().gather(b, kv, selection.per_group ? lists * sharing : lists, gathered);
        return gathered;
    }
};

/// Per head a different stretch of positions, every third or so, and always the last 8.
inline Indices scattered(int64_t heads, int64_t length, int64_t kept) {
    Indices all;
    for (int64_t h = 0; h < heads; ++h) {
        std::vector<int64_t> order(static_cast<size_t>(length - 8));
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(h)));
        order.resize(static_cast<size_t>(kept - 8));
        for (int64_t t = length - 8; t < length; ++t) order.push_back(t);
        std::sort(order.begin(), order.end());
        all.push_back(order);
    }
    return all;
}

}  // namespace bed
