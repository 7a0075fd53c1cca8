#include "controller/cli/cluster/status.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconcile/api/reasons.h"
#include "reconcile/value/json_text.h"

namespace neoid::cli {
namespace {

class Printer {
 public:
  Printer(std::ostream& out, Paint paint) : out_(out), paint_(paint) {}

  void findings(const std::vector<Finding>& findings) const {
    for (const Finding& finding : findings) {
      const bool error = finding.level == Level::Error;
      out_ << painted(error ? "1;31" : "1;33", error ? "error" : "warning") << "  " << finding.subject << ": "
           << finding.what << '\n';
      if (!finding.remedy.empty()) out_ << "         to do: " << finding.remedy << '\n';
    }
  }
  std::string painted(const char* code, const std::string& text) const {
    return paint_ == Paint::Yes ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

 private:
  std::ostream& out_;
  const Paint paint_;
};

std::size_t errors_in(const std::vector<Finding>& findings) {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.level == Level::Error;
  }));
}

bool is_ready(const api::UserResource& user) {
  return meta::is_true(user.status.conditions, api::condition::kReady);
}

struct Tally {
  std::size_t all = 0, ready = 0, inactive = 0, paused = 0;
};
Tally tally(const Facts& facts, api::Kind kind) {
  Tally tally;
  for (const api::UserResource& user : facts.users) {
    if (user.key.kind != kind) continue;
    ++tally.all;
    if (is_ready(user)) ++tally.ready;
    if (!user.status.active) ++tally.inactive;
    if (user.paused) ++tally.paused;
  }
  return tally;
}

std::string summary_of(const Facts& facts, api::Kind kind) {
  const auto is = [kind](api::Kind other) { return other == kind; };
  if (std::any_of(facts.absent_kinds.begin(), facts.absent_kinds.end(), is)) return "the kind is not there";
  if (std::any_of(facts.unreadable_kinds.begin(), facts.unreadable_kinds.end(), is))
    return "not visible to you";
  if (kind == api::Kind::Scope) return std::to_string(facts.scopes.size());
  const Tally counts = tally(facts, kind);
  std::string text = fmt::format("{}, {} ready", counts.all, counts.ready);
  if (counts.inactive > 0) text += fmt::format(", {} inactive", counts.inactive);
  if (counts.paused > 0) text += fmt::format(", {} paused", counts.paused);
  return text;
}

std::string controller_text(const Facts& facts) {
  if (!facts.lease_readable) return "not visible to you (its Lease)";
  if (!facts.lease || facts.lease->holder.empty()) return "none";
  return fmt::format("{} leads (Lease {})", facts.lease->holder, facts.lease->name);
}

Json as_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings)
    list.push_back({{"level", finding.level == Level::Error ? "error" : "warning"},
                    {"subject", finding.subject},
                    {"what", finding.what},
                    {"remedy", finding.remedy}});
  return list;
}

Json json_of(const Facts& facts, const std::vector<Finding>& findings) {
  Json users = Json::array();
  for (const api::UserResource& user : facts.users) {
    users.push_back({{"kind", api::to_string(user.key.kind)},
                     {"namespace", user.key.ns},
                     {"name", user.key.name},
                     {"ready", is_ready(user)},
                     {"active", user.status.active},
                     {"paused", user.paused},
                     {"clientID", user.status.client_id.value}});
  }
  return {{"controller", facts.lease ? Json(facts.lease->holder) : Json()},
          {"users", std::move(users)},
          {"scopes", facts.scopes.size()},
          {"store", facts.store ? Json(facts.store->location) : Json()},
          {"findings", as_json(findings)},
          {"errors", errors_in(findings)}};
}

void print_all(const Session& session, const Facts& facts, const std::vector<Finding>& findings,
               Paint paint) {
  std::ostream& out = session.out();
  const Printer printer(out, paint);
  out << "controller         " << controller_text(facts) << '\n';
  out << "integration users  " << summary_of(facts, api::Kind::IntegrationUser) << '\n';
  out << "system users       " << summary_of(facts, api::Kind::SystemIntegrationUser) << '\n';
  out << "scopes             " << summary_of(facts, api::Kind::Scope) << '\n';
  if (facts.store) {
    std::size_t versions = 0, overlapping = 0;
    for (const auto& [key, accepted] : facts.store->accepted) {
      versions += accepted.size();
      for (const StoreVersion& version : accepted) overlapping += version.current ? 0 : 1;
    }
    out << fmt::format("store              {}: {} accepted credentials, {} of them previous ones\n",
                       facts.store->location, versions, overlapping);
  }
  out << '\n';
  if (findings.empty()) {
    out << printer.painted("1;32", "Nothing is wrong.") << '\n';
    return;
  }
  printer.findings(findings);
  out << fmt::format("\n{} error{}, {} warning{}\n", errors_in(findings), errors_in(findings) == 1 ? "" : "s",
                     findings.size() - errors_in(findings),
                     findings.size() - errors_in(findings) == 1 ? "" : "s");
}

