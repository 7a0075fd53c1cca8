// Requests to the fuzz entry: the corpus, and mutations of it.
#include <gtest/gtest.h>

#include <string>

#include "tests/fuzz/api_fuzz.cc"  // the entry itself: the fuzzer's own main is not linked here
#include "tests/support/fuzz_mutations.h"

namespace {

void run_api(const std::string& input) {
  SCOPED_TRACE(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(ApiFuzz, EveryRequestOfTheCorpusIsAnswered) {
  const auto corpus = neoid::test::fuzz_corpus("api");
  ASSERT_GT(corpus.size(), 60U);
  for (const std::string& text : corpus) run_api(text);
}

TEST(ApiFuzz, MutationsOfRequestsAreAnswered) {
  neoid::test::for_each_mutation(
      neoid::test::fuzz_corpus("api"),
      [](const std::string& head, const std::string& body) {
        return head.substr(0, head.find("\r\n\r\n") + 4) + body.substr(body.find("\r\n\r\n") + 4);
      },
      run_api);
}

}  // namespace
