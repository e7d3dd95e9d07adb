#include "model/gguf.h"

#include "model/gguf_parse.h"

namespace longleaf {
namespace {

const char* kind(const GgufValue& value) {
    struct Name {
        const char* operator()(uint64_t) { return "an integer"; }
        const char* operator()(int64_t) { return "an integer"; }
        const char* operator()(double) { return "a number"; }
        const char* operator()(bool) { return "a bool"; }
        const char* operator()(std::string_view) { return "a string"; }
        const char* operator()(const std::shared_ptr<GgufArray>&) { return "an array"; }
    };
    return std::visit(Name{}, value);
}

}  // namespace

uint64_t GgufTensor::elements() const {
    uint64_t product = 1;
    for (const auto length : ne) product *= length;
    return product;
}

Gguf::Gguf(const std::string& path) : Gguf(std::make_unique<MappedFile>(path)) {}

Gguf::Gguf(std::unique_ptr<MappedFile> file) : file_(std::move(file)) {
    auto tables = parse_gguf(*file_);
    metadata_ = std::move(tables.metadata);
    tensors_ = std::move(tables.tensors);
    tensor_index_ = std::move(tables.tensor_index);
    table_bytes_ = tables.table_bytes;
}

const GgufTensor* Gguf::find(std::string_view name) const {
    const auto found = tensor_index_.find(name);
    return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

const GgufValue* Gguf::value(std::string_view key) const {
    const auto found = metadata_.find(key);
    return found == metadata_.end() ? nullptr : &found->second;
}

void Gguf::fail(ErrorCode code, const std::string& what, const std::string& hint) const {
    throw EngineError(code, file_->name() + ": " + what, hint);
}

void Gguf::wrong_type(std::string_view key, const char* expected, const GgufValue& found) const {
    fail(ErrorCode::bad_model, "key " + quoted(key) + " must be " + expected + ", found " + kind(found),
         "Look for another file of this model.");
}

std::optional<std::string> Gguf::text(std::string_view key) const {
    const auto* found = value(key);
    if (!found) return {};
    if (const auto* text = std::get_if<std::string_view>(found)) return std::string(*text);
    wrong_type(key, "a string", *found);
}

std::optional<int64_t> Gguf::integer(std::string_view key) const {
    const auto* found = value(key);
    if (!found) return {};
    if (const auto* number = std::get_if<int64_t>(found)) return *number;
    if (const auto* number = std::get_if<uint64_t>(found)) {
        if (*number <= static_cast<uint64_t>(INT64_MAX)) return static_cast<int64_t>(*number);
        fail(ErrorCode::bad_model, "key " + quoted(key) + " is out of range: " + std::to_string(*number));
    }
    wrong_type(key, "an integer", *found);
}

std::optional<double> Gguf::real(std::string_view key) const {
    const auto* found = value(key);
    if (!found) return {};
    if (const auto* number = std::get_if<double>(found)) return *number;
    wrong_type(key, "a floating-point number", *found);
}

std::optional<bool> Gguf::boolean(std::string_view key) const {
    const auto* found = value(key);
    if (!found) return {};
    if (const auto* flag = std::get_if<bool>(found)) return *flag;
    wrong_type(key, "a bool", *found);
}

const GgufArray* Gguf::array(std::string_view key) const {
    const auto* found = value(key);
    if (!found) return nullptr;
    if (const auto* values = std::get_if<std::shared_ptr<GgufArray>>(found)) return values->get();
    wrong_type(key, "an array", *found);
}

const std::vector<std::string_view>* Gguf::strings(std::string_view key) const {
    const auto* values = array(key);
    if (!values) return nullptr;
    constexpr uint32_t string_type = 8;
    if (values->element_type == string_type) return &values->strings;
    fail(ErrorCode::bad_model, "key " + quoted(key) + " must be an array of strings, found an array of " +
                                   gguf_value_type_name(values->element_type));
}

}  // namespace longleaf
