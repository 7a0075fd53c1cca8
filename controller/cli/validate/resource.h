// One object of a document, made ready for judgement as an API server makes it ready: pruned, completed, its status
// dropped. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/cli/validate/contracts.h"
#include "reconcile/value/json.h"
#include "reconcile/value/yaml.h"

namespace neoid::validate {

// The objects of a document: those of a List, else the one. Borrows the document.
struct Member {
  Json* object;
  std::string prefix;  // "items[3]" of a List, else empty
};
std::vector<Member> members_of(Json& document);

// Names that the server would make up: the namespace of the request, and what follows generateName.
void complete_metadata(Json& object, bool namespaced, std::string_view default_namespace);

struct Prepared {
  std::vector<std::string> unknown_fields;
};
Prepared prepare(Json& object, const schema::Crd& crd, const schema::Version& version,
                 std::string_view default_namespace);

std::string text_member(const Json& object, const char* name);
// "IntegrationUser apps/billing"; "IntegrationUser" without a name.
std::string title_of(const Json& object);

}  // namespace neoid::validate
