#include "reconcile/cel/cost.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "reconcile/cel/functions.h"
#include "reconcile/cel/text.h"
#include "reconcile/cel/types.h"

namespace neoid::cel {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr KubernetesVersion kHasCostsOperand{1, 28};

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_add_overflow(a, b, &out) ? kMost : out;
}
std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? kMost : out;
}
std::uint64_t scale(std::uint64_t a, double factor) {
  const double product = std::ceil(static_cast<double>(a) * factor);
  return product >= 18446744073709551616.0 ? kMost : static_cast<std::uint64_t>(product);
}

// Costs and sizes are both ranges.
using Range = CostRange;
Range operator+(Range a, Range b) { return {add(a.min, b.min), add(a.max, b.max)}; }
Range operator*(Range a, Range b) { return {multiply(a.min, b.min), multiply(a.max, b.max)}; }
Range operator*(Range a, double factor) { return {scale(a.min, factor), scale(a.max, factor)}; }
Range either(Range a, Range b) { return {std::min(a.min, b.min), std::max(a.max, b.max)}; }
constexpr Range exactly(std::uint64_t value) { return {value, value}; }
constexpr Range kOne{1, 1};
constexpr Range kUnknown{0, kMost};

// Where in the declared types an expression points to: its size is bounded there. The root for every variable.
struct Path {
  bool known = false;
  bool accumulator = false;
  const DeclType* type = nullptr;  // null: the declared types end before
};

struct Estimate {
  Range cost;
  std::optional<Range> size = {};  // of the result
};

class Coster {
 public:
  Coster(const Ast& ast, const DeclType& self, KubernetesVersion version)
      : self_(self), version_(version), facts_(ast.size()) {
    keys_.kind = DeclKind::String;
  }

  Range cost(const Expr* expr) {
    auto& known = facts(expr).cost;
    if (!known) {
      const Range computed = compute(expr);
      facts(expr).cost = computed;
      return computed;
    }
    return *known;
  }

 private:
  struct Facts {
    std::optional<Range> cost;
    std::optional<Range> size;
    Path path;
  };
  struct Iteration {
    std::string_view name;
    const Expr* range;
    enum { Item, Key, Value, Index } part;
  };

  Facts& facts(const Expr* expr) { return facts_[static_cast<std::size_t>(expr->id)]; }

  Range compute(const Expr* expr) {
    switch (expr->kind) {
      case ExprKind::Literal: return {};
      case ExprKind::Ident: return ident(expr);
      case ExprKind::Select: return select(expr);
      case ExprKind::Call: return call(expr);
      case ExprKind::List: return all(expr->args) + exactly(kListCost);
      case ExprKind::Map: return all(expr->args) + exactly(kMapCost);
      case ExprKind::Message: return all(expr->args) + exactly(kMessageCost);
      case ExprKind::Comprehension: return fold(*expr->fold);
    }
    return {};
  }

  Range all(const std::vector<Expr*>& parts) {
    Range sum;
    for (const Expr* part : parts) sum = sum + cost(part);
    return sum;
  }

  // --- paths ---
  Path extend(const Path& path, const DeclType* (*step)(const Coster&, const DeclType&)) const {
    if (!path.known) return {true, false, &self_};
    return {true, path.accumulator, path.type == nullptr ? nullptr : step(*this, *path.type)};
  }
  static const DeclType* items(const Coster&, const DeclType& type) { return type.element.get(); }
  static const DeclType* keys(const Coster& coster, const DeclType& type) {
    return type.kind == DeclKind::Map ? &coster.keys_ : nullptr;
  }
  Path extend(const Path& path, std::string_view field) const {
    if (!path.known) return {true, false, &self_};
    const DeclField* found = path.type == nullptr ? nullptr : path.type->find_field(field);
    return {true, path.accumulator, found == nullptr ? nullptr : found->type.get()};
  }

  Range ident(const Expr* expr) {
    Path path{true, expr->name == "__result__", &self_};
    for (auto at = iterations_.rbegin(); at != iterations_.rend(); ++at) {
      if (at->name != expr->name) continue;
      const TypeKind kind = at->range->type->kind;
      const Path& range = facts(at->range).path;
      path = {};
      if (at->part == Iteration::Index) {
        path = {true, false, &keys_};
      } else if (kind == TypeKind::List || at->part == Iteration::Value) {
        path = extend(range, items);
      } else if (kind == TypeKind::Map) {
        path = extend(range, keys);
      }
      break;
    }
    facts(expr).path = path;
    return kOne;
  }

  Range select(const Expr* expr) {
    if (expr->test_only) return version_ >= kHasCostsOperand ? cost(expr->target) : Range{};
    Range sum = cost(expr->target);
    const TypeKind kind = expr->target->type->kind;
    if (kind == TypeKind::Map || kind == TypeKind::Object || kind == TypeKind::Param) sum = sum + kOne;
    facts(expr).path = extend(facts(expr->target).path, expr->name);
    return sum;
  }

