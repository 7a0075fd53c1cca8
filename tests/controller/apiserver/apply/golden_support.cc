#include "golden_support.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "controller/apiserver/openapi/builtin.h"

namespace neoid::apply::golden {
namespace {

struct Kind {
  std::string kind;
  bool has_status = false;
  VersionedTypes types;
};

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t at = text.find(by);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text = text.substr(at + 1);
  }
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(text[i + 1]) && std::isxdigit(text[i + 2])) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string word(const Json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string()) return "";
  return object[name].get<std::string>();
}

class Case {
 public:
  Case(const std::filesystem::path& file, std::vector<Step>& out)
      : file_(file.filename().string()), out_(out) {
    std::ifstream in(file);
    const Json document = Json::parse(in, nullptr, false);
    // A kubectl flow: CRDs are among its files, and each step lists what kubectl sent.
    for (const Json& text : document.value("files", Json::object()))
      if (text.is_string()) learn_crd(Json::parse(text.get_ref<const std::string&>(), nullptr, false));
    for (const Json& step : document.value("steps", Json::array())) {
      if (step.contains("request")) read(step);
      for (const Json& exchange : step.value("http", Json::array())) {
        Json named = exchange;
        named["name"] = "kubectl";
        for (const Json& word : step.value("argv", Json::array()))
          named["name"].get_ref<std::string&>() += " " + word.get<std::string>();
        read(named);
      }
    }
  }

 private:
  // "${create.response.body.metadata.uid}" alone, or inside a longer text.
  Json filled(const Json& value) const {
    if (value.is_object() || value.is_array()) {
      Json out = value;
      for (Json& member : out) member = filled(member);
      return out;
    }
    if (!value.is_string()) return value;
    const std::string& text = value.get_ref<const std::string&>();
    const std::size_t open = text.find("${");
    const std::size_t close = text.find('}', open == std::string::npos ? 0 : open);
    if (open == std::string::npos || close == std::string::npos) return value;
    const std::vector<std::string> words =
        split(std::string_view(text).substr(open + 2, close - open - 2), '.');
    const auto answer = answers_.find(words[0]);
    if (answer == answers_.end() || words.size() < 3 || words[1] != "response") return value;
    const Json* at = &answer->second;
    for (std::size_t i = 3; i < words.size(); ++i) {
      if (!at->is_object() || !at->contains(words[i])) return value;
      at = &(*at)[words[i]];
    }
    if (open == 0 && close + 1 == text.size()) return *at;
    return text.substr(0, open) + (at->is_string() ? at->get<std::string>() : at->dump()) +
           text.substr(close + 1);
  }

  void learn_crd(const Json& crd) {
    if (!crd.is_object() || word(crd, "kind") != "CustomResourceDefinition") return;
    const Json spec = crd.value("spec", Json());
    if (!spec.is_object() || !spec.contains("group") || !spec.contains("names") || !spec.contains("versions"))
      return;
    for (const Json& version : spec["versions"]) {
      if (!version.is_object() || !version.contains("name")) continue;
      const std::string group_version = word(spec, "group") + "/" + word(version, "name");
      Kind& kind = customs_[word(spec, "group") + "/" + word(spec["names"], "plural")];
      kind.kind = word(spec["names"], "kind");
      const Json schema = version.value("schema", Json::object());
      kind.types[group_version] = type_of_crd_schema(
          schema.is_object() ? schema.value("openAPIV3Schema", Json()) : Json(), openapi::builtin_reference);
      kind.has_status = version.contains("subresources") && version["subresources"].is_object() &&
                        version["subresources"].contains("status");
    }
  }

  void read(const Json& step) {
    if (!step.contains("request")) return;
    const Json& request = step["request"];
    const std::string name = step.value("name", "");
    const Json body = request.contains("body") ? filled(request["body"]) : Json();
    if (request.value("method", "") != "DELETE") learn_crd(body);
    const Json answer =
        step.contains("response") ? step["response"].value("body", Json()) : Json();  // a text stays unknown
    answers_[name] = answer;
    if (!step.contains("response")) return;

    Step out;
    out.name = file_ + " " + name;
    out.method = request.value("method", "");
    out.status = step["response"].value("status", 0);
    out.answer = answer;
    out.body = body;
    out.body_text = request.contains("bodyText") ? request["bodyText"].get<std::string>() : body.dump();
    const Json headers = request.value("headers", Json::object());
    out.content_type = headers.value("Content-Type", "");
    out.user_agent = headers.value("User-Agent", "golden/1.0");
    const std::string target = filled(request.value("path", "")).get<std::string>();
    const std::size_t question = target.find('?');
    out.path = target.substr(0, question);
    if (question != std::string::npos)
      for (const std::string& pair : split(std::string_view(target).substr(question + 1), '&')) {
        const std::size_t equals = pair.find('=');
        out.query.emplace(pair.substr(0, equals),
                          equals == std::string::npos ? "" : percent_decoded(pair.substr(equals + 1)));
      }
    finish(std::move(out), step.contains("auth"));
  }

