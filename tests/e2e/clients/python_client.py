#!/usr/bin/python3
"""The official Python client (Debian's python3-kubernetes) against `neoid standalone`: PROGRAM is its only argument.

To be run by Debian's /usr/bin/python3. Says nothing and exits 0, or fails with what was wrong.
"""
import pathlib
import sys
import threading

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
from standalone import Standalone, wait_for  # noqa: E402

import yaml  # noqa: E402

GROUP, VERSION, PLURAL = "identity.neostella.com", "v1", "integrationusers"


def refused(status, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        assert error.status == status, f"{status} was expected, not {error}"
        return error
    raise AssertionError(f"{status} was expected")


def user(name, **spec):
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "IntegrationUser", "metadata": {"name": name},
            "spec": {"displayName": name, "scopes": ["contacts"], **spec}}


def built_in_kinds(core, apps, rbac):
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="team")))
    secret = core.create_namespaced_secret("team", client.V1Secret(
        metadata=client.V1ObjectMeta(name="s", labels={"a": "b"}), string_data={"k": "v"}))
    assert secret.data == {"k": "dg=="} and secret.type == "Opaque", secret
    refused(409, core.create_namespaced_secret, "team", client.V1Secret(metadata=client.V1ObjectMeta(name="s")))
    assert core.patch_namespaced_secret("s", "team", {"metadata": {"labels": {"a": None}}}).metadata.labels is None
    secret.data["k"] = "eA=="
    refused(409, core.replace_namespaced_secret, "s", "team", secret)  # it was patched in between
    for number in range(7):
        core.create_namespaced_config_map("team", client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name=f"m{number}", labels={"odd": str(number % 2)})))
    page = core.list_namespaced_config_map("team", limit=5)
    rest = core.list_namespaced_config_map("team", limit=5, _continue=page.metadata._continue)
    assert [item.metadata.name for item in page.items + rest.items] == [f"m{n}" for n in range(7)]
    assert len(core.list_namespaced_config_map("team", label_selector="odd=1").items) == 3
    core.delete_collection_namespaced_config_map("team", label_selector="odd in (1)")
    assert len(core.list_namespaced_config_map("team").items) == 4
    container = client.V1Container(name="c", image="i")
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels={"a": "b"}),
                                        spec=client.V1PodSpec(containers=[container]))
    apps.create_namespaced_deployment("team", client.V1Deployment(
        metadata=client.V1ObjectMeta(name="d"),
        spec=client.V1DeploymentSpec(selector=client.V1LabelSelector(match_labels={"a": "b"}), template=template)))
    assert apps.read_namespaced_deployment("d", "team").spec.replicas == 1
    assert any(role.metadata.name == "cluster-admin" for role in rbac.list_cluster_role().items)
    refused(404, core.read_namespaced_secret, "none", "team")
    refused(422, core.create_namespaced_secret, "team", client.V1Secret(metadata=client.V1ObjectMeta(name="A b")))


def custom_kinds(custom, extensions):
    for file in sorted((ROOT / "crd").glob("*.yaml")):
        extensions.create_custom_resource_definition(yaml.safe_load(file.read_text()))
    custom.create_namespaced_custom_object(GROUP, VERSION, "team", PLURAL, user("one"))
    wait_for("the identity to be ready", lambda: any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in
        custom.get_namespaced_custom_object_status(GROUP, VERSION, "team", PLURAL, "one")["status"].get(
            "conditions", [])) or custom.get_namespaced_custom_object(
                GROUP, VERSION, "team", PLURAL, "one")["status"].get("clientID"))
    changed = custom.patch_namespaced_custom_object(GROUP, VERSION, "team", PLURAL, "one",
                                                    {"spec": {"description": "changed"}})
    assert changed["metadata"]["generation"] == 2, changed["metadata"]
    refused(422, custom.create_namespaced_custom_object, GROUP, VERSION, "team", PLURAL, user("two", scopes=[""]))
    custom.delete_namespaced_custom_object(GROUP, VERSION, "team", PLURAL, "one")
    wait_for("the deletion", lambda: not custom.list_namespaced_custom_object(GROUP, VERSION, "team", PLURAL)["items"])


def watches(api, core):
    """A watch sees all that happens, is told 410 from a forgotten version, and goes on after a restart."""
    start = core.list_namespaced_config_map("team").metadata.resource_version
    seen = []

    def follow():
        for event in watch.Watch().stream(core.list_namespaced_config_map, "team", resource_version=start,
                                          timeout_seconds=20):
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    follower = threading.Thread(target=follow)
    follower.start()
    core.create_namespaced_config_map("team", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="seen")))
    core.patch_namespaced_config_map("seen", "team", {"data": {"a": "b"}})
    core.delete_namespaced_config_map("seen", "team")
    follower.join(20)
    assert seen == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")], seen

    try:  # this client raises what it is told in an ERROR event
        for _ in watch.Watch().stream(core.list_namespaced_config_map, "team", resource_version="1",
                                      timeout_seconds=5):
            raise AssertionError("an event came from a forgotten version")
        raise AssertionError("a forgotten version was not refused")
    except ApiException as error:
        assert error.status == 410, error

    version = core.list_namespaced_config_map("team").metadata.resource_version
    api.stop()
    api.start()
    core.create_namespaced_config_map("team", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="after")))
    for event in watch.Watch().stream(core.list_namespaced_config_map, "team", resource_version=version,
                                      timeout_seconds=20):
        assert (event["type"], event["object"].metadata.name) == ("ADDED", "after"), event
        break
    else:
        raise AssertionError("nothing came after the restart")


def rights(api):
    """The context `admin` may do what it is for, and no more."""
    admin = config.new_client_from_config(api.kubeconfig, context="admin")
    refused(403, client.CoreV1Api(admin).list_secret_for_all_namespaces)
    client.CustomObjectsApi(admin).list_cluster_custom_object(GROUP, VERSION, PLURAL)
    review = client.AuthorizationV1Api(admin).create_self_subject_access_review(client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=client.V1ResourceAttributes(
            verb="create", group=GROUP, resource=PLURAL, namespace="team"))))
    assert review.status.allowed, review
    rules = client.AuthorizationV1Api(admin).create_self_subject_rules_review(client.V1SelfSubjectRulesReview(
        spec=client.V1SelfSubjectRulesReviewSpec(namespace="team"))).status
    assert any(PLURAL in (rule.resources or []) for rule in rules.resource_rules), rules
    wrong = client.Configuration.get_default_copy()
    wrong.host, wrong.ssl_ca_cert = f"https://127.0.0.1:{api.port}", str(api.data / "ca.pem")
    wrong.api_key = {"authorization": "Bearer nobody"}
    refused(401, client.CoreV1Api(client.ApiClient(wrong)).list_namespace)


def main():
    with Standalone(sys.argv[1]) as api:
        platform = config.new_client_from_config(api.kubeconfig, context="platform")
        core = client.CoreV1Api(platform)
        built_in_kinds(core, client.AppsV1Api(platform), client.RbacAuthorizationV1Api(platform))
        custom_kinds(client.CustomObjectsApi(platform), client.ApiextensionsV1Api(platform))
        watches(api, core)
        rights(api)


main()
