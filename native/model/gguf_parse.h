// The bytes of a GGUF file turned into tables. Private to native/model: callers use Gguf.
#pragma once

#include "model/gguf.h"

namespace longleaf {

struct GgufTables {
    std::map<std::string, GgufValue, std::less<>> metadata;
    std::vector<GgufTensor> tensors;
    std::map<std::string, size_t, std::less<>> tensor_index;  // name -> position in tensors
    uint64_t table_bytes = 0;
};

GgufTables parse_gguf(const MappedFile&);

/// Throws unless the file starts with a GGUF magic and a version this reader knows; a file of another kind
/// is named.
void check_magic(const MappedFile&);

/// "u32", "string", ...; "value type 99" for ids the format does not define.
std::string gguf_value_type_name(uint32_t id);

}  // namespace longleaf
