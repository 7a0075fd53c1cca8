#include "controller/kube/service_account.h"

#include "reconcile/base/crypto.h"
#include "reconcile/value/json_text.h"

namespace neoid::kube {

std::optional<std::string> service_account_user(std::string_view token) {
  const std::size_t begin = token.find('.');
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = token.find('.', begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  std::string payload(token.substr(begin + 1, end - begin - 1));
  for (char& c : payload) c = c == '-' ? '+' : c == '_' ? '/' : c;
  payload.append((4 - payload.size() % 4) % 4, '=');
  const auto text = unbase64(payload);
  if (!text) return std::nullopt;
  const auto claims = parse_json(*text, 64);
  if (!claims || !claims->is_object()) return std::nullopt;
  const Json subject = claims->value("sub", Json());
  if (!subject.is_string() || !subject.get_ref<const std::string&>().starts_with("system:serviceaccount:"))
    return std::nullopt;
  return subject.get<std::string>();
}

}  // namespace neoid::kube
