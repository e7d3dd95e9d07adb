#include <algorithm>

#include "addon/error.h"
#include "addon/objects.h"
#include "addon/values.h"

namespace longleaf::addon {

Napi::Function SessionObject::define(Napi::Env env) {
    return DefineClass(
        env, "NativeSession",
        {InstanceMethod<&SessionObject::read>("read"), InstanceMethod<&SessionObject::generate>("generate"),
         InstanceMethod<&SessionObject::drift>("drift"), InstanceMethod<&SessionObject::logits>("logits"),
         InstanceMethod<&SessionObject::rewind>("rewind"), InstanceMethod<&SessionObject::save>("save"),
         InstanceMethod<&SessionObject::restore>("restore"),
         InstanceAccessor<&SessionObject::length>("length"), InstanceMethod<&SessionObject::cancel>("cancel"),
         InstanceMethod<&SessionObject::close>("close")});
}

Napi::Object SessionObject::create(Napi::Env env, std::shared_ptr<EngineState> engine) {
    auto state = std::make_shared<SessionState>();
    state->session = engine->engine->open_session();
    std::erase_if(engine->sessions, [](const auto& weak) { return weak.expired(); });
    engine->sessions.push_back(state);
    state->engine = std::move(engine);
    const Napi::Object object = env.GetInstanceData<Instance>()->session_class.New({});
    Unwrap(object)->state_ = std::move(state);
    return object;
}

SessionState& SessionObject::idle_state(Napi::Env env) const {
    if (!state_) throw bad_argument(env, "A NativeSession is made by openSession(), not by its constructor.");
    if (state_->closed || state_->engine->closing)
        throw EngineError(ErrorCode::bad_request, "The session is closed.");
    if (state_->busy)
        throw EngineError(ErrorCode::bad_request,
                          "The session is busy; wait for the running call or cancel it.");
    return *state_;
}

/// Starts a call on this idle session.
Napi::Promise SessionObject::run(Napi::Env env, Napi::Function listener, Call::Job job) {
    state_->session->resume();
    state_->busy = true;
    job.cancel = [session = std::weak_ptr(state_->session)] {
        if (const auto alive = session.lock()) alive->cancel();
    };
    job.settled = [env, state = state_] {
        state->busy = false;
        state->length = static_cast<int>(state->session->tokens().size());
        if (state->closed) free_elsewhere(env, {std::move(state->session)}, {});
    };
    return run_call(env, state_->engine, listener, std::move(job));
}

static void tell_progress(Napi::Function listener, const Events& events) {
    if (events.progress) listener.Call({to_js(listener.Env(), *events.progress)});
}

Napi::Value SessionObject::read(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        const SessionState& state = idle_state(call.Env());
        Call::Job job;
        job.work = [session = state.session, tokens = read_tokens(call[0]),
                    sparsity = read_sparsity(call[1])](Call& running) -> Call::Answer {
            const ReadResult result = session->read(tokens, sparsity, [&](const ReadingProgress& progress) {
                running.post([&](Events& events) { events.progress = progress; });
            });
            return [result](Napi::Env env) { return to_js(env, result); };
        };
        job.listen = tell_progress;
        return run(call.Env(), read_function(call[2], "onProgress"), std::move(job));
    });
}

Napi::Value SessionObject::drift(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        const SessionState& state = idle_state(call.Env());
        Call::Job job;
        job.work = [session = state.session, tokens = read_tokens(call[0])](Call& running) -> Call::Answer {
            const DriftResult result = session->drift(tokens, [&](const ReadingProgress& progress) {
                running.post([&](Events& events) { events.progress = progress; });
            });
            return [result](Napi::Env env) { return to_js(env, result); };
        };
        job.listen = tell_progress;
        return run(call.Env(), read_function(call[1], "onProgress"), std::move(job));
    });
}

Napi::Value SessionObject::generate(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        const SessionState& state = idle_state(call.Env());
        Call::Job job;
        job.work = [session = state.session,
                    options = read_generate_options(call[0])](Call& running) -> Call::Answer {
            const GenerateResult result = session->generate(options, [&](const std::string& text, int token) {
                running.post([&](Events& events) {
                    events.text += text;
                    if (token >= 0) ++events.tokens;
                });
            });
            return [result](Napi::Env env) { return to_js(env, result); };
        };
        job.listen = [](Napi::Function listener, const Events& events) {
            const Napi::Env env = listener.Env();
            listener.Call({Napi::String::New(env, events.text), Napi::Number::New(env, events.tokens)});
        };
        return run(call.Env(), read_function(call[1], "onText"), std::move(job));
    });
}

Napi::Value SessionObject::logits(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        const SessionState& state = idle_state(call.Env());
        Call::Job job;
        job.work = [session = state.session](Call&) -> Call::Answer {
            return [logits = session->logits()](Napi::Env env) { return to_js(env, logits); };
        };
        return run(call.Env(), {}, std::move(job));
    });
}

Napi::Value SessionObject::save(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        const SessionState& state = idle_state(call.Env());
        Call::Job job;
        job.work = [session = state.session, path = read_string(call[0], "The path"),
                    length = read_length(call[1], "length")](Call&) -> Call::Answer {
            return [result = session->save(path, length)](Napi::Env env) { return to_js(env, result); };
        };
        return run(call.Env(), {}, std::move(job));
    });
}

Napi::Value SessionObject::restore(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        const SessionState& state = idle_state(call.Env());
        Call::Job job;
        job.work = [session = state.session, path = read_string(call[0], "The path"),
                    tokens = read_tokens(call[1]),
                    sparsity = read_sparsity(call[2])](Call& running) -> Call::Answer {
            const auto on_progress = [&](const ReadingProgress& progress) {
                running.post([&](Events& events) { events.progress = progress; });
            };
            return [result = session->restore(path, tokens, sparsity, on_progress)](Napi::Env env) {
                return to_js(env, result);
            };
        };
        job.listen = [](Napi::Function listener, const Events& events) {
            if (events.progress) listener.Call({to_js(listener.Env(), *events.progress)});
        };
        return run(call.Env(), read_function(call[3], "onProgress"), std::move(job));
    });
}

Napi::Value SessionObject::rewind(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
        SessionState& state = idle_state(call.Env());
        state.session->rewind(read_length(call[0], "length"));
        state.length = static_cast<int>(state.session->tokens().size());
        return call.Env().Undefined();
    });
}

Napi::Value SessionObject::length(const Napi::CallbackInfo& call) {
    return Napi::Number::New(call.Env(), state_ ? state_->length : 0);
}

Napi::Value SessionObject::cancel(const Napi::CallbackInfo& call) {
    if (state_ && state_->busy) state_->session->cancel();
    return call.Env().Undefined();
}

Napi::Value SessionObject::close(const Napi::CallbackInfo& call) {
    if (!state_ || state_->closed) return call.Env().Undefined();
    state_->closed = true;
    if (state_->busy)
        state_->session->cancel();  // freed when the call settles
    else
        free_elsewhere(call.Env(), {std::move(state_->session)}, {});
    return call.Env().Undefined();
}

}  // namespace longleaf::addon
