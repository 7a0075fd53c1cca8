#include "controller/cmd/in_process_admission.h"

#include <utility>

namespace neoid::cmd {
namespace {

policy::AdmissionOperation operation_of(const std::string& operation) {
  return operation == "CREATE"   ? policy::AdmissionOperation::Create
         : operation == "DELETE" ? policy::AdmissionOperation::Delete
                                 : policy::AdmissionOperation::Update;
}

admission::Request request_of(const apiserver::AdmissionRequest& asked) {
  admission::Request request;
  request.group = asked.group;
  request.kind = asked.kind;
  request.dry_run = asked.dry_run;
  request.ns = asked.ns;
  request.facts.operation = operation_of(asked.operation);
  request.facts.name = asked.name;
  request.facts.subresource = asked.subresource;
  request.facts.user = asked.user.name;
  request.facts.groups = asked.user.groups;
  request.facts.object = asked.object;
  request.facts.old_object = asked.old_object;
  return request;
}

}  // namespace

apiserver::Admission in_process_admission(std::shared_ptr<const admission::Judge> judge) {
  apiserver::Admission admission;
  admission.mutate = [judge](const apiserver::AdmissionRequest& asked) {
    apiserver::AdmissionAnswer answer;
    answer.patched = judge->mutate(request_of(asked));
    return answer;
  };
  admission.validate = [judge](const apiserver::AdmissionRequest& asked) {
    admission::Verdict verdict = judge->validate(request_of(asked));
    apiserver::AdmissionAnswer answer;
    answer.allowed = verdict.allowed;
    answer.code = verdict.code;
    answer.reason = std::move(verdict.reason);
    answer.message = std::move(verdict.message);
    answer.warnings = std::move(verdict.warnings);
    return answer;
  };
  return admission;
}

}  // namespace neoid::cmd
