#include "reconcile/schema/compiled.h"

#include <algorithm>

#include "reconcile/schema/defaults.h"
#include "reconcile/schema/embedded.h"
#include "reconcile/schema/list_types.h"
#include "reconcile/schema/program.h"
#include "reconcile/schema/pruning.h"
#include "reconcile/schema/rules.h"
#include "reconcile/schema/values.h"

namespace neoid::schema {
namespace {

constexpr std::string_view kRulesLeftOut =
    "some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation";

std::shared_ptr<const internal::Program> open_program() {
  auto program = std::make_shared<internal::Program>();
  program->root.type = Type::Object;
  program->root.type_text = "object";
  program->root.preserve_unknown = true;
  program->node = internal::make_node(program->root);
  internal::settle(program->node);
  return program;
}

// The object is not what its type says: rules would stumble over it.
bool is_blocking(const FieldError& error) {
  switch (error.type) {
    case FieldErrorType::Required:
    case FieldErrorType::TooLong:
    case FieldErrorType::TooMany:
    case FieldErrorType::TypeInvalid: return true;
    default: return false;
  }
}

}  // namespace

CompiledSchema::CompiledSchema() {
  static const std::shared_ptr<const internal::Program> open = open_program();
  program_ = open;
}

CompiledSchema::CompiledSchema(std::shared_ptr<const internal::Program> program)
    : program_(std::move(program)) {}

void CompiledSchema::apply_defaults(Json& object) const { internal::apply_defaults(program_->node, object); }

std::vector<std::string> CompiledSchema::prune(Json& object) const {
  std::vector<std::string> unknown;
  internal::prune(program_->node, object, internal::Root::Resource, Path(), unknown);
  std::sort(unknown.begin(), unknown.end());
  return unknown;
}

std::vector<FieldError> CompiledSchema::validate(const Json& object, const Json* old,
                                                 std::vector<FieldError> before) const {
  std::vector<FieldError> errors = std::move(before);
  const Path root;
  internal::validate_value(program_->node, object, root, errors);
  internal::validate_embedded(program_->node, object, root, errors);
  internal::validate_lists(program_->node, object, root, errors);
  if (!has_rules()) return errors;
  if (std::any_of(errors.begin(), errors.end(), is_blocking)) {
    errors.push_back({FieldErrorType::Invalid, "<nil>", "\"null\"", std::string(kRulesLeftOut)});
    return errors;
  }
  internal::run_rules(program_->node, object, old, root, static_cast<std::int64_t>(cel::kPerObjectBudget),
                      errors);
  return errors;
}

bool says_rules_were_left_out(const FieldError& error) { return error.detail == kRulesLeftOut; }

const Structural& CompiledSchema::structural() const { return program_->root; }

bool CompiledSchema::has_rules() const { return program_->node.rules_below; }

}  // namespace neoid::schema
