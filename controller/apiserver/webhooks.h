// Webhooks: the admission webhooks that are configured in the API itself, called over HTTPS.
//
// Flow: the configurations are read when one of them changes -> for a write, those whose rules and selectors
// fit are called, sorted by configuration and place: mutating ones one after the other, each seeing what the
// one before made of the object; then validating ones.
// Guarantees: configurations of webhooks are never sent to webhooks; a webhook that cannot be reached decides
// by its failurePolicy; an answer that is not one counts as not reached. Thread-safe; no lock is held while a
// webhook is called. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/apiserver/admission.h"
#include "controller/apiserver/status.h"
#include "controller/apiserver/storage/storage.h"
#include "controller/base/mutex.h"

namespace neoid::apiserver {

struct Webhook;

class Webhooks {
 public:
  explicit Webhooks(const storage::ApiStorage& storage);
  ~Webhooks();

  static bool is_configuration(std::string_view resource);  // the storage's name of one
  void reload();

  enum class Phase { Mutate, Validate };
  // The object to go on with: changed by a mutating webhook, or as it came. `warnings` are for the client.
  struct Outcome {
    std::optional<Json> patched;
    std::vector<std::string> warnings;
  };
  Answer<Outcome> call(Phase phase, const AdmissionRequest& request, bool namespaced) const;

 private:
  using List = std::vector<std::shared_ptr<const Webhook>>;
  List read(const std::string& resource) const;
  bool selects(const Webhook& hook, const AdmissionRequest& request, bool namespaced) const;

  const storage::ApiStorage& storage_;
  mutable Mutex mutex_;
  std::shared_ptr<const List> mutating_ NEOID_GUARDED_BY(mutex_);
  std::shared_ptr<const List> validating_ NEOID_GUARDED_BY(mutex_);
};

}  // namespace neoid::apiserver
