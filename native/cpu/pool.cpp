#include "cpu/pool.h"

#include <algorithm>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace longleaf::cpu {
namespace {

constexpr uint64_t kInside = 0xffff, kOpen = 1u << 16, kJob = 1u << 17;
constexpr int kSpins = 2000;  // some 20 to 60 us: the gap between two ops of a decode step

void relax() {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
}

}  // namespace

Pool::Pool(int threads) {
    for (int i = 1; i < std::max(threads, 1); ++i) workers_.emplace_back([this, i] { work(i); });
}

Pool::~Pool() {
    {
        std::lock_guard lock(mutex_);
        quit_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
}

void Pool::drain(int thread) {
    while (!stop_->load(std::memory_order_relaxed)) {
        const int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
        if (task >= count_) return;
        call_(body_, task, thread);
    }
}

void Pool::run_erased(int64_t count, const std::atomic<bool>& stop, Call call, void* body) {
    call_ = call, body_ = body, stop_ = &stop, count_ = count;
    next_.store(0, std::memory_order_relaxed);
    if (workers_.empty() || count <= 1) return drain(0);

    // seq_cst pairs with work(): either the worker sees the open job or we see it asleep.
    state_.store((state_.load() & ~(kOpen | kInside)) + kJob + kOpen);
    if (asleep_.load() > 0) {
        { std::lock_guard lock(mutex_); }  // a worker between its check and its wait has the lock
        wake_.notify_all();
    }
    drain(0);
    state_.fetch_and(~kOpen);
    for (int i = 0; i < kSpins; ++i) {
        if ((state_.load() & kInside) == 0) return;
        relax();
    }
    std::unique_lock lock(mutex_);
    waiting_ = true;
    done_.wait(lock, [this] { return (state_.load() & kInside) == 0; });
    waiting_ = false;
}

/// Enters the job if it is open and not `seen` before.
bool Pool::join_job(uint64_t& seen) {
    uint64_t state = state_.load();
    while ((state & kOpen) && state / kJob != seen) {
        if (state_.compare_exchange_weak(state, state + 1)) {
            seen = state / kJob;
            return true;
        }
    }
    return false;
}

void Pool::leave_job() {
    if (((state_.fetch_sub(1) - 1) & kInside) == 0 && waiting_.load()) {
        { std::lock_guard lock(mutex_); }
        done_.notify_one();
    }
}

void Pool::work(int thread) {
    uint64_t seen = 0;
    while (!quit_.load()) {
        bool joined = false;
        for (int i = 0; i < kSpins && !(joined = join_job(seen)); ++i) relax();
        if (!joined) {
            std::unique_lock lock(mutex_);
            asleep_.fetch_add(1);
            wake_.wait(lock, [&] { return quit_.load() || (joined = join_job(seen)); });
            asleep_.fetch_sub(1);
        }
        if (!joined) continue;
        drain(thread);
        leave_job();
    }
}

}  // namespace longleaf::cpu
