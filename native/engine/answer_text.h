// Turns sampled tokens into text for people: whole UTF-8 characters, nothing of a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace longleaf {

class AnswerText {
  public:
    /// Throws EngineError{bad_request} for an empty stop string.
    explicit AnswerText(std::vector<std::string> stop);

    /// What can be shown now. Holds back what may become a stop string; after stopped(), returns nothing.
    std::string push(std::string_view bytes);
    std::string finish();  // what was held back; empty after a stop string
    bool stopped() const { return stopped_; }

  private:
    std::string take(bool all);

    std::vector<std::string> stop_;
    Utf8Stream utf8_;
    std::string held_;
    bool stopped_ = false;
};

}  // namespace longleaf
