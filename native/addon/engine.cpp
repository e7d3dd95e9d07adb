#include "addon/error.h"
#include "addon/objects.h"
#include "addon/values.h"

namespace longleaf::addon {

Napi::Function EngineObject::define(Napi::Env env) {
    return DefineClass(
        env, "NativeEngine",
        {InstanceAccessor<&EngineObject::info>("info"), InstanceAccessor<&EngineObject::memory>("memory"),
         InstanceAccessor<&EngineObject::device>("device"),
         InstanceMethod<&EngineObject::tokenize>("tokenize"),
         InstanceMethod<&EngineObject::detokenize>("detokenize"),
         InstanceMethod<&EngineObject::open_session>("openSession"),
         InstanceMethod<&EngineObject::close>("close")});
}

Napi::Object EngineObject::create(Napi::Env env, std::shared_ptr<Engine> engine) {
    const Napi::Object object = env.GetInstanceData<Instance>()->engine_class.New({});
    auto state = std::make_shared<EngineState>();
    state->info = engine->info();
    state->memory = engine->memory();
    state->device = engine->device();
    state->engine = std::move(engine);
    Unwrap(object)->state_ = std::move(state);
    return object;
}

EngineState& EngineObject::state(Napi::Env env) const {
    if (!state_) throw bad_argument(env, "A NativeEngine is made by load(), not by its constructor.");
    return *state_;
}

Engine& EngineObject::open_engine(Napi::Env env) const {
    if (state(env).closing) throw EngineError(ErrorCode::bad_request, "The engine is closed.");
    return *state_->engine;
}

Napi::Value EngineObject::info(const Napi::CallbackInfo& call) {
    return to_js(call.Env(), state(call.Env()).info);
}

Napi::Value EngineObject::memory(const Napi::CallbackInfo& call) {
    return to_js(call.Env(), state(call.Env()).memory);
}

Napi::Value EngineObject::device(const Napi::CallbackInfo& call) {
    return Napi::String::New(call.Env(), state(call.Env()).device);
}

Napi::Value EngineObject::tokenize(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        open_engine(call.Env());
        Call::Job job;
        job.work = [engine = state_->engine, segments = read_segments(call[0])](Call&) -> Call::Answer {
            return [tokens = engine->tokenize(segments)](Napi::Env env) { return to_js(env, tokens); };
        };
        return run_call(call.Env(), state_, {}, std::move(job));
    });
}

Napi::Value EngineObject::detokenize(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
        const Engine& engine = open_engine(call.Env());
        return Napi::String::New(call.Env(), engine.detokenize(read_tokens(call[0])));
    });
}

Napi::Value EngineObject::open_session(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
        open_engine(call.Env());
        return SessionObject::create(call.Env(), state_);
    });
}

/// Once nothing runs: takes the model and every session's cache away from their JavaScript objects.
static void free_when_idle(Napi::Env env, const std::shared_ptr<EngineState>& state) {
    if (!state->closing || state->freeing || state->running > 0) return;
    state->freeing = true;
    std::vector<std::shared_ptr<void>> objects;
    for (const auto& weak : state->sessions) {
        const auto session = weak.lock();
        if (!session) continue;
        session->closed = true;
        if (session->session) objects.push_back(std::move(session->session));
    }
    objects.push_back(std::move(state->engine));
    free_elsewhere(env, std::move(objects), [env, state] {
        state->freed = true;
        for (const auto& deferred : state->waiting) deferred.Resolve(env.Undefined());
        state->waiting.clear();
    });
}

Napi::Value EngineObject::close(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        EngineState& engine = state(call.Env());
        const auto deferred = Napi::Promise::Deferred::New(call.Env());
        engine.closing = true;
        if (engine.freed) {
            deferred.Resolve(call.Env().Undefined());
        } else {
            engine.waiting.push_back(deferred);
            free_when_idle(call.Env(), state_);
        }
        return deferred.Promise();
    });
}

Napi::Promise run_call(Napi::Env env, const std::shared_ptr<EngineState>& state, Napi::Function listener,
                       Call::Job job) {
    ++state->running;
    job.settled = [env, state, then = std::move(job.settled)] {
        --state->running;
        if (then) then();
        free_when_idle(env, state);
    };
    return Call::start(env, listener, std::move(job));
}

void free_elsewhere(Napi::Env env, std::vector<std::shared_ptr<void>> objects, std::function<void()> then) {
    Call::Job job;
    job.work = [held = std::make_shared<decltype(objects)>(std::move(objects))](Call&) -> Call::Answer {
        held->clear();
        return [](Napi::Env e) { return e.Undefined(); };
    };
    job.settled = std::move(then);
    Call::start(env, {}, std::move(job));
}

}  // namespace longleaf::addon
