// The admission webhooks of `neoid controller`: flags, and the parts wired together.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "controller/admission/webhook.h"
#include "controller/kube/client.h"
#include "controller/reconcilers/caches.h"

namespace neoid::cmd {

struct WebhookFlags {
  std::string listen;  // empty: none
  std::string service = "neoid-system/neoid-webhook";
  std::vector<std::string> hosts;  // more names and addresses of the certificate
  std::string secret = "neoid-system/neoid-webhook-tls";
  std::string configuration = "neoid";
  std::string certificate_file, key_file;  // given: nothing is made or injected
  policy::PlatformIdentities platform{{}, {"system:masters", "neoid:platform"}};
};

void add_webhook_flags(CLI::App& app, WebhookFlags& flags);

// What must live as long as the server; goes in one piece.
struct RunningWebhook {
  std::unique_ptr<admission::Judge> judge;
  std::unique_ptr<admission::Webhook> server;
};
// Null: --webhook-listen is empty. Borrows client, caches, clock and metrics. Errors: Invalid (a flag), those of
// admission::Webhook.
Result<std::unique_ptr<RunningWebhook>> start_webhook(const WebhookFlags& flags, const kube::Client& client,
                                                      const reconcilers::Caches& caches, Clock& clock,
                                                      MetricsRegistry& metrics);

}  // namespace neoid::cmd
