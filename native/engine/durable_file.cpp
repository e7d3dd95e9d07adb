#include "engine/durable_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "engine.h"

#ifdef _WIN32
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace longleaf {

namespace fs = std::filesystem;

fs::path native_path(const std::string& utf8) { return {std::u8string(utf8.begin(), utf8.end())}; }

static std::string part_of(const std::string& path) { return path + ".part"; }

#ifdef _WIN32

std::FILE* open_file(const std::string& path, const char* mode) {
    return _wfopen(native_path(path).c_str(), fs::path(mode).c_str());
}

static bool sync(std::FILE* file) { return _commit(_fileno(file)) == 0; }
static void sync_folder(const fs::path&) {}  // folders cannot be synced there

#else

std::FILE* open_file(const std::string& path, const char* mode) { return std::fopen(path.c_str(), mode); }

static bool sync(std::FILE* file) { return fsync(fileno(file)) == 0; }

/// The new name itself. A file system that cannot is no reason to fail: the file is whole.
static void sync_folder(const fs::path& folder) {
    const int handle = open(folder.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle < 0) return;
    fsync(handle);
    close(handle);
}

#endif

DurableFile::DurableFile(std::string path) : path_(std::move(path)), file_(open_file(part_of(path_), "wb")) {
    if (!file_) refuse("be created");
    std::setvbuf(file_, nullptr, _IONBF, 0);  // what is written comes in megabytes
}

DurableFile::~DurableFile() {
    if (!file_) return;
    std::fclose(file_);
    std::error_code ignored;
    fs::remove(native_path(part_of(path_)), ignored);
}

void DurableFile::refuse(const char* doing) const {
    const std::string name = native_path(path_).filename().string();
    throw EngineError(
        ErrorCode::storage,
        "The file " + name + " could not " + doing + ": " + std::generic_category().message(errno) + ".",
        "Check that the disk has room and that its folder may be written to.");
}

void DurableFile::write(std::span<const uint8_t> bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) refuse("be written");
}

void DurableFile::rewind() {
    if (std::fseek(file_, 0, SEEK_SET) != 0) refuse("be written");
}

void DurableFile::commit() {
    if (std::fflush(file_) != 0 || !sync(file_)) refuse("be written to the disk");
    std::FILE* const file = file_;
    file_ = nullptr;
    std::error_code failed;
    const fs::path part = native_path(part_of(path_)), place = native_path(path_);
    if (std::fclose(file) == 0) fs::rename(part, place, failed);
    if (failed) {
        std::error_code ignored;
        fs::remove(part, ignored);
        errno = failed.value();
        refuse("be put in its place");
    }
    sync_folder(place.parent_path());
}

}  // namespace longleaf