  Range fold(const Fold& fold) {
    Range sum = cost(fold.range) + cost(fold.init);
    if (fold.iter_var2.empty()) {
      iterations_.push_back({fold.iter_var, fold.range, Iteration::Item});
    } else {
      const bool list = fold.range->type->kind == TypeKind::List;
      iterations_.push_back({fold.iter_var, fold.range, list ? Iteration::Index : Iteration::Key});
      iterations_.push_back({fold.iter_var2, fold.range, Iteration::Value});
    }
    const Range loop = cost(fold.condition) + cost(fold.step);
    iterations_.pop_back();
    if (!fold.iter_var2.empty()) iterations_.pop_back();
    sum = sum + cost(fold.result);
    return sum + size(fold.range) * loop;
  }

  // --- sizes ---
  std::optional<Range> declared_size(const Expr* expr) {
    const Path& path = facts(expr).path;
    if (!path.known || path.accumulator || path.type == nullptr) return std::nullopt;
    return Range{0, static_cast<std::uint64_t>(path.type->max_elements)};
  }

  std::optional<Range> computed_size(const Expr* expr) {
    if (facts(expr).size) return facts(expr).size;
    switch (expr->kind) {
      case ExprKind::Literal:
        if (expr->literal == LiteralKind::String) return exactly(count_runes(expr->name));
        return exactly(expr->literal == LiteralKind::Bytes ? expr->name.size() : 1);
      case ExprKind::List: return exactly(expr->args.size());
      case ExprKind::Map: return exactly(expr->args.size() / 2);
      default: return std::nullopt;
    }
  }

  // What the libraries go by.
  Range plain_size(const Expr* expr) {
    if (const auto computed = computed_size(expr)) return *computed;
    return declared_size(expr).value_or(kUnknown);
  }

  // What the language goes by: also knows that scalars have no size.
  Range size(const Expr* expr) {
    if (const auto computed = computed_size(expr)) return *computed;
    if (const auto declared = declared_size(expr)) return *declared;
    switch (expr->type->kind) {
      case TypeKind::Bool:
      case TypeKind::Int:
      case TypeKind::Uint:
      case TypeKind::Double:
      case TypeKind::Duration:
      case TypeKind::Timestamp: return kOne;
      default: return kUnknown;
    }
  }

  // Of the elements of a list, by its path.
  std::optional<Range> element_size(const Expr* list) {
    const Path& path = facts(list).path;
    if (!path.known || path.accumulator || path.type == nullptr || !path.type->element) return std::nullopt;
    return Range{0, static_cast<std::uint64_t>(path.type->element->max_elements)};
  }

  // --- calls ---
  Range call(const Expr* expr) {
    Range arguments;
    for (const Expr* arg : expr->args) arguments = arguments + cost(arg);
    if (expr->overloads.empty() && expr->name != "_?._") return {};
    const Range target = expr->target != nullptr ? cost(expr->target) : Range{};
    Range function{kMost, 0};
    std::optional<Range> result;
    for (const Overload* overload : expr->overloads) {
      const Estimate estimate = of_overload(*overload, expr, arguments);
      function = either(function, estimate.cost);
      if (estimate.size) result = result ? either(*result, *estimate.size) : estimate.size;
      if (overload->cost == CostModel::IndexList || overload->cost == CostModel::IndexMap) {
        facts(expr).path = extend(facts(expr->args[0]).path, items);
      }
    }
    if (expr->overloads.empty()) {  // operand.?field
      facts(expr).path = extend(facts(expr->args[0]).path, expr->args[1]->name);
      function = arguments + kOne;
    }
    facts(expr).size = result;
    return target + function;
  }

  Estimate of_overload(const Overload& overload, const Expr* expr, Range arguments) {
    switch (overload.cost) {
      case CostModel::LogicalAnd:
      case CostModel::LogicalOr: {
        const Range left = cost(expr->args[0]);
        return {{left.min, (left + cost(expr->args[1])).max}};
      }
      case CostModel::Conditional:
        return {cost(expr->args[0]) + either(cost(expr->args[1]), cost(expr->args[2])),
                either(size(expr->args[1]), size(expr->args[2]))};
      default: break;
    }
    Estimate estimate = of_function(overload.cost, expr);
    estimate.cost = estimate.cost + arguments;
    return estimate;
  }

  Range pattern_cost(Range text, Range pattern) {
    return ((text + kOne) * kTextFactor) * (pattern * kPatternFactor);
  }

