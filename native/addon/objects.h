// The JavaScript classes, and what they share. State is touched on the JavaScript thread only; calls get
// shared pointers to the native objects, which outlive them.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "addon/stream.h"
#include "engine.h"

namespace longleaf::addon {

/// Per environment: a worker thread that loads the addon has its own.
struct Instance {
    Napi::FunctionReference engine_class, session_class;
};

struct SessionState;

struct EngineState {
    std::shared_ptr<Engine> engine;  // null once freed
    ModelInfo info;                  // answered after closing too
    MemoryPlan memory;
    std::string device;
    int running = 0;  // calls of this engine and its sessions
    bool closing = false, freeing = false, freed = false;
    std::vector<std::weak_ptr<SessionState>> sessions;
    std::vector<Napi::Promise::Deferred> waiting;  // close() calls
};

struct SessionState {
    std::shared_ptr<EngineState> engine;
    std::shared_ptr<Session> session;  // null once closed and idle
    bool busy = false, closed = false;
    int length = 0;  // as of the last call that ended
};

class EngineObject : public Napi::ObjectWrap<EngineObject> {
  public:
    static Napi::Function define(Napi::Env);
    static Napi::Object create(Napi::Env, std::shared_ptr<Engine>);
    explicit EngineObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  private:
    Napi::Value info(const Napi::CallbackInfo&);
    Napi::Value memory(const Napi::CallbackInfo&);
    Napi::Value device(const Napi::CallbackInfo&);
    Napi::Value tokenize(const Napi::CallbackInfo&);
    Napi::Value detokenize(const Napi::CallbackInfo&);
    Napi::Value open_session(const Napi::CallbackInfo&);
    Napi::Value close(const Napi::CallbackInfo&);
    EngineState& state(Napi::Env) const;
    Engine& open_engine(Napi::Env) const;  // throws when closing

    std::shared_ptr<EngineState> state_;
};

class SessionObject : public Napi::ObjectWrap<SessionObject> {
  public:
    static Napi::Function define(Napi::Env);
    static Napi::Object create(Napi::Env, std::shared_ptr<EngineState>);
    explicit SessionObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  private:
    Napi::Value read(const Napi::CallbackInfo&);
    Napi::Value drift(const Napi::CallbackInfo&);
    Napi::Value generate(const Napi::CallbackInfo&);
    Napi::Value logits(const Napi::CallbackInfo&);
    Napi::Value rewind(const Napi::CallbackInfo&);
    Napi::Value save(const Napi::CallbackInfo&);
    Napi::Value restore(const Napi::CallbackInfo&);
    Napi::Value length(const Napi::CallbackInfo&);
    Napi::Value cancel(const Napi::CallbackInfo&);
    Napi::Value close(const Napi::CallbackInfo&);
    SessionState& idle_state(Napi::Env) const;  // throws when closed or busy
    Napi::Promise run(Napi::Env, Napi::Function listener, Call::Job);

    std::shared_ptr<SessionState> state_;
};

/// Counts a call on the engine until it settles, then lets a waiting close() go on.
Napi::Promise run_call(Napi::Env, const std::shared_ptr<EngineState>&, Napi::Function listener, Call::Job);

/// Frees `object` on a thread of its own: unmapping gigabytes takes longer than a frame. `then` runs on the
/// JavaScript thread.
void free_elsewhere(Napi::Env, std::vector<std::shared_ptr<void>> objects, std::function<void()> then);

}  // namespace longleaf::addon
