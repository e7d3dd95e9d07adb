// A pool of persistent threads that runs one counted loop at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace longleaf::cpu {

class Pool {
  public:
    explicit Pool(int threads);
    ~Pool();
    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    /// Calls body(task, thread) for tasks 0 .. count - 1, handed out in ascending order to whichever thread
    /// is free; returns when all are done, or as soon as running ones end once `stop` is true. `body` must
    /// not throw, and its results must not depend on which thread runs a task. One caller at a time.
    template <class Body>
    void run(int64_t count, const std::atomic<bool>& stop, Body&& body) {
        using Plain = std::remove_reference_t<Body>;
        run_erased(
            count, stop, [](void* b, int64_t task, int thread) { (*static_cast<Plain*>(b))(task, thread); },
            const_cast<void*>(static_cast<const void*>(&body)));
    }

  private:
    using Call = void (*)(void* body, int64_t task, int thread);
    void run_erased(int64_t count, const std::atomic<bool>& stop, Call, void* body);
    void drain(int thread);
    void work(int thread);
    bool join_job(uint64_t& seen);
    void leave_job();

    // The job; written only while it is closed and no worker is inside.
    Call call_ = nullptr;
    void* body_ = nullptr;
    const std::atomic<bool>* stop_ = nullptr;
    int64_t count_ = 0;
    std::atomic<int64_t> next_{0};

    // Bits 0..15 workers inside the job, bit 16 open, from bit 17 the job's number.
    std::atomic<uint64_t> state_{0};
    std::atomic<bool> quit_{false};
    std::atomic<int> asleep_{0};        // workers waiting on wake_
    std::atomic<bool> waiting_{false};  // the caller waits on done_
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> workers_;
};

}  // namespace longleaf::cpu
