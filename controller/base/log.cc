#include "controller/base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

namespace neoid::log {
namespace {

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
constexpr std::string_view kColours[] = {"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};

std::string_view name(Level level) { return kNames[static_cast<std::size_t>(level)]; }

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> function) : function_(std::move(function)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    function_(std::string_view(line.data(), line.size()));
  }
  void flush_() override {}
  std::function<void(std::string_view)> function_;
};

struct State {
  std::atomic<Level> level;
  Format format = Format::Human;
  bool coloured = false;
  std::unique_ptr<spdlog::logger> logger;

  explicit State(const Options& options) : level(options.level) {
    const bool terminal = options.sink == nullptr && isatty(STDERR_FILENO) == 1;
    format = options.format;
    if (format == Format::Automatic) format = terminal ? Format::Human : Format::Json;
    coloured = terminal && format == Format::Human;
    spdlog::sink_ptr sink;
    if (options.sink) {
      sink = std::make_shared<FunctionSink>(options.sink);
    } else {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    }
    logger = std::make_unique<spdlog::logger>("neoid", std::move(sink));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));  // we render, spdlog delivers
    logger->set_level(spdlog::level::trace);
  }
};

std::unique_ptr<State>& state() {
  static std::unique_ptr<State> instance =
      std::make_unique<State>(Options{Level::Info, Format::Human, nullptr});
  return instance;
}

// JSON text of a string; bytes that are not UTF-8 become U+FFFD.
std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Render {
  Format format;

  std::string operator()(std::string_view text) const {
    if (format == Format::Json) return quoted(text);
    const bool plain = !text.empty() && text.find_first_of(" \"=\\\t\r\n\x1b") == std::string_view::npos;
    return plain ? std::string(text) : quoted(text);
  }
  std::string operator()(std::int64_t number) const { return fmt::to_string(number); }
  std::string operator()(std::uint64_t number) const { return fmt::to_string(number); }
  std::string operator()(double number) const { return nlohmann::json(number).dump(); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(Duration duration) const {
    if (duration >= Duration(0)) return (*this)(std::string_view(format_duration(duration)));
    return (*this)(std::string_view("-" + format_duration(-duration)));
  }
  std::string operator()(Instant instant) const {
    return (*this)(std::string_view(format_micro_time(instant)));
  }
};

std::string json_line(Instant now, Level level, std::string_view message, Fields fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":{})", format_micro_time(now),
                                 name(level), quoted(message));
  for (const Field& field : fields) {
    line += fmt::format(",{}:{}", quoted(field.key), std::visit(Render{Format::Json}, field.value));
  }
  return line + "}";
}

std::string human_line(Instant now, Level level, std::string_view message, Fields fields, bool coloured) {
  const std::string time = format_micro_time(now).substr(11, 12);  // 04:05:06.000
  std::string word(name(level));
  for (char& c : word) c = static_cast<char>(c - 'a' + 'A');
  if (coloured) word = fmt::format("{}{:<5}\x1b[0m", kColours[static_cast<std::size_t>(level)], word);
  std::string line = fmt::format("{} {:<5} {}", time, word, message);
  for (const Field& field : fields) {
    line += fmt::format(" {}={}", field.key, std::visit(Render{Format::Human}, field.value));
  }
  return line;
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  if (text == "debug") return Level::Debug;
  if (text == "info") return Level::Info;
  if (text == "warn" || text == "warning") return Level::Warn;
  if (text == "error") return Level::Error;
  return std::nullopt;
}

void configure(const Options& options) { state() = std::make_unique<State>(options); }

bool enabled(Level level) { return level >= state()->level; }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  State& current = *state();
  const Instant now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const std::string line = current.format == Format::Json
                               ? json_line(now, level, message, fields)
                               : human_line(now, level, message, fields, current.coloured);
  current.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace neoid::log
