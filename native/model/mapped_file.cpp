#include "model/mapped_file.h"

#include <system_error>

#include "engine.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace longleaf {
namespace {

std::string basename(const std::string& path) {
#ifdef _WIN32
    const auto slash = path.find_last_of("/\\:");
#else
    const auto slash = path.find_last_of('/');
#endif
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

[[noreturn]] void refuse(const std::string& name, const std::string& what, const char* hint) {
    throw EngineError(ErrorCode::bad_model, name + ": " + what, hint);
}

constexpr auto open_hint = "Check that the file is still there and that you may read it.";
constexpr auto empty_hint = "Download the file again.";

}  // namespace

MappedFile::MappedFile(std::string name, std::vector<uint8_t> bytes)
    : bytes_(std::move(bytes)), name_(std::move(name)) {
    data_ = bytes_.data();
    size_ = bytes_.size();
}

#ifdef _WIN32

MappedFile::MappedFile(const std::string& path) : name_(basename(path)) {
    const int length = static_cast<int>(path.size());
    std::wstring wide(path.size() + 1, L'\0');
    const int wide_length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), length,
                                                wide.data(), static_cast<int>(wide.size()));
    if (wide_length <= 0) refuse(name_, "the path is not valid UTF-8", open_hint);
    wide.resize(static_cast<size_t>(wide_length));
    const HANDLE file = CreateFileW(wide.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                                    FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file == INVALID_HANDLE_VALUE) {
        const auto reason = std::system_category().message(static_cast<int>(GetLastError()));
        refuse(name_, "cannot be opened (" + reason + ")", open_hint);
    }
    LARGE_INTEGER size{};
    if (!GetFileSizeEx(file, &size) || size.QuadPart <= 0) {
        CloseHandle(file);
        refuse(name_, "the file is empty", empty_hint);
    }
    const HANDLE mapping = CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr);
    void* view = mapping ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0) : nullptr;
    if (mapping) CloseHandle(mapping);
    if (!view) {
        CloseHandle(file);
        refuse(name_, "cannot be mapped into memory", open_hint);
    }
    handle_ = file;
    data_ = static_cast<const uint8_t*>(view);
    size_ = static_cast<uint64_t>(size.QuadPart);
}

MappedFile::~MappedFile() {
    if (!handle_) return;
    UnmapViewOfFile(data_);
    CloseHandle(handle_);
}

void MappedFile::require_unchanged() const {}  // FILE_SHARE_READ alone keeps others from writing

#else

MappedFile::MappedFile(const std::string& path) : name_(basename(path)) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block
    if (file < 0) {
        const auto reason = std::generic_category().message(errno);
        refuse(name_, "cannot be opened (" + reason + ")", open_hint);
    }
    struct stat status {};
    const char* problem = nullptr;
    const char* hint = open_hint;
    if (::fstat(file, &status) != 0) {
        problem = "cannot be read";
    } else if (!S_ISREG(status.st_mode)) {
        problem = "not a file";
    } else if (status.st_size <= 0) {
        problem = "the file is empty";
        hint = empty_hint;
    }
    void* view = MAP_FAILED;
    if (!problem) {
        view = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_SHARED, file, 0);
        if (view == MAP_FAILED) problem = "cannot be mapped into memory";
    }
    if (problem) {
        ::close(file);
        refuse(name_, problem, hint);
    }
    handle_ = reinterpret_cast<void*>(static_cast<intptr_t>(file) + 1);
    data_ = static_cast<const uint8_t*>(view);
    size_ = static_cast<uint64_t>(status.st_size);
}

MappedFile::~MappedFile() {
    if (!handle_) return;
    ::munmap(const_cast<uint8_t*>(data_), size_);
    ::close(static_cast<int>(reinterpret_cast<intptr_t>(handle_) - 1));
}

void MappedFile::require_unchanged() const {
    if (!handle_) return;
    struct stat status {};
    const int file = static_cast<int>(reinterpret_cast<intptr_t>(handle_) - 1);
    if (::fstat(file, &status) == 0 && static_cast<uint64_t>(status.st_size) == size_) return;
    refuse(name_, "the file changed while it was being read",
           "Wait until it is fully written, then load it again.");
}

#endif

}  // namespace longleaf
