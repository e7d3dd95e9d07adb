#include "model/gguf_parse.h"

#include <algorithm>
#include <array>

#include "model/cursor.h"
#include "ops/quant.h"

namespace longleaf {
namespace {

constexpr uint64_t most_records = 65'536;  // of keys, and of tensors
constexpr uint64_t most_key_bytes = 65'535;
constexpr uint64_t most_tensor_name_bytes = 63;
constexpr uint64_t most_string_bytes = 16u << 20;
constexpr uint64_t most_array_elements = 16u << 20;  // in all arrays together
constexpr uint64_t least_key_record_bytes = 8 + 1 + 4 + 1;
constexpr uint64_t least_tensor_record_bytes = 8 + 1 + 4 + 8 + 4 + 8;
constexpr uint64_t default_alignment = 32, least_alignment = 8, most_alignment = 65'536;

enum ValueType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };
struct ValueTypeInfo {
    const char* name;
    uint64_t least_bytes;
};
constexpr std::array<ValueTypeInfo, 13> value_types = {{{"u8", 1},
                                                        {"i8", 1},
                                                        {"u16", 2},
                                                        {"i16", 2},
                                                        {"u32", 4},
                                                        {"i32", 4},
                                                        {"f32", 4},
                                                        {"bool", 1},
                                                        {"string", 8},
                                                        {"array", 12},
                                                        {"u64", 8},
                                                        {"i64", 8},
                                                        {"f64", 8}}};

bool multiply(uint64_t a, uint64_t b, uint64_t& product) {
    if (b != 0 && a > static_cast<uint64_t>(INT64_MAX) / b) return false;
    product = a * b;
    return true;
}

class Parser {
  public:
    explicit Parser(const MappedFile& file) : file_(file), in_(file) {}
    GgufTables parse();

  private:
    void read_pair(uint64_t index);
    GgufValue read_scalar(uint32_t type, const std::string& what);
    GgufValue read_array(const std::string& what);
    void read_alignment();
    void read_tensor(uint64_t index);
    void size_tensor(GgufTensor&, const std::string& what) const;
    void place_tensors();

    const MappedFile& file_;
    Cursor in_;
    GgufTables out_;
    uint64_t alignment_ = default_alignment;
    uint64_t elements_left_ = most_array_elements;
};

GgufTables Parser::parse() {
    in_.number<uint32_t>("the magic");
    in_.number<uint32_t>("the version");
    const auto tensors = in_.number<uint64_t>("the tensor count");
    const auto pairs = in_.number<uint64_t>("the key count");
    if (tensors > most_records)
        in_.fail("the file declares " + std::to_string(tensors) + " tensors; at most " +
                 std::to_string(most_records) + " are allowed");
    if (pairs > most_records)
        in_.fail("the file declares " + std::to_string(pairs) + " metadata keys; at most " +
                 std::to_string(most_records) + " are allowed");
    in_.need_records(pairs, least_key_record_bytes, "its metadata keys");
    for (uint64_t i = 0; i < pairs; ++i) read_pair(i);
    read_alignment();
    in_.need_records(tensors, least_tensor_record_bytes, "its tensor table");
    out_.tensors.reserve(tensors);
    for (uint64_t i = 0; i < tensors; ++i) read_tensor(i);
    out_.table_bytes = in_.position();
    place_tensors();
    return std::move(out_);
}

void Parser::read_pair(uint64_t index) {
    const auto key = in_.string(most_key_bytes, "the name of metadata key " + std::to_string(index));
    if (key.empty()) in_.fail("metadata key " + std::to_string(index) + " has an empty name");
    const auto what = "key " + quoted(key);
    if (out_.metadata.contains(key)) in_.fail(what + " appears twice");
    const auto type = in_.number<uint32_t>("the type of " + what);
    if (key == "general.alignment" && type != u32)
        in_.fail(what + " must be u32, found " + gguf_value_type_name(type));
    out_.metadata.emplace(key, type == array ? read_array(what) : read_scalar(type, what));
}

GgufValue Parser::read_scalar(uint32_t type, const std::string& what) {
    switch (type) {
        case u8:
            return uint64_t{in_.number<uint8_t>(what)};
        case u16:
            return uint64_t{in_.number<uint16_t>(what)};
        case u32:
            return uint64_t{in_.number<uint32_t>(what)};
        case u64:
            return in_.number<uint64_t>(what);
        case i8:
            return int64_t{in_.number<int8_t>(what)};
        case i16:
            return int64_t{in_.number<int16_t>(what)};
        case i32:
            return int64_t{in_.number<int32_t>(what)};
        case i64:
            return in_.number<int64_t>(what);
        case f32:
            return double{in_.number<float>(what)};
        case f64:
            return in_.number<double>(what);
        case string:
            return in_.string(most_string_bytes, what);
        case boolean: {
            const auto byte = in_.number<uint8_t>(what);
            if (byte > 1) in_.fail(what + " is a bool and must be 0 or 1, found " + std::to_string(byte));
            return byte == 1;
        }
        default:
            in_.fail(what + " has an unknown value type: " + std::to_string(type));
    }
}

GgufValue Parser::read_array(const std::string& what) {
    const auto values = std::make_shared<GgufArray>();
    const auto type = values->element_type = in_.number<uint32_t>("the element type of " + what);
    const auto count = in_.number<uint64_t>("the length of " + what);
    if (type == array) in_.fail(what + " is an array of arrays, which is not allowed");
    if (type >= value_types.size()) in_.fail(what + " has an unknown element type: " + std::to_string(type));
    if (count > elements_left_)
        in_.fail(what + " has " + std::to_string(count) +
                 " elements; the arrays of a file may have at most " + std::to_string(most_array_elements) +
                 " together");
    elements_left_ -= count;
    in_.need_records(count, value_types[type].least_bytes, "the elements of " + what);
    if (type == string)
        values->strings.reserve(count);
    else if (type == f32 || type == f64)
        values->floats.reserve(count);
    else
        values->integers.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        const auto element = read_scalar(type, what);
        if (const auto* text = std::get_if<std::string_view>(&element)) values->strings.push_back(*text);
        if (const auto* real = std::get_if<double>(&element))
            values->floats.push_back(static_cast<float>(*real));
        if (const auto* flag = std::get_if<bool>(&element)) values->integers.push_back(*flag);
        if (const auto* number = std::get_if<int64_t>(&element)) values->integers.push_back(*number);
        if (const auto* number = std::get_if<uint64_t>(&element))
            values->integers.push_back(static_cast<int64_t>(std::min<uint64_t>(*number, INT64_MAX)));
    }
    return values;
}

