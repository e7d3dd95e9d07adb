// What sets the architectures this engine runs apart from each other.
#pragma once

#include "model/config.h"
#include "model/keys.h"

namespace longleaf {

bool family_known(const std::string& architecture);
/// "Llama (llama), Mistral 3 (mistral3), ...", for messages.
std::string family_names();

/// Fills what the family decides; layers, heads and context are known. Throws as read_config.
void read_family(const Gguf&, const Keys&, Config&);

/// Of the keys "rope.*" and the tensors "rope_*"; `order` is the family's.
Rope read_rope(const Gguf&, const Keys&, const Config&, RopeOrder order);

}  // namespace longleaf
