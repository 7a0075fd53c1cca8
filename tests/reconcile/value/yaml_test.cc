#include "reconcile/value/yaml.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace neoid {
namespace {

Document only(std::string_view text) {
  auto documents = read_yaml(text);
  EXPECT_TRUE(documents) << (documents ? "" : documents.error().message);
  EXPECT_EQ(documents ? documents->size() : 0, 1u);
  return documents && !documents->empty() ? std::move(documents->front()) : Document{};
}

// --- Positions ---

constexpr const char* kText =
    "# a comment\n"
    "kind: Thing\n"
    "metadata:\n"
    "  labels: {a/b: \"1\", c: x}\n"
    "spec:\n"
    "  list:\n"
    "  - name: é\n"
    "    port: 1\n"
    "  - [x, {w: z}]\n"
    "  base: &base\n"
    "    deep: {er: 1}\n"
    "  copy: *base\n"
    "  merged:\n"
    "    <<: *base\n"
    "    own: 1\n"
    "  twice: 1\n"
    "  twice: 2\n";

struct PlaceCase {
  std::string pointer;
  Position key;
  Position value;
};

TEST(YamlPositions, AreThoseOfKeyAndValue) {
  const Document document = only(kText);
  const std::vector<PlaceCase> cases = {
      {"", {2, 1}, {2, 1}},
      {"/kind", {2, 1}, {2, 7}},
      {"/metadata/labels", {4, 3}, {4, 11}},
      {"/metadata/labels/a~1b", {4, 12}, {4, 17}},
      {"/metadata/labels/c", {4, 22}, {4, 25}},
      {"/spec/list", {6, 3}, {7, 3}},
      {"/spec/list/0", {7, 5}, {7, 5}},
      {"/spec/list/0/port", {8, 5}, {8, 11}},
      {"/spec/list/1/1/w", {9, 10}, {9, 13}},
      {"/spec/copy/deep/er", {11, 12}, {11, 16}},
      {"/spec/merged/deep", {11, 5}, {11, 11}},
      {"/spec/merged/own", {15, 5}, {15, 10}},
      {"/spec/twice", {17, 3}, {17, 10}},
  };
  for (const PlaceCase& c : cases) {
    const auto place = document.positions.find(c.pointer);
    ASSERT_TRUE(place) << c.pointer;
    EXPECT_EQ(place->key, c.key) << c.pointer << " key " << place->key.line << ":" << place->key.column;
    EXPECT_EQ(place->value, c.value) << c.pointer << " value " << place->value.line << ":"
                                     << place->value.column;
  }
  for (const char* absent : {"/x", "/spec/list/2", "/kind/a", "/spec/list/00x", "no pointer"})
    EXPECT_FALSE(document.positions.find(absent)) << absent;
}

TEST(YamlPositions, OfWhatIsNotInTheTextAreThoseOfTheNearestParent) {
  const Document document = only(kText);
  EXPECT_EQ(document.positions.nearest("spec.list[0].protocol").key, (Position{7, 5}));
  EXPECT_EQ(document.positions.nearest("metadata.labels[a/b]").key, (Position{4, 12}));
  EXPECT_EQ(document.positions.nearest("spec.nothing[3].here").key, (Position{5, 1}));
  EXPECT_EQ(document.positions.nearest("<nil>").key, (Position{2, 1}));
  EXPECT_EQ(SourceMap().nearest("spec"), Place{});
}

TEST(YamlPositions, CountOnThroughTheStream) {
  const auto documents = read_yaml("---\na: 1\n---\n# x\nb: 2\n--- # last\n\nc: [1,\n  2]\n");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0].positions.find("/a")->key, (Position{2, 1}));
  EXPECT_EQ((*documents)[1].positions.find("/b")->key, (Position{5, 1}));
  EXPECT_EQ((*documents)[1].start, (Position{4, 1}));
  EXPECT_EQ((*documents)[2].positions.find("/c/1")->value, (Position{9, 3}));
}

