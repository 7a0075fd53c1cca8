#include "controller/apiserver/resource.h"

#include <fmt/format.h>

namespace neoid::apiserver {

void Resources::add(ResourceRef resource) {
  by_path_[fmt::format("{}/{}/{}", resource->group, resource->version, resource->plural)] = resource;
  all_.push_back(std::move(resource));
}

ResourceRef Resources::find(std::string_view group, std::string_view version, std::string_view plural) const {
  const auto found = by_path_.find(fmt::format("{}/{}/{}", group, version, plural));
  return found == by_path_.end() ? nullptr : found->second;
}

ResourceRef Resources::find_kind(std::string_view group, std::string_view kind) const {
  for (const ResourceRef& resource : all_)
    if (resource->kind == kind && resource->group == group && !resource->create_only) return resource;
  return nullptr;
}

ResourceRef Resources::find_stored(std::string_view stored_as) const {
  for (const ResourceRef& resource : all_)
    if (resource->stored_as == stored_as && resource->conversion.to_stored == nullptr) return resource;
  return nullptr;
}

bool Resources::is_builtin_group(std::string_view group) const {
  for (const ResourceRef& resource : all_)
    if (!resource->custom && resource->group == group) return true;
  return false;
}

Registry::Registry() : builtin_(builtin_kinds()) { replace_custom({}); }

std::shared_ptr<const Resources> Registry::snapshot() const {
  MutexLock lock(mutex_);
  return current_;
}

void Registry::replace_custom(const std::vector<ResourceRef>& custom) {
  auto next = std::make_shared<Resources>();
  for (const ResourceRef& resource : builtin_) next->add(resource);
  for (const ResourceRef& resource : custom) next->add(resource);
  MutexLock lock(mutex_);
  current_ = std::move(next);
}

}  // namespace neoid::apiserver
