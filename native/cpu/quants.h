// What the scalar path makes of quantised blocks: their layouts (ops/quant.h) as plain formulas.
#pragma once

#include <cstdint>

#include "ops/quant.h"

namespace longleaf::cpu {

/// out = `count` values, in whole blocks, of a block type.
void unpack_blocks(DType, const void* blocks, int64_t count, float* out);

}  // namespace longleaf::cpu
