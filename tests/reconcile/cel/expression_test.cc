#include "reconcile/cel/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace neoid::cel {
namespace {

using testing::HasSubstr;

DeclTypePtr variables() {
  const DeclTypePtr text = string_type({});
  return object_type({{"object", object_type({{"name", text}, {"tags", list_type({text, std::nullopt})}})},
                      {"oldObject", object_type({{"name", text}})},
                      {"request", object_type({{"operation", text}})},
                      {"labels", map_type(text, std::nullopt)}});
}

const Json kValues = {{"object", {{"name", "a"}, {"tags", {"x", "y"}}}},
                      {"oldObject", nullptr},
                      {"request", {{"operation", "CREATE"}}},
                      {"labels", {{"k", "v"}}}};

TEST(Expression, over_named_variables_answers_json) {
  const struct {
    const char* text;
    Json wanted;
  } cases[] = {
      {"object.name == 'a' && request.operation == 'CREATE'", true},
      {"object.tags.exists(t, t == 'y')", true},
      {"object.name + '-' + request.operation", "a-CREATE"},
      {"object.tags.map(t, t + '!')", {"x!", "y!"}},
      {"['a', 'b']", {"a", "b"}},
      {"size(object.tags) + 40", 42},
      {"labels", {{"k", "v"}}},
      {"{'a': 1}", {{"a", 1}}},
      {"object.tags", {"x", "y"}},
  };
  for (const auto& c : cases) {
    const auto expression = Expression::compile(c.text, variables(), {1, 30});
    ASSERT_TRUE(expression) << c.text << ": " << expression.error().message;
    const auto result = expression->evaluate(kValues);
    ASSERT_TRUE(result) << c.text << ": " << result.error().message;
    EXPECT_EQ(*result, c.wanted) << c.text;
  }
}

TEST(Expression, that_is_none_says_so_as_a_server_does) {
  const auto unknown = Expression::compile("self.name == 'a'", variables(), {1, 30});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("undeclared reference to 'self'"));
  EXPECT_FALSE(Expression::compile("object.nonsense", variables(), {1, 30}));
  EXPECT_FALSE(Expression::compile("object.name ==", variables(), {1, 30}));
}

TEST(Expression, that_cannot_say_is_an_error) {
  const auto expression = Expression::compile("labels['none'] == 'v'", variables(), {1, 30});
  ASSERT_TRUE(expression);
  const auto result = expression->evaluate(kValues);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no such key: none"));
  const auto costly =
      Expression::compile("object.tags.all(a, object.tags.all(b, a != b + 'z'))", variables(), {1, 30});
  ASSERT_TRUE(costly);
  EXPECT_FALSE(costly->evaluate(kValues, 5));
}

}  // namespace
}  // namespace neoid::cel