  void finish(Step step, bool other_user) {
    std::vector<std::string> words = split(step.path.substr(1), '/');
    if (words.size() < 3 || (words[0] != "api" && words[0] != "apis")) return;
    const bool core = words[0] == "api";
    const std::string group = core ? "" : words[1];
    const std::string version = core ? words[1] : words[2];
    words.erase(words.begin(), words.begin() + (core ? 2 : 3));
    step.api_version = core ? version : group + "/" + version;
    std::string space;
    if (words.size() > 2 && words[0] == "namespaces" && words[2] != "status" && words[2] != "finalize") {
      space = words[1];
      words.erase(words.begin(), words.begin() + 2);
    }
    if (words.empty() || words.size() > 3) return;
    step.resource = words[0];
    if (words.size() == 3) step.subresource = words[2];
    if (!add_types(step, group, version)) return;

    const bool object = step.answer.is_object() && word(step.answer, "kind") == step.kind;
    const std::string name = words.size() > 1 ? words[1]
                             : object         ? word(step.answer["metadata"], "name")
                                              : "";
    const std::string key = group + "/" + step.resource + "/" + space + "/" + name;
    const auto live = live_.find(key);
    step.live = live == live_.end() ? Json::object() : live->second;
    drop_unknown(step.live, *step.types.at(step.api_version));
    const bool write = step.method == "POST" || step.method == "PUT" || step.method == "PATCH";
    const bool dry = step.query.contains("dryRun");
    if (step.status == 404) live_.erase(key);
    if (object && !dry) live_[key] = step.answer;
    if (step.method == "DELETE" && !object && !dry) live_.erase(key);
    if (write && !other_user) out_.push_back(std::move(step));
  }

  bool add_types(Step& step, const std::string& group, const std::string& version) const {
    if (const auto custom = customs_.find(group + "/" + step.resource); custom != customs_.end()) {
      step.custom = true;
      step.kind = custom->second.kind;
      step.has_status = custom->second.has_status;
      step.types = custom->second.types;
      return step.types.contains(step.api_version);
    }
    for (const openapi::BuiltinResource& resource : openapi::builtin_resources())
      if (resource.group == group && resource.version == version && resource.plural == step.resource &&
          !resource.create_only) {
        step.kind = resource.kind;
        static std::map<std::string, TypeRef> known;
        TypeRef& type = known[step.api_version + "/" + resource.kind];
        if (!type)
          type = type_of_schema(*openapi::builtin_schema(group, version, resource.kind),
                                openapi::builtin_reference);
        step.types[step.api_version] = type;
        return true;
      }
    return false;
  }

  std::string file_;
  std::vector<Step>& out_;
  std::map<std::string, Json> answers_, live_;
  std::map<std::string, Kind> customs_;
};

}  // namespace

void drop_unknown(Json& value, const Type& type) {
  if (!value.is_object() || !type.map) return;
  for (auto at = value.begin(); at != value.end();) {
    const TypeRef& member = type.map->member(at.key());
    if (member) drop_unknown(*at, *member);
    at = member ? std::next(at) : value.erase(at);
  }
}

Writer Step::writer() const {
  Writer out;
  const auto option = query.find("fieldManager");
  out.manager = field_manager(option == query.end() ? "" : option->second, user_agent);
  out.api_version = api_version;
  out.subresource = subresource;
  if (custom)
    out.reset_fields = subresource == "status" ? status_reset_fields() : main_reset_fields(has_status);
  return out;
}

const std::vector<Step>& read_steps() {
  static const std::vector<Step> all = [] {
    std::vector<std::filesystem::path> files;
    for (const char* folder : {"http", "kubectl"})
      for (const auto& entry : std::filesystem::directory_iterator(
               std::filesystem::path(NEOID_SOURCE_DIR "/tests/golden/kube") / folder))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<Step> out;
    for (const auto& file : files) Case(file, out);
    return out;
  }();
  return all;
}

std::optional<Instant> latest_time(const Json& object) {
  std::optional<Instant> latest;
  if (!object.is_object() || !object.contains("metadata") || !object["metadata"].contains("managedFields"))
    return latest;
  for (const Json& entry : object["metadata"]["managedFields"])
    if (entry.contains("time"))
      if (const auto time = parse_time(word(entry, "time")); time && (!latest || *time > *latest))
        latest = time;
  return latest;
}

}  // namespace neoid::apply::golden