void Parser::read_alignment() {
    const auto found = out_.metadata.find("general.alignment");
    if (found == out_.metadata.end()) return;
    alignment_ = std::get<uint64_t>(found->second);
    if (!std::has_single_bit(alignment_) || alignment_ < least_alignment || alignment_ > most_alignment)
        in_.fail("key \"general.alignment\" must be a power of two from " + std::to_string(least_alignment) +
                 " to " + std::to_string(most_alignment) + ", found " + std::to_string(alignment_));
}

void Parser::read_tensor(uint64_t index) {
    const auto name = in_.string(most_tensor_name_bytes, "the name of tensor " + std::to_string(index));
    if (name.empty()) in_.fail("tensor " + std::to_string(index) + " has an empty name");
    const auto what = "tensor " + quoted(name);
    if (!out_.tensor_index.emplace(name, index).second) in_.fail(what + " appears twice");
    GgufTensor tensor;
    tensor.name = name;
    const auto dimensions = in_.number<uint32_t>("the dimensions of " + what);
    if (dimensions < 1 || dimensions > 4)
        in_.fail(what + " has " + std::to_string(dimensions) + " dimensions; 1 to 4 are allowed");
    for (uint32_t d = 0; d < dimensions; ++d) {
        const auto length = in_.number<int64_t>("the dimensions of " + what);
        if (length <= 0)
            in_.fail(what + " has dimension " + std::to_string(d) + " = " + std::to_string(length));
        tensor.ne.push_back(static_cast<uint64_t>(length));
    }
    tensor.type = in_.number<uint32_t>("the type of " + what);
    tensor.offset = in_.number<uint64_t>("the offset of " + what);
    size_tensor(tensor, what);
    out_.tensors.push_back(std::move(tensor));
}

void Parser::size_tensor(GgufTensor& tensor, const std::string& what) const {
    const auto* type = gguf_type(tensor.type);
    if (!type) in_.fail(what + " has an unknown or withdrawn type: " + std::to_string(tensor.type));
    uint64_t elements = 1;
    for (const auto length : tensor.ne)
        if (!multiply(elements, length, elements))
            in_.fail(what + " is too large: its element count overflows");
    if (type->block_values == 0) return;
    if (tensor.ne[0] % type->block_values != 0)
        in_.fail(what + " has rows of " + std::to_string(tensor.ne[0]) + " values; " + type->name +
                 " needs a multiple of " + std::to_string(type->block_values));
    if (!multiply(elements / type->block_values, type->block_bytes, tensor.bytes))
        in_.fail(what + " is too large: its byte count overflows");
}

/// Makes offsets absolute; each tensor must lie aligned inside the file, apart from the others.
void Parser::place_tensors() {
    const uint64_t padding = (alignment_ - out_.table_bytes % alignment_) % alignment_;
    const uint64_t start = out_.table_bytes + padding;
    const uint64_t blob = start <= file_.size() ? file_.size() - start : 0;
    for (auto& tensor : out_.tensors) {
        const auto what = "tensor " + quoted(tensor.name);
        if (tensor.offset % alignment_ != 0)
            in_.fail(what + " has offset " + std::to_string(tensor.offset) + ", which is not a multiple of " +
                     std::to_string(alignment_));
        if (tensor.offset >= blob || tensor.bytes > blob - tensor.offset)
            in_.fail(what + " lies outside the file (" + std::to_string(tensor.bytes) + " bytes at offset " +
                     std::to_string(tensor.offset) + " of " + std::to_string(blob) + " bytes of data)");
        tensor.offset += start;
    }
    std::vector<const GgufTensor*> order;
    for (const auto& tensor : out_.tensors) order.push_back(&tensor);
    std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
    for (size_t i = 1; i < order.size(); ++i) {
        const auto& before = *order[i - 1];
        if (before.offset + std::max<uint64_t>(before.bytes, 1) > order[i]->offset)
            in_.fail("tensor " + quoted(before.name) + " and tensor " + quoted(order[i]->name) + " overlap");
    }
}

}  // namespace

GgufTables parse_gguf(const MappedFile& file) {
    check_magic(file);
    return Parser(file).parse();
}

std::string gguf_value_type_name(uint32_t id) {
    return id < value_types.size() ? value_types[id].name : "value type " + std::to_string(id);
}

}  // namespace longleaf
