#include "engine/turn.h"

namespace longleaf {

void Turnstile::Switch::cancel() {
    std::lock_guard lock(turnstile_.mutex_);
    cancelled_ = true;
    if (turnstile_.running_ == this) turnstile_.backend_.cancelled = true;
    turnstile_.freed_.notify_all();
}

void Turnstile::Switch::resume() {
    std::lock_guard lock(turnstile_.mutex_);
    cancelled_ = false;
    if (turnstile_.running_ == this) turnstile_.backend_.cancelled = false;
}

Turnstile::Turn::Turn(Switch& s) : switch_(s) {
    Turnstile& t = s.turnstile_;
    std::unique_lock lock(t.mutex_);
    t.freed_.wait(lock, [&] { return s.cancelled_ || !t.running_; });
    if (s.cancelled_) return;
    t.running_ = &s;
    granted_ = true;
}

Turnstile::Turn::~Turn() {
    if (!granted_) return;
    Turnstile& t = switch_.turnstile_;
    std::lock_guard lock(t.mutex_);
    t.running_ = nullptr;
    t.backend_.cancelled = false;
    t.freed_.notify_all();
}

}  // namespace longleaf
