// Requests to the fuzz entry: the corpus, and mutations of it.
#include <gtest/gtest.h>

#include <string>

#include "tests/fuzz/oauth_fuzz.cc"  // the entry itself: the fuzzer's own main is not linked here
#include "tests/support/fuzz_mutations.h"

namespace {

void run_oauth(const std::string& input) {
  SCOPED_TRACE(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(OAuthFuzz, EveryRequestOfTheCorpusIsAnswered) {
  const auto corpus = neoid::test::fuzz_corpus("oauth");
  ASSERT_GT(corpus.size(), 15U);
  for (const std::string& text : corpus) run_oauth(text);
}

TEST(OAuthFuzz, MutationsOfRequestsAreAnswered) {
  neoid::test::for_each_mutation(
      neoid::test::fuzz_corpus("oauth"),
      [](const std::string& head, const std::string& body) {
        return head.substr(0, head.find('\n')) + body.substr(std::min(body.find('\n'), body.size()));
      },
      run_oauth);
}

}  // namespace
