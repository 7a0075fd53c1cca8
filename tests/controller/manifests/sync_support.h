// A folder of manifests, an API server in process, and a FolderSync between them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "controller/apiserver/server.h"
#include "controller/kube/client.h"
#include "controller/manifests/sync.h"
#include "tests/support/fake_clock.h"

namespace neoid::manifests {

// A temporary folder that goes with it.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  const std::filesystem::path& path() const { return path_; }
  // Makes what is above it too.
  void write(const std::string& name, const std::string& text) const;
  void remove(const std::string& name) const { std::filesystem::remove_all(path_ / name); }

 private:
  std::filesystem::path path_;
};

std::string config_map(const std::string& name, const std::string& value);
// The CRD of a namespaced kind Widget in example.com/v1 with spec.size, from 1 to 9.
std::string widget_crd();
std::string widget(const std::string& name, int size);

class SyncedApi {
 public:
  explicit SyncedApi(std::filesystem::path folder);
  ~SyncedApi();

  const kube::Client& client() const { return *client_; }
  FakeClock& clock() { return clock_; }
  // A pass that has to succeed.
  PassOutcome pass(FolderSync::Depth depth = FolderSync::Depth::Changed);
  // A FolderSync without memory, as after a restart of the program.
  void forget();
  // The object, or null.
  Json get(const kube::ResourceType& type, const std::string& ns, const std::string& name) const;
  // Value `key` of the ConfigMap default/NAME; "" where there is none.
  std::string value(const std::string& name) const;
  std::string report(const std::string& key) const;

 private:
  FolderSyncOptions options_;
  ScratchFolder data_;
  SystemClock system_clock_;
  FakeClock clock_;
  std::unique_ptr<apiserver::ApiServer> server_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<FolderSync> sync_;
};

inline const kube::ResourceType kConfigMaps{"", "v1", "configmaps", true};
inline const kube::ResourceType kNamespaceType{"", "v1", "namespaces", false};
inline const kube::ResourceType kWidgets{"example.com", "v1", "widgets", true};
inline const kube::ResourceType kDefinitionType{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                                false};

}  // namespace neoid::manifests
