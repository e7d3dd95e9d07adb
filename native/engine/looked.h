// Where attention by blocks looked, for people: of each place in the text the share of what comes after it
// that looked there.
#pragma once

#include <vector>

#include "ops/ops.h"

namespace longleaf {

/// (kStretches): of every stretch of `tokens` positions the share of the later queries' blocks, on average
/// over heads and tokens, that look into the block a token lies in. `plan`: of `heads` heads over all these
/// positions, its mask in the program's memory. Some `most_rows` of its rows are counted: the last half of
/// them, and some before.
std::vector<float> looked_places(const BlockPlan& plan, int heads, int tokens, int most_rows = 64);

}  // namespace longleaf
