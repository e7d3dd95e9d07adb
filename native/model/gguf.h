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

namespace longleaf {

class MappedFile {
  public:
    explicit MappedFile(const std::string& path);  // throws EngineError{bad_model}
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    const uint8_t* data() const { return data_; }
    uint64_t size() const { return size_; }

  private:
    const uint8_t* data_ = nullptr;
    uint64_t size_ = 0;
    void* handle_ = nullptr;
};

struct GgufTensor {
    std::string name;
    std::vector<uint64_t> ne;   // ne[0] is the contiguous dimension (columns); 1 to 4 entries, each > 0
    uint32_t type = 0;          // GGUF type id, known to the format but maybe not to this engine
    uint64_t offset = 0;        // from the start of the file
    uint64_t bytes = 0;         // 0 when the engine does not read this type
};

struct GgufArray;  // a scalar array, held as a view into the mapping
using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, std::shared_ptr<GgufArray>>;

struct GgufArray {
    uint32_t element_type = 0;                  // GGUF value type id
    std::vector<std::string_view> strings;      // when element_type is string (8)
    std::vector<int64_t> integers;              // any integer type or bool
    std::vector<float> floats;                  // f32 or f64
};

class Gguf {
  public:
    /// Throws EngineError{bad_model} naming what is wrong, what was expected and what was found.
    explicit Gguf(const std::string& path);

    const MappedFile& file() const { return *file_; }
    const std::map<std::string, GgufValue, std::less<>>& metadata() const { return metadata_; }
    const std::vector<GgufTensor>& tensors() const { return tensors_; }
    const GgufTensor* find(std::string_view name) const;

    /// Typed look-ups: nullopt when the key is absent; EngineError{bad_model} when its type is wrong.
    std::optional<std::string> text(std::string_view key) const;
    std::optional<int64_t> integer(std::string_view key) const;
    std::optional<double> real(std::string_view key) const;
    std::optional<bool> boolean(std::string_view key) const;
    const GgufArray* array(std::string_view key) const;  // nullptr when absent

  private:
    std::unique_ptr<MappedFile> file_;
    std::map<std::string, GgufValue, std::less<>> metadata_;
    std::vector<GgufTensor> tensors_;
    std::map<std::string, size_t, std::less<>> tensor_index_;
};

}  // namespace longleaf
