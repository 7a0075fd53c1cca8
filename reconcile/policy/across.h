// Rules over several resources at once: what no CRD can see, since it sees one object.
//
// Flow: add() every object of a set (files of a commit, or a request and what the cluster holds) -> judge().
// Facts are kept small (names, not objects): about 80 bytes a user and 16 a scope that it asks for.
// Objects need not be valid: members of a wrong type count as missing. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reconcile/api/resource_key.h"
#include "reconcile/policy/scopes.h"
#include "reconcile/value/json.h"

namespace neoid::policy {

enum class Severity { Warning, Error };

namespace rule {
inline constexpr std::string_view kDuplicateResource = "duplicate-resource";
inline constexpr std::string_view kSecretNamedTwice = "secret-named-twice";
inline constexpr std::string_view kSecretInTheWay = "secret-in-the-way";
inline constexpr std::string_view kScopeNotFound = "scope-not-found";
inline constexpr std::string_view kScopeNotAllowed = "scope-not-allowed";
inline constexpr std::string_view kScopeDeprecated = "scope-deprecated";
inline constexpr std::string_view kNotRetired = "not-retired";
}  // namespace rule

// Where a fact stands: a number of the caller's, handed back. Of two facts that exclude each other the one with the
// greater number is at fault.
using FactRef = std::uint64_t;

struct Violation {
  std::string_view rule;
  Severity severity = Severity::Error;
  FactRef at = 0;
  std::optional<FactRef> other;  // the fact that it clashes with
  std::string resource;          // "IntegrationUser apps/billing"
  std::string field;             // "spec.scopes[0]"
  std::string message;           // what is wrong
  std::string help;              // how to mend it; may be empty
};

// Whether the Scopes among the objects are all there are. Of a part, one that is not among them may be elsewhere.
enum class Scopes { All, Some };

class Across {
 public:
  using Locate = std::function<FactRef(std::string_view field)>;

  Across();
  ~Across();
  Across(Across&&) noexcept;
  Across& operator=(Across&&) noexcept;

  // Any Kubernetes object. Remembered of ours: identity, Secret, scopes; of Namespaces and Secrets what rules need;
  // of every other kind the identity. `locate` tells where a field of the object stands.
  void add(const Json& object, const Locate& locate);
  // Scopes that are known already, in place of their objects.
  void add(const Catalogue& catalogue);

  // By place. Without any Scope among the objects nothing is said about scopes: the catalogue is elsewhere.
  std::vector<Violation> judge(Scopes scopes = Scopes::All) const;
  // Whether somebody asks for scopes and nothing was said about them.
  bool scopes_unjudged() const;

 private:
  struct Facts;
  std::unique_ptr<Facts> facts_;
};

// An object that was there and is gone: a system user may go only once it was retired. Says nothing about other kinds.
std::optional<Violation> judge_removal(const Json& old_object, FactRef at);

}  // namespace neoid::policy
