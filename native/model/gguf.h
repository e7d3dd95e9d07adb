// Reads a GGUF v2/v3 file: metadata and the tensor table, with every count, length and offset checked
// against the file before use. Owns the read-only mapping; knows nothing of architectures.
// Format: ggml docs/gguf.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine.h"
#include "model/mapped_file.h"

namespace longleaf {

struct GgufTensor {
    std::string name;
    std::vector<uint64_t> ne;  // ne[0] is the contiguous dimension (columns); 1 to 4 entries, each > 0
    uint32_t type = 0;         // GGUF type id, known to the format but maybe not to this engine
    uint64_t offset = 0;       // from the start of the file
    uint64_t bytes = 0;        // 0 when the layout of this type is unknown to the engine
    uint64_t elements() const;
};

struct GgufArray;  // a scalar array; its strings are views into the mapping
using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, std::shared_ptr<GgufArray>>;

struct GgufArray {
    uint32_t element_type = 0;              // GGUF value type id
    std::vector<std::string_view> strings;  // when element_type is string (8)
    std::vector<int64_t> integers;          // any integer type or bool; u64 above the range saturates
    std::vector<float> floats;              // f32 or f64
};

class Gguf {
  public:
    /// Throws EngineError{bad_model} naming what is wrong, what was expected and what was found, or
    /// unsupported_model for another version or byte order.
    explicit Gguf(const std::string& path);
    explicit Gguf(std::unique_ptr<MappedFile> file);

    const MappedFile& file() const { return *file_; }
    const std::map<std::string, GgufValue, std::less<>>& metadata() const { return metadata_; }
    const std::vector<GgufTensor>& tensors() const { return tensors_; }
    const GgufTensor* find(std::string_view name) const;
    uint64_t table_bytes() const { return table_bytes_; }  // header, metadata and tensor table

    /// Typed look-ups: nullopt when the key is absent; EngineError{bad_model} when its type is wrong.
    std::optional<std::string> text(std::string_view key) const;
    std::optional<int64_t> integer(std::string_view key) const;
    std::optional<double> real(std::string_view key) const;
    std::optional<bool> boolean(std::string_view key) const;
    const GgufArray* array(std::string_view key) const;  // nullptr when absent
    /// As array(), of strings.
    const std::vector<std::string_view>* strings(std::string_view key) const;

    /// Throws an EngineError whose message starts with the file's name.
    [[noreturn]] void fail(ErrorCode, const std::string& what, const std::string& hint = {}) const;

  private:
    const GgufValue* value(std::string_view key) const;
    [[noreturn]] void wrong_type(std::string_view key, const char* expected, const GgufValue& found) const;

    std::unique_ptr<MappedFile> file_;
    std::map<std::string, GgufValue, std::less<>> metadata_;
    std::vector<GgufTensor> tensors_;
    std::map<std::string, size_t, std::less<>> tensor_index_;
    uint64_t table_bytes_ = 0;
};

/// For text from a file in messages: shortened, and without control characters.
std::string quoted(std::string_view);

}  // namespace longleaf
