#include "cpu/memory.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include "engine.h"

#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace longleaf::cpu {

#if defined(_WIN32)

void* map_pages(uint64_t bytes) {
    return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void unmap_pages(void* memory, uint64_t) noexcept {
    if (memory) VirtualFree(memory, 0, MEM_RELEASE);
}

uint64_t available_memory() {
    MEMORYSTATUSEX status;
    status.dwLength = sizeof(status);
    return GlobalMemoryStatusEx(&status) ? std::min(status.ullAvailPhys, status.ullAvailPageFile) : 0;
}

#else

void* map_pages(uint64_t bytes) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
    if (bytes >= (2u << 20)) madvise(p, bytes, MADV_HUGEPAGE);  // a wish; failure changes nothing
#endif
    return p;
}

void unmap_pages(void* memory, uint64_t bytes) noexcept {
    if (memory) munmap(memory, bytes);
}

namespace {

/// First number in a file, or UINT64_MAX when there is none ("max", no such file).
uint64_t number_in(const std::string& path) {
    std::ifstream file(path);
    uint64_t value = 0;
    return file >> value ? value : UINT64_MAX;
}

uint64_t meminfo_available() {
    std::ifstream file("/proc/meminfo");
    std::string key, unit;
    uint64_t kib = 0;
    while (file >> key >> kib) {
        if (key == "MemAvailable:") return kib * 1024;
        std::getline(file, unit);
    }
    const long pages = sysconf(_SC_PHYS_PAGES),
               size = sysconf(_SC_PAGESIZE);  // not Linux: half of all memory
    return pages > 0 && size > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(size) / 2 : 0;
}

/// Room left under a limit; page cache counts as used there, so what is inactive is given back to us.
uint64_t room(const std::string& limit_file, const std::string& used_file, const std::string& stat_file) {
    const uint64_t limit = number_in(limit_file);
    uint64_t used = number_in(used_file);
    if (limit == UINT64_MAX || used == UINT64_MAX) return UINT64_MAX;
    std::ifstream stat(stat_file);
    std::string key;
    uint64_t value = 0;
    while (stat >> key >> value)
        if (key == "inactive_file" || key == "total_inactive_file") used -= std::min(used, value);
    return limit > used ? limit - used : 0;
}

/// The tightest limit from this process's cgroup up to the root (v2), or of the v1 memory controller.
uint64_t cgroup_room() {
    uint64_t least = UINT64_MAX;
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool v1 = controllers == "memory";
        if (!v1 && !controllers.empty()) continue;
        const std::string root = v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        std::string path = line.substr(second + 1);
        for (;;) {
            const std::string dir = root + (path == "/" ? "" : path) + "/";
            least = std::min(
                least,
                v1 ? room(dir + "memory.limit_in_bytes", dir + "memory.usage_in_bytes", dir + "memory.stat")
                   : room(dir + "memory.max", dir + "memory.current", dir + "memory.stat"));
            const size_t slash = path.rfind('/');
            if (path.size() <= 1 || slash == std::string::npos) break;
            path.resize(slash == 0 ? 1 : slash);
        }
    }
    return least;
}

}  // namespace

uint64_t available_memory() { return std::min(meminfo_available(), cgroup_room()); }

#endif

Scratch::Scratch(Scratch&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Scratch::~Scratch() { unmap_pages(data_, bytes_); }

void Scratch::reserve(uint64_t bytes) {
    if (bytes <= bytes_) return;
    unmap_pages(data_, bytes_);
    bytes_ = 0;
    const uint64_t rounded = (bytes + (2u << 20) - 1) / (2u << 20) * (2u << 20);
    data_ = map_pages(rounded);
    if (!data_)
        throw EngineError(ErrorCode::no_memory,
                          "The system refused " + std::to_string(rounded >> 20) + " MiB of work space.");
    bytes_ = rounded;
}

}  // namespace longleaf::cpu
