#include "addon/error.h"

#include <new>

namespace longleaf::addon {

static Napi::Error coded(Napi::Error error, ErrorCode code, const std::string& hint) {
    error.Set("code", Napi::String::New(error.Env(), error_code_name(code)));
    error.Set("hint", Napi::String::New(error.Env(), hint));
    return error;
}

Napi::Error to_error(Napi::Env env, std::exception_ptr exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const EngineError& e) {
        return coded(Napi::Error::New(env, e.what()), e.code(), e.hint());
    } catch (const std::bad_alloc&) {
        return coded(Napi::Error::New(env, "The system refused memory."), ErrorCode::no_memory,
                     "Close other programs, or choose a shorter context.");
    } catch (const std::exception& e) {
        return coded(Napi::Error::New(env, e.what()), ErrorCode::internal, "");
    } catch (...) {
        return coded(Napi::Error::New(env, "The engine failed without saying why."), ErrorCode::internal, "");
    }
}

Napi::TypeError bad_argument(Napi::Env env, const std::string& sentence) {
    Napi::TypeError error = Napi::TypeError::New(env, sentence);
    error.Set("code", Napi::String::New(env, error_code_name(ErrorCode::bad_request)));
    error.Set("hint", Napi::String::New(env, ""));
    return error;
}

}  // namespace longleaf::addon
