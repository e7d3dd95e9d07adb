// XXH64 (xxHash specification 0.1.1, seed 0): finds accidents in gigabytes as fast as memory gives them.
#pragma once

#include <cstdint>
#include <span>

namespace longleaf {

uint64_t checksum(std::span<const uint8_t> bytes);

}  // namespace longleaf
