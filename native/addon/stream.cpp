#include "addon/stream.h"

#include "addon/error.h"

namespace longleaf::addon {

Napi::Promise Call::start(Napi::Env env, Napi::Function listener, Job job) {
    auto* call = new Call(env, std::move(job));  // freed by finalize()
    if (!listener.IsEmpty()) call->listener_ = Napi::Persistent(listener);
    call->wake_ = Wake::New(env, "longleaf", 0, 1, call, &Call::finalize, static_cast<void*>(nullptr));
    // After the thread-safe function: hooks run in reverse order, so the thread is gone before it closes.
    call->hook_.emplace(env.AddCleanupHook(&Call::tear_down, call));
    const Napi::Promise promise = call->deferred_.Promise();
    try {
        call->thread_ = std::thread([call] { call->run(); });
    } catch (...) {
        call->failure_ = std::current_exception();
        call->settle(env);
    }
    return promise;
}

void Call::run() {
    Answer answer;
    std::exception_ptr failure;
    try {
        answer = job_.work(*this);
    } catch (...) {
        failure = std::current_exception();
    }
    job_.work = nullptr;  // what it captured may be large; free it here, not on the JavaScript thread
    {
        std::lock_guard lock(mutex_);
        answer_ = std::move(answer);
        failure_ = failure;
        done_ = true;
    }
    wake();
}

void Call::post(const std::function<void(Events&)>& change) {
    {
        std::lock_guard lock(mutex_);
        change(events_);
    }
    wake();
}

void Call::wake() {
    if (abandoned_) return;
    {
        std::lock_guard lock(mutex_);
        if (crossing_) return;
        crossing_ = true;
    }
    wake_.NonBlockingCall();
}

void Call::deliver(Napi::Env env, Napi::Function, Call* call, void*) {
    Events events;
    bool done;
    {
        std::lock_guard lock(call->mutex_);
        std::swap(events, call->events_);
        call->crossing_ = false;
        done = call->done_;
    }
    if (static_cast<napi_env>(env) == nullptr) return;  // the environment is going away
    try {
        call->tell(env, events);
        if (done) call->settle(env);
    } catch (const Napi::Error&) {
        // JavaScript was stopped in the middle of this (a worker terminated), so that not even an error can
        // be kept: the environment is going away, and its clean-up ends the call. Nothing above catches.
        call->stop();
    }
}

void Call::stop() {
    stopped_ = true;
    if (job_.cancel) job_.cancel();
}

/// A listener that throws ends the call, and its promise is rejected with what it threw.
void Call::tell(Napi::Env env, const Events& events) {
    if (events.empty() || listener_.IsEmpty() || !listener_failure_.IsEmpty()) return;
    Napi::HandleScope scope(env);
    try {
        job_.listen(listener_.Value(), events);
    } catch (const Napi::Error& error) {
        stop();
        Napi::Object kept = Napi::Object::New(env);
        kept.Set("thrown", error.Value());
        listener_failure_ = Napi::Persistent(kept);
    }
}

void Call::settle(Napi::Env env) {
    if (thread_.joinable()) thread_.join();
    hook_->Remove(env);
    hook_.reset();
    Napi::HandleScope scope(env);
    if (job_.settled) job_.settled();
    try {
        if (!listener_failure_.IsEmpty())
            deferred_.Reject(listener_failure_.Value().Get("thrown"));
        else if (failure_)
            deferred_.Reject(to_error(env, failure_).Value());
        else
            deferred_.Resolve(answer_(env));
    } catch (const Napi::Error& error) {
        deferred_.Reject(error.Value());
    } catch (...) {
        deferred_.Reject(to_error(env, std::current_exception()).Value());
    }
    wake_.Release();
}

void Call::finalize(Napi::Env, void*, Call* call) { delete call; }

void Call::tear_down(Call* call) {
    call->abandoned_ = true;
    call->stop();
    if (call->thread_.joinable()) call->thread_.join();
    call->wake_.Release();
}

}  // namespace longleaf::addon
