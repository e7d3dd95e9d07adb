// Where the tokens that a layer's heads keep lie in the text.
#include <algorithm>

#include "cpu/cpu.h"

namespace longleaf::cpu {

void tally(Backend&, Selection chosen, int lists, int length, uint32_t* tally) {
    std::fill_n(tally, kStretches, 0u);
    for (int64_t list = 0; list < lists; ++list)
        for (int64_t i = 0; i < *chosen.count; ++i)
            ++tally[stretch_of(chosen.index[list * chosen.capacity + i], length)];
}

}  // namespace longleaf::cpu
