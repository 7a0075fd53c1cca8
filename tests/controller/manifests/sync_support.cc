#include "tests/controller/manifests/sync_support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "controller/cmd/local_transport.h"

namespace neoid::manifests {

ScratchFolder::ScratchFolder() {
  char name[] = "/tmp/neoid-manifests-XXXXXX";
  path_ = mkdtemp(name);
}

ScratchFolder::~ScratchFolder() { std::filesystem::remove_all(path_); }

void ScratchFolder::write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name) << text;
}

std::string config_map(const std::string& name, const std::string& value) {
  return fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\ndata: {{key: '{}'}}\n",
                     name, value);
}

std::string widget_crd() {
  return R"(---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer, minimum: 1, maximum: 9}}}
)";
}

std::string widget(const std::string& name, int size) {
  return fmt::format(
      "---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: {}}}\nspec: {{size: {}}}\n", name,
      size);
}

SyncedApi::SyncedApi(std::filesystem::path folder) {
  options_.folder = std::move(folder);
  apiserver::ApiServerOptions options;
  options.data = data_.path() / "api";
  options.token_file_text = "admintoken,admin,admin,\"system:masters\"\n";
  auto opened = apiserver::ApiServer::open(std::move(options), system_clock_);
  if (!opened) throw std::runtime_error(opened.error().describe());
  server_ = std::move(*opened);
  client_ = std::make_unique<kube::Client>(std::make_shared<cmd::LocalTransport>(
      [this](const http::Request& request) { return server_->handle(request); }, Secret("admintoken")));
  forget();
}

SyncedApi::~SyncedApi() = default;

void SyncedApi::forget() { sync_ = std::make_unique<FolderSync>(*client_, clock_, options_); }

PassOutcome SyncedApi::pass(FolderSync::Depth depth) {
  auto outcome = sync_->run_pass(depth);
  if (!outcome) throw std::runtime_error(outcome.error().describe());
  return *outcome;
}

Json SyncedApi::get(const kube::ResourceType& type, const std::string& ns, const std::string& name) const {
  auto found = client_->get(type, {ns, name});
  return found ? *found : Json();
}

std::string SyncedApi::value(const std::string& name) const {
  const Json found = get(kConfigMaps, "default", name);
  return found.is_null() ? "" : found.value("/data/key"_json_pointer, "");
}

std::string SyncedApi::report(const std::string& key) const {
  return get(kConfigMaps, "kube-system", "neoid-manifests").value("data", Json::object()).value(key, "");
}

}  // namespace neoid::manifests
