#include "reconcile/plan/secret_content.h"

#include <set>
#include <utility>

namespace neoid::plan {
namespace {

// Which data keys are ours, so that a key that was renamed in the spec can be taken away again.
constexpr std::string_view kKeysAnnotation = "identity.neostella.com/keys";

std::string join(const std::vector<std::string>& texts, char separator) {
  std::string joined;
  for (const std::string& text : texts) {
    if (!joined.empty()) joined += separator;
    joined += text;
  }
  return joined;
}

std::set<std::string> split(const std::string& text, char separator) {
  std::set<std::string> parts;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    if (end > start) parts.insert(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

}  // namespace

SecretContent secret_content(const UserView& view, const PlanContext& context, const DeliveredValue& value) {
  const api::CredentialKeys& keys = view.resource.spec.keys;
  SecretContent content;
  content.data[keys.client_id] = SecretValue::of(value.seal.client_id.value);
  content.data[keys.client_secret] = value.client_secret;
  content.data[keys.scopes] = SecretValue::of(join(view.scopes.granted, ' '));
  if (!context.token_url.empty()) content.data[keys.token_url] = SecretValue::of(context.token_url);
  if (!context.issuer.empty()) content.data[keys.issuer] = SecretValue::of(context.issuer);
  if (!keys.previous_client_secret.empty() && value.previous)
    content.data[keys.previous_client_secret] = *value.previous;

  content.labels[std::string(kManagedByLabel)] = kManagedBy;
  content.labels[std::string(kResourceLabel)] = view.resource.key.name;
  content.annotations = credentials::seal_annotations(
      context.sealing_key, {context.cluster, view.resource.key}, value.seal, value.client_secret.hash);
  std::vector<std::string> names;
  for (const auto& [name, text] : content.data) names.push_back(name);
  content.annotations[std::string(kKeysAnnotation)] = join(names, ',');
  return content;
}

std::vector<std::string> stale_keys(const SecretView& secret, const SecretContent& wanted) {
  std::vector<std::string> stale;
  const auto annotation = secret.annotations.find(std::string(kKeysAnnotation));
  if (annotation == secret.annotations.end()) return stale;
  for (const std::string& key : split(annotation->second, ',')) {
    if (wanted.data.count(key) == 0 && secret.data.count(key) != 0) stale.push_back(key);
  }
  return stale;
}

bool is_delivered(const SecretView& secret, const SecretContent& wanted) {
  const auto holds = [](const auto& has, const auto& wants) {
    for (const auto& [name, value] : wants) {
      const auto found = has.find(name);
      if (found == has.end() || !(found->second == value)) return false;
    }
    return true;
  };
  return holds(secret.data, wanted.data) && holds(secret.labels, wanted.labels) &&
         holds(secret.annotations, wanted.annotations) && stale_keys(secret, wanted).empty();
}

std::vector<std::string> drifted_keys(const SecretView& secret, const SecretContent& wanted) {
  std::vector<std::string> keys;
  for (const auto& [name, value] : wanted.data) {
    const auto found = secret.data.find(name);
    if (found == secret.data.end() || !(found->second == value)) keys.push_back("secret." + name);
  }
  return keys;
}

}  // namespace neoid::plan
