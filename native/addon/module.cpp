// The module: four functions, two classes behind them, nothing global.
#include <napi.h>

#include "addon/error.h"
#include "addon/objects.h"
#include "addon/values.h"

namespace longleaf::addon {

static Napi::Value inspect(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        Call::Job job;
        job.work = [path = read_string(call[0], "The path")](Call&) -> Call::Answer {
            return [info = Engine::inspect(path)](Napi::Env env) { return to_js(env, info); };
        };
        return Call::start(call.Env(), {}, std::move(job));
    });
}

static Napi::Value plan(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        Call::Job job;
        job.work = [options = read_load_options(call[0])](Call&) -> Call::Answer {
            return [plan = Engine::plan(options)](Napi::Env env) { return to_js(env, plan); };
        };
        return Call::start(call.Env(), {}, std::move(job));
    });
}

static Napi::Value load(const Napi::CallbackInfo& call) {
    return promised(call.Env(), [&] {
        Call::Job job;
        job.work = [options = read_load_options(call[0])](Call& running) -> Call::Answer {
            auto engine = Engine::load(options, [&](float fraction) {
                running.post([&](Events& events) { events.fraction = fraction; });
                return !running.stopped();
            });
            if (!engine) throw EngineError(ErrorCode::bad_request, "Loading was given up.");
            return [engine](Napi::Env env) { return EngineObject::create(env, engine); };
        };
        job.listen = [](Napi::Function listener, const Events& events) {
            if (events.fraction) listener.Call({Napi::Number::New(listener.Env(), *events.fraction)});
        };
        const Napi::Function listener =
            call[1].IsUndefined() ? Napi::Function() : read_function(call[1], "onProgress");
        return Call::start(call.Env(), listener, std::move(job));
    });
}

static Napi::Value quiet_layers(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
        const auto layers =
            longleaf::quiet_layers(read_numbers(call[0], "The drift"), read_number(call[1], "delta"));
        Napi::Array array = Napi::Array::New(call.Env(), layers.size());
        for (uint32_t i = 0; i < layers.size(); ++i) array.Set(i, layers[i]);
        return array;
    });
}

static Napi::Array error_codes(Napi::Env env) {
    Napi::Array codes = Napi::Array::New(env);
    for (const ErrorCode code :
         {ErrorCode::bad_model, ErrorCode::unsupported_model, ErrorCode::no_memory, ErrorCode::context_full,
          ErrorCode::bad_request, ErrorCode::device_lost, ErrorCode::storage, ErrorCode::internal})
        codes.Set(codes.Length(), error_code_name(code));
    return codes;
}

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
    auto* instance = new Instance;  // freed with the environment
    env.SetInstanceData(instance);
    instance->engine_class = Napi::Persistent(EngineObject::define(env));
    instance->session_class = Napi::Persistent(SessionObject::define(env));
    exports.Set("version", LONGLEAF_VERSION);
    exports.Set("errorCodes", error_codes(env));
    exports.Set("inspect", Napi::Function::New<inspect>(env, "inspect"));
    exports.Set("plan", Napi::Function::New<plan>(env, "plan"));
    exports.Set("quietLayers", Napi::Function::New<quiet_layers>(env, "quietLayers"));
    exports.Set("load", Napi::Function::New<load>(env, "load"));
    return exports;
}

}  // namespace longleaf::addon

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
    return longleaf::addon::initialise(env, exports);
}

NODE_API_MODULE(longleaf, initialise)
