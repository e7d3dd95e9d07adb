// Pages from the operating system. Never malloc: inside Electron one malloc over 2 GiB kills the process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longleaf::cpu {

/// Zeroed pages, committed on first touch, huge pages wanted. nullptr when refused.
void* map_pages(uint64_t bytes);
void unmap_pages(void* memory, uint64_t bytes) noexcept;

/// Memory this process can take now: free and reclaimable memory, and what its cgroup still allows.
uint64_t available_memory();

/// Uninitialised room that only grows. Throws EngineError{no_memory}.
class Scratch {
  public:
    Scratch() = default;
    Scratch(Scratch&& other) noexcept;
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();

    void reserve(uint64_t bytes);  // forgets what was there when it grows
    char* data() const { return static_cast<char*>(data_); }

  private:
    void* data_ = nullptr;
    uint64_t bytes_ = 0;
};

}  // namespace longleaf::cpu
