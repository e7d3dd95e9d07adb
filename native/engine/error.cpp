#include "engine.h"

namespace longleaf {

const char* error_code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_model:
            return "bad_model";
        case ErrorCode::unsupported_model:
            return "unsupported_model";
        case ErrorCode::no_memory:
            return "no_memory";
        case ErrorCode::context_full:
            return "context_full";
        case ErrorCode::bad_request:
            return "bad_request";
        case ErrorCode::device_lost:
            return "device_lost";
        case ErrorCode::storage:
            return "storage";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace longleaf
