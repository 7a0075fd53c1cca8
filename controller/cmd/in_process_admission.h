// The judge of the webhooks, asked by the embedded API in process: the same verdicts and warnings, without a socket.
#pragma once

#include <memory>

#include "controller/admission/judge.h"
#include "controller/apiserver/admission.h"

namespace neoid::cmd {

apiserver::Admission in_process_admission(std::shared_ptr<const admission::Judge> judge);

}  // namespace neoid::cmd
