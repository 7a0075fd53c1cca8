#include "controller/cli/store_commands.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "controller/base/file.h"
#include "controller/store/activity.h"
#include "reconcile/credentials/client_secret.h"
#include "reconcile/value/json.h"

namespace neoid::cli {
namespace {

using StorePtr = std::unique_ptr<store::IdentityStore>;

Result<StorePtr> open(const std::string& url) { return store::open_store(url, store::Migration::Refuse); }

Result<std::optional<Instant>> parse_since(const std::string& text, Instant now) {
  if (text.empty()) return std::optional<Instant>();
  if (const auto duration = parse_duration(text)) return std::optional<Instant>(now - *duration);
  if (const auto instant = parse_time(text)) return std::optional<Instant>(*instant);
  return fail(ErrorKind::Invalid,
              "--since " + text + " is neither a duration like 2h30m nor a time like 2026-02-03T04:05:06Z");
}

Json as_json(const store::ActivityEntry& entry) {
  const auto part = [](const std::string& text) {
    return text.empty() ? Json() : Json::parse(text, nullptr, false);
  };
  Json json = {{"number", entry.number},       {"at", format_micro_time(entry.at)},
               {"subject", entry.subject},     {"actor", entry.actor},
               {"cause", entry.cause},         {"action", entry.action},
               {"before", part(entry.before)}, {"after", part(entry.after)}};
  if (entry.user_id) json["userID"] = entry.user_id->value;
  return json;
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    auto read = read_file(path);
    if (!read) return fail(wrap("the client secret's file", read.error()));
    text = std::move(*read);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return Secret(std::move(text));
}

int store_status(const std::string& url, const Streams& streams) {
  auto opened = open(url);
  if (!opened) return report(streams.err, opened.error());
  const auto status = (*opened)->schema_status();
  if (!status) return report(streams.err, status.error());
  streams.out << fmt::format("{}: schema version {} of {}\n", (*opened)->location(), status->version,
                             status->wanted);
  return kDone;
}

int store_migrate(const std::string& url, const Streams& streams) {
  auto opened = store::open_store(url, store::Migration::Apply);
  if (!opened) return report(streams.err, opened.error());
  const auto status = (*opened)->schema_status();
  if (!status) return report(streams.err, status.error());
  streams.out << fmt::format("{}: at schema version {}\n", (*opened)->location(), status->version);
  return kDone;
}

int store_backup(const std::string& url, const std::string& to, const Streams& streams) {
  if (auto done = store::backup_store(url, to); !done) return report(streams.err, done.error());
  streams.out << "backed up to " << to << '\n';
  return kDone;
}

int store_restore(const std::string& url, const std::string& from, const Streams& streams) {
  if (auto done = store::restore_store(url, from); !done) return report(streams.err, done.error());
  streams.out << "restored from " << from << "; the file from before stays beside it\n";
  return kDone;
}

int store_accepts(const std::string& url, const std::string& client_id, const std::string& secret_file,
                  const Streams& streams) {
  const auto secret = read_secret_file(secret_file);
  if (!secret) return report(streams.err, secret.error());
  auto opened = open(url);
  if (!opened) return report(streams.err, opened.error());
  const auto answer = (*opened)->accepts(ClientId(client_id), credentials::hash_client_secret(*secret));
  if (!answer) return report(streams.err, answer.error());
  if (!answer->accepted) {
    streams.out << "refused: " << answer->reason << '\n';
    return kFailed;
  }
  streams.out << fmt::format(
      "accepted: user {}, version {}, scopes {}\n", answer->user_id.value, answer->version,
      answer->scopes.empty() ? "none" : fmt::format("{}", fmt::join(answer->scopes, " ")));
  return kDone;
}

namespace {

Result<std::vector<store::ActivityEntry>> find_entries(store::IdentityStore& store,
                                                       const ActivityQuery& query, Instant now) {
  NEOID_TRY(const std::optional<Instant> since, parse_since(query.since, now));
  store::ActivityFilter filter;
  filter.name = query.name;
  filter.since = since;
  return store.activity(filter);
}

// The users that these entries are about and that are still there, each once.
Result<std::vector<plan::StoredIdentity>> find_users(store::IdentityStore& store,
                                                     const std::vector<store::ActivityEntry>& entries) {
  std::set<UserId> ids;
  for (const store::ActivityEntry& entry : entries)
    if (entry.user_id) ids.insert(*entry.user_id);
  std::vector<store::IdentityRef> refs;
  for (const UserId& id : ids) refs.push_back({{}, id});
  NEOID_TRY(store::Observation observed, store.observe({}, refs));
  std::vector<plan::StoredIdentity> users;
  for (store::ObservedIdentity& identity : observed.identities)
    if (identity.adoptable) users.push_back(std::move(*identity.adoptable));
  return users;
}

std::string time_or(const std::optional<Instant>& instant, const char* otherwise) {
  return instant ? format_time(*instant) : otherwise;
}

Json as_json(const plan::StoredIdentity& user, const plan::StoredVersion& version) {
  Json json = {{"userID", user.user_id.value},
               {"clientID", user.client_id.value},
               {"subject", user.owner.resource.text()},
               {"version", version.number},
               {"state", store::to_string(version.state)},
               {"issuedAt", format_time(version.issued_at)}};
  if (version.valid_until) json["validUntil"] = format_time(*version.valid_until);
  if (version.last_used) json["lastUsed"] = format_time(*version.last_used);
  return json;
}

}  // namespace

int credential_uses(const std::string& url, const ActivityQuery& query, Instant now, const Streams& streams) {
  auto opened = open(url);
  if (!opened) return report(streams.err, opened.error());
  const auto entries = find_entries(**opened, query, now);
  if (!entries) return report(streams.err, entries.error());
  const auto users = find_users(**opened, *entries);
  if (!users) return report(streams.err, users.error());
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const plan::StoredIdentity& user : *users) {
    for (const plan::StoredVersion& version : user.versions) {
      list.push_back(as_json(user, version));
      rows.push_back({user.owner.resource.text(), fmt::format("{}", version.number),
                      std::string(store::to_string(version.state)), format_time(version.issued_at),
                      time_or(version.valid_until, "-"), time_or(version.last_used, "never"),
                      version.last_used ? age(*version.last_used, now) : "-"});
    }
  }
  if (query.format == Format::Json)
    streams.out << list.dump(2) << '\n';
  else
    print_table(streams.out,
                {"SUBJECT", "VERSION", "STATE", "ISSUED", "VALID UNTIL", "LAST USED", "UNUSED FOR"}, rows);
  return kDone;
}

int activity(const std::string& url, const ActivityQuery& query, Instant now, const Streams& streams) {
  auto opened = open(url);
  if (!opened) return report(streams.err, opened.error());
  const auto entries = find_entries(**opened, query, now);
  if (!entries) return report(streams.err, entries.error());
  if (query.format == Format::Json) {
    Json list = Json::array();
    for (const store::ActivityEntry& entry : *entries) list.push_back(as_json(entry));
    streams.out << list.dump(2) << '\n';
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const store::ActivityEntry& entry : *entries)
    rows.push_back({fmt::format("{}", entry.number), format_time(entry.at), entry.action, entry.subject,
                    entry.actor, entry.cause});
  print_table(streams.out, {"NUMBER", "AT", "ACTION", "SUBJECT", "ACTOR", "CAUSE"}, rows);
  return kDone;
}

int verify_activity(const std::string& url, const Streams& streams) {
  auto opened = open(url);
  if (!opened) return report(streams.err, opened.error());
  const auto broken = (*opened)->verify_activity();
  if (!broken) return report(streams.err, broken.error());
  if (*broken) {
    streams.out << fmt::format("broken: entry {} was altered, removed or put in another order\n", **broken);
    return kFailed;
  }
  streams.out << "whole: every entry follows from the one before\n";
  return kDone;
}

int release(const std::string& url, const std::string& user_id, const std::string& to_namespace,
            const std::string& actor, const Streams& streams) {
  auto opened = open(url);
  if (!opened) return report(streams.err, opened.error());
  if (auto done = (*opened)->release(UserId(user_id), to_namespace, actor); !done)
    return report(streams.err, done.error());
  streams.out << "user " << user_id << " may be adopted in namespace " << to_namespace << '\n';
  return kDone;
}

}  // namespace neoid::cli
