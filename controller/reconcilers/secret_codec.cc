#include "controller/reconcilers/secret_codec.h"

#include <utility>

#include "reconcile/base/crypto.h"

namespace neoid::reconcilers {
namespace {

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::map<std::string, std::string> texts(const Json& object, const char* name) {
  std::map<std::string, std::string> result;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_object()) return result;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) result[key] = value.get<std::string>();
  }
  return result;
}

Result<plan::SecretView> decode(const Json& secret, Keep keep) {
  plan::SecretView view;
  const auto metadata = secret.find("metadata");
  if (metadata == secret.end() || !metadata->is_object())
    return fail(ErrorKind::Invalid, "a Secret without metadata");
  view.uid = Uid(text(*metadata, "uid"));
  view.resource_version = ResourceVersion(text(*metadata, "resourceVersion"));
  view.type = text(secret, "type");
  view.labels = texts(*metadata, "labels");
  view.annotations = texts(*metadata, "annotations");
  view.being_deleted = metadata->contains("deletionTimestamp");
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return view;
  for (const auto& [key, value] : data->items()) {
    if (!value.is_string()) return fail(ErrorKind::Invalid, "a Secret's data is not text");
    auto bytes = unbase64(value.get_ref<const std::string&>());
    if (!bytes) return fail(ErrorKind::Invalid, "a Secret's data is not base64");
    plan::SecretValue decoded = plan::SecretValue::of(Secret(std::move(*bytes)));
    if (keep == Keep::Hashes) decoded.text = Secret();
    view.data[key] = std::move(decoded);
  }
  return view;
}

Json metadata_of(const plan::SecretContent& content) {
  return {{"labels", content.labels}, {"annotations", content.annotations}};
}

Json data_of(const plan::SecretContent& content) {
  Json data = Json::object();
  for (const auto& [key, value] : content.data) data[key] = base64(value.text.reveal());
  return data;
}

}  // namespace

Result<plan::SecretView> decode_secret(Json& secret, Keep keep) {
  auto view = decode(secret, keep);
  wipe(secret);
  return view;
}

Json create_body(const plan::CreateSecret& create, const std::string& ns, const std::string& name,
                 const SecretOwner& owner) {
  Json metadata = metadata_of(create.content);
  metadata["namespace"] = ns;
  metadata["name"] = name;
  if (create.owner_reference) {
    metadata["ownerReferences"] = Json::array({{{"apiVersion", api::kApiVersion},
                                                {"kind", api::to_string(owner.resource.kind)},
                                                {"name", owner.resource.name},
                                                {"uid", owner.uid.value},
                                                {"controller", true},
                                                {"blockOwnerDeletion", true}}});
  }
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", std::move(metadata)},
          {"type", plan::kSecretType},
          {"data", data_of(create.content)}};
}

Json update_body(const plan::UpdateSecret& update) {
  Json metadata = metadata_of(update.content);
  metadata["uid"] = update.uid.value;
  metadata["resourceVersion"] = update.resource_version.value;
  Json data = data_of(update.content);
  for (const std::string& key : update.remove_keys) data[key] = nullptr;
  return {{"metadata", std::move(metadata)}, {"data", std::move(data)}};
}

void wipe(Json& json) {
  if (json.is_string()) {
    cleanse(json.get_ref<std::string&>());
  } else if (json.is_structured()) {
    for (Json& item : json) wipe(item);
  }
}

}  // namespace neoid::reconcilers