std::vector<std::vector<std::string>> version_rows(const api::UserResource& user, const Facts& facts) {
  std::vector<std::vector<std::string>> rows;
  if (facts.store) {
    if (const auto found = facts.store->accepted.find(user.key); found != facts.store->accepted.end()) {
      for (const StoreVersion& version : found->second)
        rows.push_back({std::to_string(version.number), version.current ? "current" : "previous",
                        format_time(version.issued_at),
                        version.valid_until ? format_time(*version.valid_until) : "-",
                        version.last_used ? fmt::format("{} ({} ago)", format_time(*version.last_used),
                                                        age(*version.last_used, facts.now))
                                          : "never"});
    }
    return rows;
  }
  for (const api::AcceptedVersion& version : user.status.credentials.versions)
    rows.push_back({std::to_string(version.number), version.valid_until ? "previous" : "current",
                    format_time(version.issued_at),
                    version.valid_until ? format_time(*version.valid_until) : "-", "(--store tells)"});
  return rows;
}

void print_user(const Session& session, const api::UserResource& user, const Facts& facts,
                const std::vector<Finding>& findings, Paint paint) {
  std::ostream& out = session.out();
  out << user.key.text() << ": " << user.spec.display_name << '\n';
  out << "active     " << (user.status.active ? "yes" : "no") << '\n';
  out << "client ID  " << (user.status.client_id.value.empty() ? "-" : user.status.client_id.value) << '\n';
  out << "scopes     " << (user.status.scope_summary.empty() ? "-" : user.status.scope_summary) << '\n';
  out << "Secret     " << user.spec.secret_namespace << '/' << user.spec.secret_name << '\n';
  if (const auto& next = user.status.credentials.next_rotation)
    out << "rotates    " << format_time(*next) << '\n';
  out << '\n';
  const auto rows = version_rows(user, facts);
  if (!rows.empty()) {
    print_table(out, {"VERSION", "STATE", "ISSUED", "VALID UNTIL", "LAST USED"}, rows);
    out << '\n';
  }
  std::vector<std::vector<std::string>> conditions;
  for (const meta::Condition& condition : user.status.conditions)
    conditions.push_back({condition.type,
                          condition.status == meta::ConditionStatus::True    ? "True"
                          : condition.status == meta::ConditionStatus::False ? "False"
                                                                             : "Unknown",
                          condition.reason, condition.message});
  if (!conditions.empty()) {
    print_table(out, {"CONDITION", "STATUS", "REASON", "MESSAGE"}, conditions);
    out << '\n';
  }
  const Printer printer(out, paint);
  if (findings.empty()) out << printer.painted("1;32", "Nothing is wrong with it.") << '\n';
  printer.findings(findings);
}

}  // namespace

int status(const Session& session, const StatusOptions& options) {
  std::optional<api::ResourceKey> one;
  if (!options.user.empty()) {
    const auto key = session.parse_user(options.user);
    if (!key) {
      report(session.streams().err, key.error());
      return kWrongCall;
    }
    if (const auto object = session.read(*key); !object) return report(session.streams().err, object.error());
    one = *key;
  }
  const auto facts = read_facts(session, options);
  if (!facts) return report(session.streams().err, facts.error());
  std::vector<Finding> findings = judge(*facts);
  if (!one) {
    if (options.format == Format::Json)
      session.out() << to_json(json_of(*facts, findings)) << '\n';
    else
      print_all(session, *facts, findings, options.paint);
    return errors_in(findings) == 0 ? kDone : kFailed;
  }
  const auto user = std::find_if(facts->users.begin(), facts->users.end(),
                                 [&](const api::UserResource& each) { return each.key == *one; });
  if (user == facts->users.end())
    return report(session.streams().err, {ErrorKind::NotFound, one->text() + " went away meanwhile"});
  // What is wrong with the controller is wrong with it too.
  std::erase_if(findings, [&](const Finding& finding) {
    return finding.subject != one->text() && finding.subject != "the controller";
  });
  if (options.format == Format::Json) {
    Facts alone = *facts;
    alone.users = {*user};
    session.out() << to_json(json_of(alone, findings)) << '\n';
  } else {
    print_user(session, *user, *facts, findings, options.paint);
  }
  return errors_in(findings) == 0 ? kDone : kFailed;
}

}  // namespace neoid::cli
