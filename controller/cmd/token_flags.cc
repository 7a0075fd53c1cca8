#include "controller/cmd/token_flags.h"

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/clock.h"
#include "controller/cli/token/fetch.h"
#include "controller/cmd/flags.h"

namespace neoid::cmd {
namespace {

struct TokenFlags {
  cli::ClusterFlags cluster;
  cli::TokenOptions options;
  std::vector<std::string> scopes;
  std::string format = "text";
};

// "a b" given once is as good as "a" and "b".
std::vector<std::string> split(const std::vector<std::string>& given) {
  std::vector<std::string> words;
  for (const std::string& text : given) {
    std::string word;
    for (const char c : text + " ") {
      if (c != ' ')
        word += c;
      else if (!word.empty())
        words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

void add_credential_flags(CLI::App& command, TokenFlags& flags) {
  command.add_option("--secret", flags.options.secret,
                     "NAMESPACE/NAME of a Secret that holds the credential");
  command.add_option("--client-id", flags.options.client_id, "OAuth client ID, in place of --secret");
  command.add_option("--client-secret-file", flags.options.client_secret_file,
                     "file with its client secret; - for standard input");
  command.add_option("--kubeconfig", flags.cluster.connection.kubeconfig, "kubeconfig file; as kubectl's");
  command.add_option("--context", flags.cluster.connection.context, "context of the kubeconfig");
  command.add_option("-n,--namespace", flags.cluster.ns,
                     "namespace of a NAME without one; that of the context by default");
}

}  // namespace

void add_token(CLI::App& app, int& code) {
  auto flags = std::make_shared<TokenFlags>();
  auto* command = app.add_subcommand("token", "get a token as an integration would, and explain it");
  add_credential_flags(*command, *flags);
  flag(*command, "--token-url", flags->options.token_url, "token endpoint; that of the Secret by default");
  flag(*command, "--issuer", flags->options.issuer,
       "issuer whose metadata (RFC 8414) names the token endpoint, and that the token must name");
  command
      ->add_option("--scope", flags->scopes,
                   "scope to ask for; may be repeated; everything that is granted by default")
      ->allow_extra_args(false);
  command
      ->add_option("--resource", flags->options.resources,
                   "resource that the token is for (RFC 8707); may be repeated")
      ->allow_extra_args(false);
  command->add_option("--ca-file", flags->options.ca_file,
                      "roots that the service's certificate is verified with (PEM); the system's by default");
  duration_flag(*command, "--timeout", flags->options.timeout, "how long an answer may take");
  command
      ->add_option("-o,--output", flags->format,
                   "text, json (both without the token itself) or token (nothing else)")
      ->check(CLI::IsMember({"text", "json", "token"}))
      ->capture_default_str();
  command->footer(
      "The client secret goes to the token endpoint alone, over verified TLS, and is never printed.\n"
      "Exit codes: 0 a token was issued, 1 refused or failed, 2 a wrong call.");
  command->callback([flags, &code] {
    flags->options.scopes = split(flags->scopes);
    flags->options.format = flags->format == "json"    ? cli::TokenFormat::Json
                            : flags->format == "token" ? cli::TokenFormat::Token
                                                       : cli::TokenFormat::Text;
    code = cli::fetch_token(flags->cluster, flags->options, SystemClock().now(), {std::cout, std::cerr});
  });
}

}  // namespace neoid::cmd
