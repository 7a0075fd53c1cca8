#include "controller/kube/measured_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/kube/client.h"
#include "tests/controller/kube/scripted_transport.h"

namespace neoid::kube {
namespace {

TEST(RequestLabels, a_request_is_counted_under_its_verb_and_resource) {
  struct Case {
    const char* method;
    const char* target;
    const char* verb;
    const char* resource;
  };
  for (const Case& one : std::initializer_list<Case>{
           {"GET", "/api/v1/namespaces/kube-system", "get", "namespaces"},
           {"GET", "/api/v1/namespaces?limit=500", "list", "namespaces"},
           {"GET", "/api/v1/namespaces/apps/secrets/billing-oauth", "get", "secrets"},
           {"GET", "/api/v1/secrets?fieldSelector=type%3Dx", "list", "secrets"},
           {"POST", "/api/v1/namespaces/apps/secrets?fieldManager=neoid", "create", "secrets"},
           {"PATCH", "/apis/identity.neostella.com/v1/namespaces/a/integrationusers/b", "patch",
            "integrationusers"},
           {"PUT", "/apis/identity.neostella.com/v1/scopes/documents/status", "update", "scopes"},
           {"DELETE", "/api/v1/namespaces/apps/secrets/x", "delete", "secrets"},
           {"GET", "/version", "get", ""},
       }) {
    const RequestLabels labels = labels_of(one.method, one.target);
    EXPECT_EQ(labels.verb, one.verb) << one.method << " " << one.target;
    EXPECT_EQ(labels.resource, one.resource) << one.method << " " << one.target;
  }
}

}  // namespace
}  // namespace neoid::kube