TEST(YamlPositions, OfJsonAreThere) {
  const auto documents = read_yaml("{\"a\": [1,\n  {\"é\": \"x\", \"b\": 2}]}\n {\"c\": 3}");
  ASSERT_TRUE(documents);
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ((*documents)[0].positions.find("/a/1/b")->key, (Position{2, 14}));
  EXPECT_EQ((*documents)[0].positions.find("/a/1/b")->value, (Position{2, 19}));
  EXPECT_EQ((*documents)[1].positions.find("/c")->key, (Position{3, 3}));
}

// --- Notices ---

struct NoticeCase {
  std::string text;
  std::string want;  // "Kind path line:column"
};

TEST(YamlNotices, NameWhatWasProbablyNotMeant) {
  const std::vector<NoticeCase> cases = {
      {"a: 1\nb: {c: 1, c: 2}\n", "DuplicateKey b.c 2:11"},
      {"a: yes\n", "BooleanWord a 1:4"},
      {"a: [x, No]\n", "BooleanWord a[1] 1:8"},
      {"a: true\n", ""},
      {"a: \"yes\"\n", ""},
      {"a: !!bool yes\n", ""},
      {"a: 012\n", "LeadingZero a 1:4"},
      {"a: 08\n", "LeadingZero a 1:4"},
      {"a: 0\n", ""},
      {"a: 0x1f\n", ""},
      {"a: 0.5\n", ""},
      {"a: 1_000\n", "Underscore a 1:4"},
      {"a: 1.10\n", "Rewritten a 1:4"},
      {"a: 12e03\n", "Rewritten a 1:4"},
      {"a: 1.1\n", ""},
      {"a: 9007199254740993\n", "LargeInteger a 1:4"},
      {"a: 99999999999999999999\n", "LargeInteger a 1:4"},
      {"a: 9007199254740992\n", ""},
      {"a: !foo x\n", "Tag a 1:4"},
      {"a: !!set {x}\n", "Tag a 1:4"},
      {"a: !!str 1\n", ""},
      {"on: 1\n", "KeyNotString true 1:1"},
      {"0x10: 1\n", "KeyNotString 16 1:1"},
      {"1: 1\n", ""},
      {"m:\n  l:\n    a/b: \xE9\n", "InvalidUtf8  3:10"},
      {"b: &b {c: 1}\nd:\n  <<: *b\n  c: 2\n", "MergeKey d.<< 3:3"},
      {"{\"a\": 1, \"a\": 9007199254740993}", "DuplicateKey a 1:10 LargeInteger a 1:15"},
  };
  for (const NoticeCase& c : cases) {
    std::string got;
    for (const Notice& notice : only(c.text).notices)
      got += fmt::format("{}{} {} {}:{}", got.empty() ? "" : " ", to_string(notice.kind), notice.path,
                         notice.at.line, notice.at.column);
    EXPECT_EQ(got, c.want) << c.text;
  }
}

TEST(YamlNotices, SayWhatWasReadAndWhatToWrite) {
  EXPECT_EQ(only("a: 1.10\n").notices.at(0).message,
            "1.10 is read as the number 1.1; write \"1.10\" if the text is meant");
  EXPECT_EQ(only("a: no\n").notices.at(0).message,
            "no is read as the boolean false; write \"no\" if the text is meant");
}

TEST(YamlNotices, AreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("k{}: yes\n", i);
  EXPECT_EQ(only(text).notices.size(), 100u);
}

// --- Errors and limits ---

struct YamlErrorCase {
  std::string text;
  std::string message;
  int kubectl_line;
};

