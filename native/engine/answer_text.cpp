#include "engine/answer_text.h"

#include <algorithm>

#include "engine.h"

namespace longleaf {

AnswerText::AnswerText(std::vector<std::string> stop) : stop_(std::move(stop)) {
    for (const auto& s : stop_)
        if (s.empty()) throw EngineError(ErrorCode::bad_request, "A stop string is empty.");
}

std::string AnswerText::push(std::string_view bytes) {
    if (stopped_) return {};
    held_ += utf8_.push(bytes);
    return take(false);
}

std::string AnswerText::finish() {
    if (stopped_) return {};
    held_ += utf8_.finish();
    return take(true);
}

std::string AnswerText::take(bool all) {
    size_t end = std::string::npos;
    for (const auto& s : stop_) end = std::min(end, held_.find(s));
    if (end != std::string::npos) {
        stopped_ = true;
        return held_.substr(0, end);
    }
    size_t keep = 0;  // the longest end of held_ that begins a stop string
    if (!all)
        for (const auto& s : stop_)
            for (size_t n = std::min(s.size() - 1, held_.size()); n > keep; --n)
                if (held_.compare(held_.size() - n, n, s, 0, n) == 0) keep = n;
    // A stop string may begin in mid-character only if it is not UTF-8 itself; do not cut there.
    size_t cut = held_.size() - keep;
    while (cut > 0 && cut < held_.size() && (static_cast<unsigned char>(held_[cut]) & 0xC0) == 0x80) --cut;
    std::string ready = held_.substr(0, cut);
    held_.erase(0, cut);
    return ready;
}

}  // namespace longleaf
