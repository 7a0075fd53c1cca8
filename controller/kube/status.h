// Kubernetes' failures (metav1.Status) as Errors. Pure. The table of kinds is in client.h.
#pragma once

#include <chrono>

#include "controller/http/client.h"
#include "reconcile/base/result.h"
#include "reconcile/value/json.h"

namespace neoid::kube {

// Of an answer that is no success. What is no Status (a proxy's page) is told by its HTTP status alone.
Error error_from_answer(const http::ClientResponse& answer);
// Of a Status object, as it comes in a watch.
Error error_from_status(const Json& status);

}  // namespace neoid::kube
