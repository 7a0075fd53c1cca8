#include "controller/cli/preview/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "controller/cli/validate/report.h"
#include "reconcile/value/json_text.h"

namespace neoid::preview {
namespace {

using validate::printable;

struct Mark {
  std::string_view sign;
  std::string_view color;  // SGR
  std::string_view word;   // of the JSON form
};

Mark mark_of(Action action) {
  switch (action) {
    case Action::Nothing: return {" ", "0", "none"};
    case Action::Create: return {"+", "32", "create"};
    case Action::Update: return {"~", "33", "update"};
    case Action::Blocked: return {"!", "31", "blocked"};
  }
  return {" ", "0", "none"};
}

std::string paint(bool color, std::string_view code, std::string_view text) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string value_text(const Json& value) {
  if (value == kUnknown) return kUnknown;
  if (value.is_null()) return "(none)";
  return printable(to_json(value));
}

// What came to a list of names and what left it; other values as before and after.
std::string change_text(const FieldChange& change) {
  if (change.before.is_null() && change.field != "hold") return value_text(change.after);
  if (!change.before.is_array() || !change.after.is_array())
    return value_text(change.before) + " -> " + value_text(change.after);
  std::vector<std::string> parts;
  const auto missing = [&](const Json& from, const Json& in, const char* sign) {
    for (const Json& item : from)
      if (std::find(in.begin(), in.end(), item) == in.end())
        parts.push_back(sign + (item.is_string() ? printable(item.get<std::string>()) : value_text(item)));
  };
  missing(change.after, change.before, "+");
  missing(change.before, change.after, "-");
  return fmt::format("{}", fmt::join(parts, " "));
}

void write_change(std::ostream& out, const Change& change, bool color) {
  if (change.action == Action::Nothing && change.notes.empty()) return;
  const Mark mark = mark_of(change.action);
  out << paint(color, mark.color, mark.sign) << ' '
      << paint(color, "1", printable(change.declared.key.text())) << "  (" << printable(change.declared.file)
      << ':' << change.declared.at.line << ")\n";
  for (const FieldChange& field : change.fields) {
    const Mark sign = mark_of(field.before.is_null() ? Action::Create : Action::Update);
    out << "    " << paint(color, sign.color, sign.sign) << ' ' << field.field << ": " << change_text(field)
        << '\n';
  }
  for (const std::string& note : change.notes) out << "    # " << printable(note) << '\n';
}

}  // namespace

std::size_t count(const Preview& preview, Action action) {
  return static_cast<std::size_t>(
      std::count_if(preview.changes.begin(), preview.changes.end(),
                    [action](const Change& change) { return change.action == action; }));
}

void write_text(std::ostream& out, const Preview& preview, bool color) {
  for (const Change& change : preview.changes) write_change(out, change, color);
  for (const std::string& gap : preview.gaps) out << "? " << printable(gap) << '\n';
  out << fmt::format("{} to create, {} to change, {} unchanged, {} blocked\n", count(preview, Action::Create),
                     count(preview, Action::Update), count(preview, Action::Nothing),
                     count(preview, Action::Blocked));
}

void write_json(std::ostream& out, const Preview& preview) {
  Json resources = Json::array();
  for (const Change& change : preview.changes) {
    Json fields = Json::array();
    for (const FieldChange& field : change.fields) {
      Json entry = {{"field", field.field}, {"before", field.before}, {"after", field.after}};
      if (field.after == kUnknown)
        entry = {{"field", field.field}, {"before", field.before}, {"afterUnknown", true}};
      fields.push_back(std::move(entry));
    }
    Json resource = {{"kind", api::to_string(change.declared.key.kind)},
                     {"name", change.declared.key.name},
                     {"file", change.declared.file},
                     {"line", change.declared.at.line},
                     {"action", mark_of(change.action).word},
                     {"fields", std::move(fields)},
                     {"notes", change.notes}};
    if (!change.declared.key.ns.empty()) resource["namespace"] = change.declared.key.ns;
    if (!change.user_id.empty()) resource["userID"] = change.user_id;
    resources.push_back(std::move(resource));
  }
  const Json json = {{"store", preview.store},
                     {"cluster", preview.cluster.value},
                     {"resources", std::move(resources)},
                     {"unknown", preview.gaps},
                     {"summary",
                      {{"create", count(preview, Action::Create)},
                       {"update", count(preview, Action::Update)},
                       {"unchanged", count(preview, Action::Nothing)},
                       {"blocked", count(preview, Action::Blocked)}}}};
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace neoid::preview
