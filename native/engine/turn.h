// Sessions of one engine take turns on its device. A turn carries the session's cancel flag to the backend,
// which knows one flag only, and takes it away again before the next session runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "ops/ops.h"

namespace longleaf {

class Turnstile {
  public:
    explicit Turnstile(Backend& backend) : backend_(backend) {}

    /// One per session.
    class Switch {
      public:
        explicit Switch(Turnstile& turnstile) : turnstile_(turnstile) {}
        void cancel();
        void resume();
        bool cancelled() const { return cancelled_; }

      private:
        friend class Turnstile;
        Turnstile& turnstile_;
        std::atomic<bool> cancelled_{false};
    };

    /// Waits for the device; granted() is false when cancelled before it came.
    class Turn {
      public:
        explicit Turn(Switch&);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        bool granted() const { return granted_; }

      private:
        Switch& switch_;
        bool granted_ = false;
    };

  private:
    Backend& backend_;
    std::mutex mutex_;
    std::condition_variable freed_;
    Switch* running_ = nullptr;
};

}  // namespace longleaf
