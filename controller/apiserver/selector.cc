#include "controller/apiserver/selector.h"

#include <fmt/format.h>

#include <algorithm>

namespace neoid::apiserver {
namespace {

ApiError unsupported(const ResourceInfo& resource, const std::string& label) {
  if (resource.plain_labels)
    return bad_request(fmt::format(
        "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", go_quote(label)));
  return bad_request("field label not supported: " + label);
}

}  // namespace

Answer<FieldSelector> FieldSelector::parse(std::string_view text, const ResourceInfo& resource) {
  const auto parsed = meta::FieldSelector::parse(text);
  if (!parsed) return refuse(bad_request(parsed.error().message));
  FieldSelector selector;
  for (const meta::FieldSelector::Term& term : parsed->terms()) {
    const auto known = std::find_if(resource.labels.begin(), resource.labels.end(),
                                    [&](const FieldLabel& label) { return label.label == term.field; });
    if (known == resource.labels.end()) return refuse(unsupported(resource, term.field));
    selector.terms_.push_back({known->value, term.value, term.equal});
  }
  return selector;
}

bool FieldSelector::matches(const Json& object) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& term) { return (term.value(object) == term.wanted) == term.equal; });
}

Answer<Selection> Selection::parse(std::string_view labels, std::string_view fields,
                                   const ResourceInfo& resource) {
  auto by_label = meta::LabelSelector::parse(labels);
  if (!by_label) return refuse(bad_request(by_label.error().message));
  auto by_field = FieldSelector::parse(fields, resource);
  if (!by_field) return refuse(by_field.error());
  return Selection{std::move(*by_label), std::move(*by_field)};
}

}  // namespace neoid::apiserver
