// How fast `neoid validate` judges, and in how much memory.
//
//   bench_validate [RESOURCES] [NEOID]     (default: 10000, and the neoid of the same build: its whole process)
//
// The same manifests (users with scopes, tags, rotation; every rule on) in as many files and in one stream, on one
// thread and on all. Each measurement is a process of its own, so that its peak memory is its own; the least of three
// runs counts, and a run over one file is subtracted where memory for each resource is told. One table.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "controller/cli/validate/validate.h"

namespace neoid {
namespace {

namespace fs = std::filesystem;
using Clock_ = std::chrono::steady_clock;

std::string manifest(int number) {
  return fmt::format(
      "# What the team's own tool wrote.\n"
      "apiVersion: identity.neostella.com/v1\n"
      "kind: IntegrationUser\n"
      "metadata:\n"
      "  name: integration-{:06}\n"
      "  namespace: team-{:02}\n"
      "  labels:\n"
      "    app.kubernetes.io/part-of: integrations\n"
      "spec:\n"
      "  displayName: Integration number {}\n"
      "  description: Carries documents from one place to another every night.\n"
      "  scopes:\n"
      "  - documents\n"
      "  - contacts\n"
      "  tags: [nightly, archive]\n"
      "  credentials:\n"
      "    secretName: integration-{:06}-credentials\n"
      "    rotation:\n"
      "      interval: 2160h\n"
      "      overlap: 48h\n",
      number, number % 40, number, number);
}

std::string scopes() {
  std::string text;
  for (const char* name : {"documents", "contacts"})
    text += fmt::format(
        "apiVersion: identity.neostella.com/v1\nkind: Scope\nmetadata: {{name: {}}}\n"
        "spec: {{displayName: Name, tool: Tool}}\n---\n",
        name);
  return text;
}

struct Measured {
  double seconds = 0;
  double cpu_seconds = 0;
  double peak_bytes = 0;
  int code = 0;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Runs `work` in a child process; its answer is the exit code.
template <class Work>
Measured once(const Work& work) {
  const auto start = Clock_::now();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child) std::abort();
  Measured measured;
  measured.seconds = std::chrono::duration<double>(Clock_::now() - start).count();
  measured.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  measured.peak_bytes = static_cast<double>(usage.ru_maxrss) * 1024.0;
  measured.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return measured;
}

template <class Work>
Measured best(int rounds, const Work& work) {
  Measured least = once(work);
  for (int i = 1; i < rounds; ++i) {
    const Measured next = once(work);
    least.seconds = std::min(least.seconds, next.seconds);
    least.cpu_seconds = std::min(least.cpu_seconds, next.cpu_seconds);
    least.peak_bytes = std::min(least.peak_bytes, next.peak_bytes);
  }
  return least;
}

Measured judge(const std::string& path, unsigned jobs) {
  return best(3, [&] {
    validate::ValidateOptions options;
    options.paths = {path};
    options.jobs = jobs;
    std::ostringstream out, err;
    const int code = validate::validate(options, out, err);
    if (code != 0) std::cerr << out.str().substr(0, 2000) << err.str();
    return code;
  });
}

Measured whole_process(const std::string& program, const std::string& path) {
  return best(20, [&] {
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::execl(program.c_str(), program.c_str(), "validate", path.c_str(), static_cast<char*>(nullptr));
    return 127;
  });
}

void row(const std::string& what, int resources, double megabytes, const Measured& measured,
         double floor_bytes) {
  std::cout << fmt::format("{:<28} {:>9.3f} {:>9.3f} {:>12.0f} {:>12.0f} {:>9.1f} {:>9.1f} {:>14.0f}\n", what,
                           measured.seconds, measured.cpu_seconds, resources / measured.seconds,
                           resources / measured.cpu_seconds, megabytes / measured.seconds,
                           measured.peak_bytes / 1e6, (measured.peak_bytes - floor_bytes) / resources)
            << std::flush;
}

int run(int resources, const std::string& program) {
  std::string name = (fs::temp_directory_path() / "neoid-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const fs::path folder = name;
  fs::create_directories(folder / "files");
  std::ofstream stream(folder / "stream.yaml");
  std::ofstream(folder / "files/scopes.yaml") << scopes();
  stream << scopes();
  double bytes = 0;
  for (int i = 0; i < resources; ++i) {
    const std::string text = manifest(i);
    std::ofstream(folder / fmt::format("files/{:06}.yaml", i)) << text;
    stream << text << "---\n";
    bytes += static_cast<double>(text.size());
  }
  stream.close();
  std::ofstream(folder / "one.yaml") << manifest(1);

  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const double megabytes = bytes / 1e6;
  const Measured one = judge((folder / "one.yaml").string(), 1);
  std::cout << fmt::format(
      "{} resources, {:.1f} MB, {} cores; the same code over one small file: {:.1f} ms\n\n", resources,
      megabytes, cores, one.seconds * 1e3);
  std::cout << fmt::format("{:<28} {:>9} {:>9} {:>12} {:>12} {:>9} {:>9} {:>14}\n", "", "seconds", "cpu s",
                           "resources/s", "/s of a core", "MB/s", "peak MB", "bytes/resource");
  const struct {
    const char* what;
    fs::path path;
  } inputs[] = {{"files", folder / "files"}, {"one stream", folder / "stream.yaml"}};
  for (const auto& input : inputs) {
    for (const unsigned jobs : {1U, cores})
      row(fmt::format("{}, {} thread{}", input.what, jobs, jobs == 1 ? "" : "s"), resources, megabytes,
          judge(input.path.string(), jobs), one.peak_bytes);
  }
  if (!program.empty()) {
    const Measured process = whole_process(program, (folder / "one.yaml").string());
    std::cout << fmt::format(
        "\n{} validate, one small file, whole process: {:.1f} ms, {:.1f} ms of a core, {:.1f} MB (exit {})\n",
        program, process.seconds * 1e3, process.cpu_seconds * 1e3, process.peak_bytes / 1e6, process.code);
  }
  fs::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace neoid

int main(int argc, char** argv) {
  const int resources = argc > 1 ? std::atoi(argv[1]) : 10'000;
  std::string program = (std::filesystem::path(argv[0]).parent_path() / "../neoid").string();
  if (argc > 2) program = argv[2];
  if (!std::filesystem::exists(program)) program.clear();
  return neoid::run(resources > 0 ? resources : 10'000, program);
}
