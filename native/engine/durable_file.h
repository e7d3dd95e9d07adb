// A file that appears whole or not at all: written beside its place under the name with ".part" behind it,
// synced to the disk, renamed. Whoever owns the folder removes the ".part" files a killed process left.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>

namespace longleaf {

class DurableFile {
  public:
    explicit DurableFile(std::string path);  // UTF-8. Throws EngineError{storage}, as every member does.
    ~DurableFile();                          // without commit() nothing stays
    DurableFile(const DurableFile&) = delete;
    DurableFile& operator=(const DurableFile&) = delete;

    void write(std::span<const uint8_t> bytes);
    void rewind();  // the next write is at the beginning again
    void commit();

  private:
    [[noreturn]] void refuse(const char* doing) const;

    std::string path_;
    std::FILE* file_ = nullptr;
};

std::filesystem::path native_path(const std::string& utf8);

/// nullptr, with errno set, when it cannot be opened. `path` is UTF-8.
std::FILE* open_file(const std::string& path, const char* mode);

}  // namespace longleaf