TEST(YamlErrors, HaveKubectlsWordsAndTheExactPlace) {
  const std::vector<YamlErrorCase> cases = {
      {"a:\n  - b\n - c\n", "yaml: line 2: did not find expected key (at line 3, column 2)", 2},
      {"a: b: c\n", "yaml: mapping values are not allowed in this context (at line 1, column 5)", 0},
      {"x: 1\na: ,\n", "yaml: line 1: did not find expected node content (at line 2, column 4)", 1},
      {"a: 1\n---\nb: 1\nc: [\n", "yaml: line 2: did not find expected node content (at line 5, column 1)",
       2},
      {"a: 1\n---x\n", "invalid Yaml document separator: x (at line 2, column 4)", 0},
      {"a: \"\x01\"\n", "yaml: control characters are not allowed (at line 1, column 5)", 0},
      {"a: .nan\n", "json: unsupported value: NaN (at line 1, column 4)", 0},
      {"{\"a\": 1,\n \"b\"}", "json: offset 14: invalid character '}' after object key (at line 2, column 5)",
       0},
      {"{\"a\": ", "unexpected EOF (at line 1, column 7)", 0},
  };
  for (const YamlErrorCase& c : cases) {
    YamlReader reader(c.text);
    Result<std::optional<Document>> got = reader.next();
    while (got && *got) got = reader.next();
    ASSERT_FALSE(got) << c.text;
    EXPECT_EQ(got.error().kind, ErrorKind::Invalid);
    EXPECT_EQ(got.error().message, c.message);
    ASSERT_TRUE(reader.error());
    EXPECT_EQ(reader.error()->kubectl_line, c.kubectl_line) << c.text;
    EXPECT_EQ(reader.next().error().message, c.message) << "an error stays";
  }
}

TEST(YamlErrors, WhatIsOverwrittenIsNoError) {
  EXPECT_EQ(*parse_yaml("a: {b: .inf}\na: 1\n"), (Json{{"a", 1}}));
  EXPECT_FALSE(parse_yaml("a: 1\na: {b: [.nan]}\n"));
}

TEST(YamlErrors, TheDocumentsBeforeAnErrorAreRead) {
  YamlReader reader("a: 1\n---\nb: [\n");
  const auto first = reader.next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->value, (Json{{"a", 1}}));
  EXPECT_FALSE(reader.next());
}

TEST(YamlLimits, BombsAreRefusedQuickly) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'j'; ++c)
    bomb += fmt::format("{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n", c,
                        static_cast<char>(c - 1));
  const auto read = read_yaml(bomb);
  ASSERT_FALSE(read);
  EXPECT_TRUE(read.error().message.starts_with("yaml: document contains excessive aliasing"))
      << read.error().message;
}

