// One asynchronous call: a thread of its own, a promise, and a stream of events that are merged until the
// event loop takes them, so that a busy loop costs one crossing and not one per token.
//
// Life of a call. start() runs on the JavaScript thread; `work` runs on the call's thread; everything that
// touches JavaScript runs on the JavaScript thread again: the listener, `settled`, the promise. A call keeps
// the event loop alive. When the environment is torn down (process.exit, a worker terminated), a clean-up
// hook cancels the call and waits for its thread; the promise then never settles.
#pragma once

#include <napi.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "engine.h"

namespace longleaf::addon {

/// What happened since the event loop last looked.
struct Events {
    std::optional<float> fraction;  // of loading
    std::optional<ReadingProgress> progress;
    std::string text;
    int tokens = 0;
    bool empty() const { return !fraction && !progress && text.empty() && tokens == 0; }
};

class Call {
  public:
    using Answer = std::function<Napi::Value(Napi::Env)>;  // makes the promise's value
    struct Job {
        std::function<Answer(Call&)> work;                          // on the call's thread; may throw
        std::function<void(Napi::Function, const Events&)> listen;  // calls the listener
        std::function<void()> cancel;   // any thread; work must then end within 200 ms
        std::function<void()> settled;  // just before the promise settles
    };

    /// `listener` may be empty.
    static Napi::Promise start(Napi::Env, Napi::Function listener, Job);

    /// From the call's thread: merges `change` into the events and wakes the event loop.
    void post(const std::function<void(Events&)>& change);

    /// For work without a `cancel` of its own: the environment is going away, or the listener threw.
    bool stopped() const { return stopped_; }

    ~Call() = default;

  private:
    static void deliver(Napi::Env, Napi::Function, Call*, void*);
    static void finalize(Napi::Env, void*, Call*);
    static void tear_down(Call*);
    using Wake = Napi::TypedThreadSafeFunction<Call, void, deliver>;

    Call(Napi::Env env, Job job) : deferred_(env), job_(std::move(job)) {}
    void run();
    void wake();
    void tell(Napi::Env, const Events&);
    void settle(Napi::Env);
    void stop();

    Napi::Promise::Deferred deferred_;
    Napi::FunctionReference listener_;
    Napi::ObjectReference listener_failure_;
    Job job_;
    Wake wake_;
    std::thread thread_;
    std::optional<Napi::Env::CleanupHook<void (*)(Call*), Call>> hook_;
    std::atomic<bool> stopped_{false}, abandoned_{false};

    std::mutex mutex_;  // guards what follows
    Events events_;
    bool crossing_ = false;  // a wake-up is on its way
    bool done_ = false;
    Answer answer_;
    std::exception_ptr failure_;
};

}  // namespace longleaf::addon
