#include "controller/cli/validate/older.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/cli/validate/resource.h"
#include "reconcile/meta/object_meta.h"
#include "reconcile/value/json_text.h"

namespace neoid::validate {

struct OlderTree::Entry {
  std::string text;
  policy::FactRef at = 0;
  mutable std::atomic<bool> taken = false;
};

std::string identity_of(const Json& object) {
  const std::string api_version = text_member(object, "apiVersion");
  return fmt::format("{}/{}/{}/{}", split_api_version(api_version).first, text_member(object, "kind"),
                     meta::namespace_of(object), meta::name_of(object));
}

OlderTree::OlderTree(const FileNames& files, std::uint32_t first_file, const Contracts& contracts,
                     const std::string& default_namespace) {
  Pieces pieces(files, files.size(), -1);
  while (auto piece = pieces.next()) {
    if (!piece->error.empty()) {
      gaps_.push_back({first_file + piece->file, 0, piece->error});
      continue;
    }
    YamlReader reader = piece->stream ? YamlReader(piece->stream) : YamlReader(piece->text);
    for (;;) {
      auto document = reader.next();
      if (!document)
        gaps_.push_back({first_file + piece->file,
                         piece->first_line + std::max(1, reader.error() ? reader.error()->at.line : 1) - 1,
                         document.error().message});
      if (!document || !*document) break;
      for (const Member& member : members_of((*document)->value)) {
        Json& object = *member.object;
        const std::string api_version = text_member(object, "apiVersion");
        const auto [group, name] = split_api_version(api_version);
        const schema::Crd* crd = contracts.find(group, text_member(object, "kind"));
        const schema::Version* version = crd == nullptr ? nullptr : crd->find_version(name);
        if (version == nullptr || !meta::check_object(object)) continue;
        prepare(object, *crd, *version, default_namespace);
        Position at = (*document)->positions.nearest(member.prefix).value;
        at.line += piece->first_line - 1;
        auto entry = std::make_unique<Entry>();
        entry->text = to_json(object);
        entry->at = pack(first_file + piece->file, at);
        entries_[identity_of(object)] = std::move(entry);
      }
    }
  }
}

OlderTree::~OlderTree() = default;

std::optional<Json> OlderTree::take(const Json& object) const {
  const auto found = entries_.find(identity_of(object));
  if (found == entries_.end()) return std::nullopt;
  found->second->taken = true;
  auto old = parse_json(found->second->text);
  if (!old) return std::nullopt;
  return std::move(*old);
}

std::vector<policy::Violation> OlderTree::judge_removals() const {
  std::vector<policy::Violation> violations;
  for (const auto& [identity, entry] : entries_) {
    if (entry->taken) continue;
    const auto old = parse_json(entry->text);
    if (!old) continue;
    if (auto violation = policy::judge_removal(*old, entry->at)) violations.push_back(std::move(*violation));
  }
  return violations;
}

}  // namespace neoid::validate