TEST(YamlLimits, ValuesBytesAndLevelsAreBounded) {
  YamlLimits limits;
  limits.max_nodes = 5;
  EXPECT_TRUE(read_yaml("a: [1, 2]\n", limits).has_value() == false);
  EXPECT_TRUE(read_yaml("a: [1]\n", limits).has_value());
  limits = {};
  limits.max_document_bytes = 10;
  EXPECT_FALSE(read_yaml("a: 0123456789\n", limits));
  EXPECT_TRUE(read_yaml("a: 01234\n---\nb: 01234\n", limits));
  EXPECT_FALSE(read_yaml(R"({"a": "0123456789"})", limits));
  limits = {};
  limits.max_depth = 3;
  EXPECT_FALSE(read_yaml("[[[[]]]]", limits));
  EXPECT_TRUE(read_yaml("[[[]]]", limits));
  EXPECT_FALSE(read_yaml(R"({"a":{"b":{"c":{}}}})", limits));
  EXPECT_TRUE(read_yaml(R"({"a":{"b":{}}})", limits));
  std::string anchors;
  for (int i = 0; i < 5'000; ++i) anchors += fmt::format("&a{} [", i);
  EXPECT_FALSE(read_yaml(anchors + std::string(5'000, ']')));
  std::string block;
  for (int i = 0; i < 10'001; ++i) block += "- ";
  EXPECT_FALSE(read_yaml(block + "a\n"));
}

// --- Streams ---

// Hands out `text` in pieces of `size` bytes.
YamlReader::Source pieces(const std::string& text, std::size_t size) {
  auto at = std::make_shared<std::size_t>(0);
  return [&text, size, at](char* buffer, std::size_t room) -> Result<std::size_t> {
    const std::size_t count = std::min({size, room, text.size() - *at});
    std::memcpy(buffer, text.data() + *at, count);
    *at += count;
    return count;
  };
}

std::vector<Json> drain(YamlReader reader) {
  std::vector<Json> values;
  for (;;) {
    auto document = reader.next();
    EXPECT_TRUE(document) << document.error().message;
    if (!document || !*document) return values;
    Json places = Json::array();
    const Place whole = (*document)->positions.nearest("");
    values.push_back({(*document)->value, whole.value.line, whole.value.column, (*document)->notices.size()});
  }
}

TEST(YamlStream, IsReadTheSameInPiecesOfAnySize) {
  const std::string yaml =
      "--- # one\na: é\n---\n---\nb: |\n  --- no\n  x\n---\r\nc: \xE9\xA0 yes\nd: yes\n...\n# end";
  const std::string json = "{\"a\": [1, 2]}\n\n {\"b\":\n\"é\"}{\"c\": 1}\n";
  const std::string utf16(
      "\xFF\xFE"
      "a\0:\0 \0=\xD8\x00\xDE\n\0-\0-\0-\0\n\0b\0:\0 \0"
      "1\0",
      30);
  for (const std::string& text : {yaml, json, utf16}) {
    const std::vector<Json> want = drain(YamlReader(text));
    EXPECT_GE(want.size(), 2u);
    for (std::size_t size = 1; size < 20; ++size)
      EXPECT_EQ(drain(YamlReader(pieces(text, size))), want) << size;
  }
}

TEST(YamlStream, ASourcesErrorIsHandedOn) {
  YamlReader reader(
      [](char*, std::size_t) -> Result<std::size_t> { return fail(ErrorKind::Unavailable, "gone"); });
  const auto got = reader.next();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::Unavailable);
  EXPECT_FALSE(reader.error());
}

TEST(YamlStream, HoldsOneDocumentAtATime) {
  // 64 MiB in documents of 1 KiB: were they all kept, the limit of one document would be met.
  const std::string document = "a: " + std::string(1000, 'x') + "\n---\n";
  std::size_t left = 20'000;
  YamlLimits limits;
  limits.max_document_bytes = 2'000;
  YamlReader reader(
      [&](char* buffer, std::size_t) -> Result<std::size_t> {
        if (left == 0) return std::size_t{0};
        --left;
        std::memcpy(buffer, document.data(), document.size());
        return document.size();
      },
      limits);
  std::size_t count = 0;
  for (auto next = reader.next(); next && *next; next = reader.next()) ++count;
  EXPECT_EQ(count, 20'000u);
}

// --- Helpers ---

TEST(ParseYaml, ReadsOneDocument) {
  EXPECT_EQ(*parse_yaml("a: 1\n"), (Json{{"a", 1}}));
  EXPECT_EQ(*parse_yaml("{\"a\": 1}"), (Json{{"a", 1}}));
  EXPECT_EQ(*parse_yaml(""), Json());
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 1\n").error().message,
            "one document is wanted, another one starts at line 3");
}

TEST(ReadYamlBody, ReadsAsTheApiServerDoes) {
  const auto body =
      read_yaml_body("a: 1\nspec:\n  size: 5\n  size: 6\n  1: a\n  1:\n    b\n---\nignored: [\n");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->value, Json::parse(R"({"a":1,"spec":{"size":6,"1":"b"}})"));
  EXPECT_EQ(body->duplicate_keys, (std::vector<std::string>{"line 4: key \"size\" already set in map",
                                                            "line 7: key 1 already set in map"}));
  EXPECT_EQ(read_yaml_body("a: [").error().message, "yaml: line 1: did not find expected node content");
  EXPECT_EQ(read_yaml_body("%YAML 1.1\n---\na: 1\n")->value, (Json{{"a", 1}}));
}

TEST(ItemsOfList, TakesListsApart) {
  EXPECT_EQ(items_of_list(Json::parse(R"({"kind":"List","items":[{"a":1},{"b":2}]})")).size(), 2u);
  EXPECT_EQ(items_of_list(Json::parse(R"({"kind":"WidgetList","items":[]})")).size(), 0u);
  EXPECT_EQ(items_of_list(Json::parse(R"({"kind":"Widget","items":[1,2]})")).size(), 1u);
  EXPECT_EQ(items_of_list(Json(5)).size(), 1u);
}

}  // namespace
}  // namespace neoid
