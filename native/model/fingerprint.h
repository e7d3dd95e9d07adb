// Tells one model file from another without reading all of it.
#pragma once

#include <string>

#include "model/gguf.h"

namespace longleaf {

/// SHA-256 in hex over the file's size, its header, metadata and tensor table, and the first, middle and
/// last 4 KiB of every tensor. Stable between versions of Longleaf: readings are filed under it.
std::string fingerprint(const Gguf&);

}  // namespace longleaf
