#include "controller/kube/watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace neoid::kube {
namespace {

std::string line(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

TEST(WatchDecoder, events_come_out_whole_however_the_bytes_are_cut) {
  const std::string bytes = line("ADDED", R"({"a":"x\ny"})") + "\n" + line("MODIFIED", R"({"a":2})") +
                            line("DELETED", R"({"a":3})") + line("BOOKMARK", R"({"a":4})");
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    WatchDecoder decoder;
    std::vector<WatchEvent> events;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const auto fed = decoder.feed(std::string_view(bytes).substr(at, size), [&](WatchEvent event) {
        events.push_back(std::move(event));
        return true;
      });
      ASSERT_TRUE(fed.has_value() && *fed);
    }
    ASSERT_EQ(events.size(), 4U) << size;
    EXPECT_EQ(events[0].type, WatchEventType::Added);
    EXPECT_EQ(events[0].object["a"], "x\ny");
    EXPECT_EQ(events[1].type, WatchEventType::Modified);
    EXPECT_EQ(events[2].type, WatchEventType::Deleted);
    EXPECT_EQ(events[3].type, WatchEventType::Bookmark);
    EXPECT_EQ(events[3].object["a"], 4);
  }
}

TEST(WatchDecoder, an_error_event_is_the_error_that_it_tells) {
  WatchDecoder decoder;
  int events = 0;
  const auto fed = decoder.feed(
      line("ADDED", "{}") +
          line("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})"),
      [&](WatchEvent) { return ++events > 0; });
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(fed.error().reason, "Expired");
  EXPECT_EQ(fed.error().message, "too old");
  EXPECT_EQ(events, 1);
}

TEST(WatchDecoder, stops_when_it_is_told_to) {
  WatchDecoder decoder;
  int events = 0;
  const auto fed =
      decoder.feed(line("ADDED", "{}") + line("ADDED", "{}"), [&](WatchEvent) { return ++events < 1; });
  ASSERT_TRUE(fed.has_value());
  EXPECT_FALSE(*fed);
  EXPECT_EQ(events, 1);
}

TEST(WatchDecoder, what_is_no_event_is_an_error) {
  for (const std::string bytes : {"nonsense\n", "[]\n", "{}\n",
                                  R"({"type":"ADDED"})"
                                  "\n",
                                  R"({"type":"ODD","object":{}})"
                                  "\n",
                                  R"({"type":5,"object":{}})"
                                  "\n"}) {
    WatchDecoder decoder;
    const auto fed = decoder.feed(bytes, [](WatchEvent) { return true; });
    ASSERT_FALSE(fed.has_value()) << bytes;
    EXPECT_EQ(fed.error().kind, ErrorKind::Internal) << bytes;
  }
}

TEST(WatchDecoder, an_event_without_end_is_cut) {
  WatchDecoder decoder(1000);
  Result<bool> fed = true;
  for (int i = 0; i < 20 && fed; ++i)
    fed = decoder.feed(std::string(100, 'x'), [](WatchEvent) { return true; });
  EXPECT_FALSE(fed.has_value());
}

}  // namespace
}  // namespace neoid::kube
