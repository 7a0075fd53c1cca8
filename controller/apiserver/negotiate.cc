#include "controller/apiserver/negotiate.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

namespace neoid::apiserver {
namespace {

struct Clause {
  std::string type;
  std::map<std::string, std::string> parameters;
  double quality = 1.0;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (true) {
    const std::size_t at = text.find(separator);
    pieces.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + 1);
  }
}

std::vector<Clause> read_accept(std::string_view accept) {
  std::vector<Clause> clauses;
  for (const std::string_view piece : split(accept, ',')) {
    Clause clause;
    bool first = true;
    for (const std::string_view part : split(piece, ';')) {
      if (first) {
        clause.type = part;
        first = false;
        continue;
      }
      const std::size_t equals = part.find('=');
      const std::string name(trim(part.substr(0, equals)));
      const std::string value(equals == std::string_view::npos ? "" : trim(part.substr(equals + 1)));
      if (name == "q") {
        double quality = 1.0;
        if (std::from_chars(value.data(), value.data() + value.size(), quality).ec == std::errc())
          clause.quality = quality;
      } else {
        clause.parameters[name] = value;
      }
    }
    if (!clause.type.empty()) clauses.push_back(std::move(clause));
  }
  std::stable_sort(clauses.begin(), clauses.end(),
                   [](const Clause& a, const Clause& b) { return a.quality > b.quality; });
  return clauses;
}

std::optional<Encoding> encoding_of(const std::string& type) {
  if (type == "application/json" || type == "*/*" || type == "application/*") return Encoding::Json;
  if (type == "application/yaml") return Encoding::Yaml;
  return std::nullopt;
}

// False: the parameters ask for a form that is not offered.
bool read_view(const Clause& clause, Offer offer, MediaType& type) {
  const auto as = clause.parameters.find("as");
  if (as == clause.parameters.end()) return true;
  const auto value = [&](const char* name) {
    const auto found = clause.parameters.find(name);
    return found == clause.parameters.end() ? std::string() : found->second;
  };
  type.view_version = value("v");
  if (value("g") == "apidiscovery.k8s.io" && as->second == "APIGroupDiscoveryList" && offer.discovery) {
    type.view = View::Discovery;
    return type.view_version == "v2" || type.view_version == "v2beta1";
  }
  if (value("g") != "meta.k8s.io" || !offer.table) return false;
  if (type.view_version != "v1" && type.view_version != "v1beta1") return false;
  if (as->second == "Table") {
    type.view = View::Table;
  } else if (as->second == "PartialObjectMetadata") {
    type.view = View::PartialMetadata;
  } else if (as->second == "PartialObjectMetadataList") {
    type.view = View::PartialMetadataList;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Answer<MediaType> negotiate(std::string_view accept, Offer offer) {
  if (trim(accept).empty()) return MediaType{};
  for (const Clause& clause : read_accept(accept)) {
    const auto encoding = encoding_of(clause.type);
    MediaType type;
    if (!encoding || !read_view(clause, offer, type)) continue;
    type.encoding = *encoding;
    return type;
  }
  return refuse(not_acceptable(kAllTypes));
}

bool router_accepts(std::string_view accept) {
  if (trim(accept).empty()) return true;
  for (const std::string_view piece : split(accept, ',')) {
    const std::string_view type = trim(piece.substr(0, piece.find(';')));
    if (type == "*/*" || type == "application/json" || type == "application/yaml" ||
        type == "application/vnd.kubernetes.protobuf")
      return true;
  }
  return false;
}

std::string_view media_type_of(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

Answer<BodyType> body_type(std::string_view content_type) {
  const std::string_view type = media_type_of(content_type);
  if (type.empty() || type == "application/json") return BodyType::Json;
  if (type == "application/yaml") return BodyType::Yaml;
  if (type == "application/vnd.kubernetes.protobuf") return BodyType::Protobuf;
  return refuse(unsupported_media_type(kAllTypes));
}

}  // namespace neoid::apiserver