  Estimate of_function(CostModel model, const Expr* expr) {
    // The receiver of a method is its own; functions have theirs among the arguments.
    const Expr* self =
        expr->target != nullptr ? expr->target : (expr->args.empty() ? nullptr : expr->args[0]);
    const auto argument = [&](std::size_t i) { return expr->args[i + (expr->target != nullptr ? 0 : 1)]; };
    switch (model) {
      case CostModel::Equality: {
        const Range left = size(expr->args[0]);
        const Range right = size(expr->args[1]);
        const std::uint64_t most = std::min(left.max, right.max);
        return {Range{most > 0 ? 1U : 0U, most} * kTextFactor};
      }
      case CostModel::AddText: {
        const Range sum = size(expr->args[0]) + size(expr->args[1]);
        return {sum * kTextFactor, sum};
      }
      case CostModel::AddList: return {kOne, size(expr->args[0]) + size(expr->args[1])};
      case CostModel::InList: return {size(expr->args[1])};
      case CostModel::Prefix: return {size(argument(0)) * kTextFactor};
      case CostModel::Contains: return {(size(self) * kTextFactor) * (size(argument(0)) * kTextFactor)};
      case CostModel::Matches: return {pattern_cost(size(self), size(argument(0)))};
      case CostModel::StringToBytes: {
        const Range text = size(self);
        return {text * kTextFactor, Range{text.min, text.max * 4}};
      }
      case CostModel::BytesToString: {
        const Range bytes = size(self);
        return {bytes * kTextFactor, Range{bytes.min / 4, bytes.max}};
      }
      case CostModel::ListTraversal: return {traversal(self)};
      case CostModel::TextSameSize: return {plain_size(self) * kTextFactor, plain_size(self)};
      case CostModel::ParseText: return {plain_size(self) * kTextFactor};
      case CostModel::ParseTextTwice: return {plain_size(self) * (2 * kTextFactor)};
      case CostModel::Replace: return replace(self, argument(0), argument(1));
      case CostModel::Split: return split(self, expr);
      case CostModel::Join: return join(self, expr);
      case CostModel::Find: {
        const Range text = plain_size(self);
        return {pattern_cost(text, plain_size(argument(0))), Range{0, text.max}};
      }
      case CostModel::ContainsIp: return {contains_address(argument(0), false)};
      case CostModel::ContainsCidr: return {contains_address(argument(0), true)};
      case CostModel::SetsContains: return {size(expr->args[0]) * size(expr->args[1]) + kOne};
      case CostModel::SetsEquivalent: return {(size(expr->args[0]) * size(expr->args[1])) * 2.0 + kOne};
      case CostModel::Format: return {size(self) * kTextFactor};
      case CostModel::ValidateFormat:
        return {(plain_size(argument(0)) * kTextFactor) * (128 * kPatternFactor)};
      case CostModel::One:
      case CostModel::IndexList:
      case CostModel::IndexMap:
      case CostModel::LogicalAnd:
      case CostModel::LogicalOr:
      case CostModel::Conditional: break;
    }
    return {kOne};
  }

  Range traversal(const Expr* self) {
    if (self->type->kind != TypeKind::List) return plain_size(self) * kTextFactor;
    Range each = kOne;
    const TypeKind element = self->type->params[0]->kind;
    if (element == TypeKind::String || element == TypeKind::Bytes) {
      each = each + element_size(self).value_or(kUnknown) * kTextFactor;
    }
    return plain_size(self) * each;
  }

  Estimate replace(const Expr* self, const Expr* old_text, const Expr* new_text) {
    const Range text = plain_size(self);
    const Range old_size = plain_size(old_text);
    const Range new_size = plain_size(new_text);
    Range count;
    Range kept;
    if (old_size.min == 0) {
      count.max = add(text.max, 1);
      kept.max = text.max;
    } else if (new_size.max <= old_size.min) {
      kept.max = text.max;
    } else {
      count.max = scale(text.max, 1.0 / static_cast<double>(old_size.min));
    }
    if (old_size.max == 0) {
      count.min = add(text.min, 1);
      kept.min = text.min;
    } else if (old_size.max <= new_size.min) {
      kept.min = text.min;
    } else {
      count.min = scale(text.min, 1.0 / static_cast<double>(old_size.max));
    }
    return {text * (2 * kTextFactor), count * new_size + kept};
  }

  Estimate split(const Expr* self, const Expr* expr) {
    const Range text = plain_size(self);
    std::uint64_t most = text.max;
    if (expr->args.size() > 1 && expr->args[1]->kind == ExprKind::Literal) {
      most = static_cast<std::uint64_t>(expr->args[1]->int_value);
    }
    return {text * (2 * kTextFactor), Range{0, most}};
  }

  Estimate join(const Expr* self, const Expr* expr) {
    const Range list = plain_size(self);
    Range text;
    if (self->type->kind == TypeKind::List) text = list * element_size(self).value_or(kUnknown);
    if (!expr->args.empty()) {
      const Range separators{list.min > 0 ? list.min - 1 : 0, list.max > 0 ? list.max - 1 : 0};
      text = text + plain_size(expr->args[0]) * separators;
    }
    return {text * kTextFactor, text};
  }

  Range contains_address(const Expr* argument, bool range) {
    constexpr Range kAddress{4, 16};
    Range out = (kAddress + kAddress) * kTextFactor;
    if (range) out = out + kAddress * kTextFactor + kOne;
    if (argument->type->kind == TypeKind::String) out = out + plain_size(argument) * kTextFactor;
    return out;
  }

  const DeclType& self_;
  KubernetesVersion version_;
  std::vector<Facts> facts_;
  std::vector<Iteration> iterations_;
  DeclType keys_;  // of maps: nothing bounds them
};

}  // namespace

CostRange estimate_cost(const Ast& ast, const DeclType& self, KubernetesVersion version) {
  return Coster(ast, self, version).cost(ast.root);
}

}  // namespace neoid::cel
