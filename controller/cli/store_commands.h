// The commands that ask or change an identity store directly: schema, activity, release, whether a credential works.
//
// Each prints to `out`, its failure as one line to `err`, and answers the exit code. A password in a store URL and a
// client secret are never printed.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "controller/cli/output.h"
#include "controller/store/identity_store.h"

namespace neoid::cli {

struct Streams {
  std::ostream& out;
  std::ostream& err;
};

// A client secret from a file ("-": standard input), without its last line break. Errors: Invalid.
Result<Secret> read_secret_file(const std::string& path);

int store_status(const std::string& url, const Streams& streams);
int store_migrate(const std::string& url, const Streams& streams);
int store_backup(const std::string& url, const std::string& to, const Streams& streams);
int store_restore(const std::string& url, const std::string& from, const Streams& streams);

// Says whether the store accepts a client ID with the client secret in a file ("-": standard input). Exit 0: accepted,
// 1: refused or failed.
int store_accepts(const std::string& url, const std::string& client_id, const std::string& secret_file,
                  const Streams& streams);

struct ActivityQuery {
  std::string name;   // of a resource, or a user ID; empty: all
  std::string since;  // a duration before now, or an RFC 3339 time; empty: from the start
  Format format = Format::Table;
};
int activity(const std::string& url, const ActivityQuery& query, Instant now, const Streams& streams);
// When each credential of the users that the query finds was last used, instead of what was changed.
int credential_uses(const std::string& url, const ActivityQuery& query, Instant now, const Streams& streams);
int verify_activity(const std::string& url, const Streams& streams);

int release(const std::string& url, const std::string& user_id, const std::string& to_namespace,
            const std::string& actor, const Streams& streams);

}  // namespace neoid::cli
