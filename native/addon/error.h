// Native failures as JavaScript errors: `code` is a native FailureCode, `hint` what the user can do.
#pragma once

#include <napi.h>

#include <exception>
#include <string>

#include "engine.h"

namespace longleaf::addon {

Napi::Error to_error(Napi::Env, std::exception_ptr);

/// For arguments: a TypeError with code bad_request and a full sentence.
Napi::TypeError bad_argument(Napi::Env, const std::string& sentence);

/// Runs `body` and turns native exceptions into JavaScript ones.
template <class Body>
auto guarded(Napi::Env env, Body&& body) {
    try {
        return body();
    } catch (const Napi::Error&) {
        throw;
    } catch (...) {
        throw to_error(env, std::current_exception());
    }
}

/// The same for a function that returns a promise: what `body` throws becomes a rejection.
template <class Body>
Napi::Value promised(Napi::Env env, Body&& body) {
    try {
        return guarded(env, body);
    } catch (const Napi::Error& error) {
        const auto deferred = Napi::Promise::Deferred::New(env);
        deferred.Reject(error.Value());
        return deferred.Promise();
    }
}

}  // namespace longleaf::addon
