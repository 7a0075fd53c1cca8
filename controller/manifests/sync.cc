#include "controller/manifests/sync.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/base/log.h"
#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"

namespace neoid::manifests {
namespace {

using std::chrono::milliseconds;

constexpr auto kFirstRetry = std::chrono::seconds(2);
constexpr auto kLongestRetry = std::chrono::minutes(1);
constexpr int kLookShare = 50;  // a look at the folder takes at most this part of the time

std::string digest_of(const Json& object) { return hex(sha256(to_json(object))); }

// The request was answered, and the answer is about this object alone.
bool is_about_the_object(const Error& error) {
  switch (error.kind) {
    case ErrorKind::NotFound:
    case ErrorKind::Conflict:
    case ErrorKind::Invalid:
    case ErrorKind::Denied:
    case ErrorKind::Internal: return true;
    case ErrorKind::Unavailable:
    case ErrorKind::Timeout: return false;
  }
  return false;
}

ObjectKey key_of(const Json& object, const kube::ResourceType& type) {
  const Json& metadata = object.at("metadata");
  std::string ns;
  if (type.namespaced) {
    const auto found = metadata.find("namespace");
    ns = found != metadata.end() && found->is_string() && !found->get_ref<const std::string&>().empty()
             ? found->get<std::string>()
             : "default";  // as kubectl does
  }
  return {type.group, object.at("kind").get<std::string>(), ns, metadata.at("name").get<std::string>()};
}

}  // namespace

FolderSync::FolderSync(const kube::Client& client, Clock& clock, FolderSyncOptions options)
    : client_(client), clock_(clock), options_(std::move(options)), set_(client, options_.parent) {}

FolderSync::~FolderSync() { stop(); }

void FolderSync::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void FolderSync::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

// --- one pass ----------------------------------------------------------------------------------

Result<void> FolderSync::apply_one(const Wanted& wanted, PassOutcome& outcome) {
  Json object = set_.labelled(without_server_fields(wanted.manifest.object));
  if (!wanted.key.ns.empty()) object["metadata"]["namespace"] = wanted.key.ns;
  const std::string digest = digest_of(object);
  std::string& before = applied_[wanted.key];
  if (before == digest) return {};
  kube::WriteOptions options;
  options.field_manager = kFieldManager;
  options.force = true;
  options.field_validation = "Strict";
  const auto answer =
      client_.patch(wanted.type, {wanted.key.ns, wanted.key.name}, kube::PatchType::Apply, object, options);
  if (answer) {
    before = digest;
    ++outcome.applied;
    return {};
  }
  if (!is_about_the_object(answer.error())) return fail(wrap("cannot apply", answer.error()));
  outcome.problems.push_back({wanted.manifest.where, describe(wanted.key) + ": " + answer.error().message});
  outcome.again = true;
  return {};
}

Result<void> FolderSync::apply_all(std::vector<Manifest> manifests, PassOutcome& outcome,
                                   std::vector<ObjectKey>& wanted, bool& all_known) {
  std::map<ObjectKey, std::string> seen;  // and where
  bool fresh = false;                     // kinds_ was read again: CRDs are applied before what needs them
  for (Manifest& manifest : manifests) {
    const std::string api_version = manifest.object.at("apiVersion").get<std::string>();
    const std::string kind = manifest.object.at("kind").get<std::string>();
    auto type = kinds_.find(api_version, kind);
    if (!type && !fresh) {
      NEOID_TRY(kinds_, Kinds::read(client_));
      fresh = true;
      type = kinds_.find(api_version, kind);
    }
    if (!type) {
      outcome.problems.push_back(
          {manifest.where,
           fmt::format("no kind {} is served in {}; is its CRD in the folder?", kind, api_version)});
      outcome.again = true;
      // Served in another version: what was applied before stands here, and is not missing.
      if (kinds_.find_group_kind(group_of(api_version), kind)) all_known = false;
      continue;
    }
    ObjectKey key = key_of(manifest.object, *type);
    const auto [first, is_new] = seen.emplace(key, manifest.where);
    if (!is_new) {
      outcome.problems.push_back(
          {manifest.where, fmt::format("{} is in the folder already, at {}; the first one holds",
                                       describe(key), first->second)});
      continue;
    }
    wanted.push_back(key);
    NEOID_TRY_VOID(set_.add_kinds({group_kind(key.group, key.kind)}));
    NEOID_TRY_VOID(apply_one({std::move(key), std::move(*type), std::move(manifest)}, outcome));
  }
  std::sort(wanted.begin(), wanted.end());
  return {};
}

// Whether a namespace or a CRD still has something in it that its deletion would take along.
Result<bool> FolderSync::is_in_use(const ObjectKey& key) {
  std::vector<kube::ResourceType> types;
  kube::Selection selection;
  selection.metadata_only = true;
  const int rank = rank_of(key.group, key.kind);
  if (rank >= kOthers) return false;
  NEOID_TRY(kinds_, Kinds::read(client_));
  if (rank == kNamespaces) {
    types = kinds_.in_namespaces();
    selection.ns = key.name;
  } else {
    const std::size_t dot = key.name.find('.');  // plural.group
    const std::string plural = key.name.substr(0, dot);
    const std::string group = dot == std::string::npos ? "" : key.name.substr(dot + 1);
    if (const auto type = kinds_.find_plural(group, plural)) types = {*type};
  }
  for (const kube::ResourceType& type : types) {
    if (type.plural == "events") continue;
    const auto page = client_.list(type, selection, 3);
    if (!page && page.error().kind == ErrorKind::NotFound) continue;
    if (!page) return fail(page.error());
    for (const Json& item : page->items) {
      const std::string name = item.at("metadata").value("name", "");
      const bool of_every_namespace =
          rank == kNamespaces && ((type.plural == "configmaps" && name == "kube-root-ca.crt") ||
                                  (type.plural == "serviceaccounts" && name == "default"));
      if (!of_every_namespace) return true;
    }
  }
  return false;
}

Result<void> FolderSync::prune(const std::vector<ObjectKey>& wanted, const PruneFacts& facts,
                               PassOutcome& outcome) {
  NEOID_TRY(const std::vector<Member> members, set_.members(kinds_));
  PruneDecision decision = decide_prune(members, wanted, facts);
  if (!decision.held.message.empty()) {
    outcome.problems.push_back(std::move(decision.held));
    missing_since_.clear();
    return {};
  }
  const SteadyTime now = clock_.steady_now();
  std::map<ObjectKey, SteadyTime> missing;
  for (const Member& member : decision.prune) {
    const auto before = missing_since_.find(member.key);
    missing[member.key] = before == missing_since_.end() ? now : before->second;
  }
  missing_since_ = std::move(missing);
  for (const Member& member : decision.prune) {
    const SteadyTime due = missing_since_[member.key] + options_.prune_after;
    if (now < due) {
      outcome.next_prune = std::min(outcome.next_prune, due);
      continue;
    }
    const auto type = kinds_.find_group_kind(member.key.group, member.key.kind);
    if (!type) continue;
    NEOID_TRY(const bool in_use, is_in_use(member.key));
    if (in_use) {
      outcome.problems.push_back(
          {"", describe(member.key) + " is gone from the folder, but is kept while something is left in it"});
      outcome.again = true;
      continue;
    }
    kube::DeleteOptions options;
    options.uid = Uid(member.uid);
    const auto removed = client_.remove(*type, {member.key.ns, member.key.name}, options);
    applied_.erase(member.key);
    if (removed) {
      ++outcome.pruned;
      log::info("pruned: it is gone from the folder", {{"object", describe(member.key)}});
    } else if (removed.error().kind != ErrorKind::NotFound) {
      outcome.problems.push_back(
          {"", describe(member.key) + " cannot be pruned: " + removed.error().message});
      outcome.again = true;
    }
  }
  return {};
}

Result<PassOutcome> FolderSync::run_pass(Depth depth) {
  PassOutcome outcome;
  NEOID_TRY_VOID(set_.load());
  NEOID_TRY(kinds_, Kinds::read(client_));
  if (depth == Depth::Everything) applied_.clear();
  Report report;
  report.folder = options_.folder.string();
  auto tree = read_tree(options_.folder);
  if (!tree) {
    outcome.problems.push_back({"", tree.error().message + ": nothing is applied or pruned"});
  } else {
    Ordered ordered = in_order(std::move(tree->manifests));
    outcome.problems = std::move(tree->problems);
    outcome.problems.insert(outcome.problems.end(), ordered.problems.begin(), ordered.problems.end());
    PruneFacts facts;
    facts.folder_empty = ordered.manifests.empty();
    facts.folder_whole = tree->whole && ordered.problems.empty();
    std::vector<ObjectKey> wanted;
    NEOID_TRY_VOID(apply_all(std::move(ordered.manifests), outcome, wanted, facts.folder_whole));
    NEOID_TRY_VOID(prune(wanted, facts, outcome));
    report.objects = wanted.size();
  }
  std::sort(outcome.problems.begin(), outcome.problems.end());
  report.problems = outcome.problems;
  NEOID_TRY_VOID(set_.tell(report));
  note(outcome.problems);
  if (outcome.applied + outcome.pruned > 0) {
    log::info("folder synced", {{"folder", report.folder},
                                {"objects", report.objects},
                                {"applied", outcome.applied},
                                {"pruned", outcome.pruned},
                                {"problems", outcome.problems.size()}});
  }
  return outcome;
}

// Each problem once, as long as it lasts.
void FolderSync::note(const std::vector<Problem>& problems) {
  std::set<Problem> now(problems.begin(), problems.end());
  for (const Problem& problem : now) {
    if (!told_.contains(problem))
      log::warn("a manifest is not applied as it stands",
                {{"where", problem.where}, {"problem", problem.message}});
  }
  told_ = std::move(now);
}

// --- the thread --------------------------------------------------------------------------------

std::string FolderSync::resting_fingerprint(std::stop_token stop) {
  std::string before;
  for (;;) {
    const SteadyTime began = clock_.steady_now();
    std::string now = fingerprint(options_.folder).value_or("");
    const auto took = std::chrono::duration_cast<Duration>(clock_.steady_now() - began);
    if (now == before || stop.stop_requested()) return now;
    before = std::move(now);
    clock_.sleep_for(std::max<Duration>(options_.rest, kLookShare * took), stop);
  }
}

void FolderSync::run(std::stop_token stop) {
  std::string synced = "never";
  SteadyTime next_full = clock_.steady_now();
  SteadyTime next_try = SteadyTime::max();
  auto retry = std::chrono::duration_cast<milliseconds>(kFirstRetry);
  while (!stop.stop_requested()) {
    const SteadyTime began = clock_.steady_now();
    const std::string print = fingerprint(options_.folder).value_or("");
    const auto took = std::chrono::duration_cast<Duration>(clock_.steady_now() - began);
    const bool full = began >= next_full;
    if (print != synced) retry = kFirstRetry;
    if (print != synced || full || began >= next_try) {
      const std::string rested = resting_fingerprint(stop);
      if (stop.stop_requested()) return;
      const auto outcome = run_pass(full ? Depth::Everything : Depth::Changed);
      // What changed while the pass ran is seen by the next look: `rested` is from before it.
      synced = rested;
      const SteadyTime now = clock_.steady_now();
      if (full && outcome) next_full = now + options_.resync;
      if (!outcome) log::warn("the folder could not be synced", {{"error", outcome.error().describe()}});
      const bool again = !outcome || outcome->again;
      next_try = outcome ? outcome->next_prune : SteadyTime::max();
      if (again) next_try = std::min<SteadyTime>(next_try, now + retry);
      retry = again ? std::min<milliseconds>(retry * 2, kLongestRetry) : milliseconds(kFirstRetry);
    }
    clock_.sleep_for(std::max<Duration>(options_.interval, kLookShare * took), stop);
  }
}

}  // namespace neoid::manifests
