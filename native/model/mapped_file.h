// A whole file mapped read-only. The mapping is shared with every other process that maps the same file,
// so weights cost no memory of our own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longleaf {

class MappedFile {
  public:
    explicit MappedFile(const std::string& path);  // UTF-8; throws EngineError{bad_model}
    /// The same face over bytes in memory, where a sanitizer sees reads past the end.
    MappedFile(std::string name, std::vector<uint8_t> bytes);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const uint8_t* data() const { return data_; }
    uint64_t size() const { return size_; }
    const std::string& name() const { return name_; }  // without its folder, as messages show it

    /// Throws EngineError{bad_model} when the file on disk has another size than the mapping: reading the
    /// lost pages would end the process.
    void require_unchanged() const;

  private:
    const uint8_t* data_ = nullptr;
    uint64_t size_ = 0;
    void* handle_ = nullptr;      // Windows: file handle; elsewhere descriptor + 1; null: in memory
    std::vector<uint8_t> bytes_;  // in-memory files only
    std::string name_;
};

}  // namespace longleaf
