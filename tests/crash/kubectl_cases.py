"""What people do with real kubectl: CRDs and namespaces go away, finalizers are dropped, owners go before their own."""
import json

import system as world
from scenarios import alternately, require
from system import eventually, value_of

CRD = "integrationusers.identity.neostella.com"


def credential(system, name="billing"):
    secret = system.secret(name + "-oauth")
    return value_of(secret, "client_id"), value_of(secret)


def definition_deleted(crash_at):
    """The CRD goes with everything of its kind, and comes back: nothing is revoked, and the same identity is taken up."""
    def case(system, rules):
        definition = system.api.get(f"{world.DEFINITIONS}/{CRD}")
        controller = system.start()
        system.make_user("billing")
        rules.settle()
        held = credential(system)
        user_id = system.user("billing")["status"]["userID"]
        if crash_at:
            controller.stop()
            controller = system.start(crash_at=crash_at)
        rules.kinds_are_gone = True
        system.kubectl("delete", "crd", CRD, "--wait=false")
        if crash_at:
            controller.wait_killed()
            system.start()
        eventually("the definition is gone", lambda: system.api.get(f"{world.DEFINITIONS}/{CRD}") is None)
        rules.settle()
        require(rules.accepts(*held)[0], "the credential was revoked with the CRD")
        rules.check()
        body = {key: definition[key] for key in ("apiVersion", "kind", "spec")}
        (system.folder / "crd.json").write_text(json.dumps(dict(body, metadata={"name": CRD})))
        system.kubectl("create", "-f", str(system.folder / "crd.json"))
        system.kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=10s")
        rules.kinds_are_gone = False
        system.make_user("billing")
        rules.settle()
        rules.check()
        require(system.user("billing")["status"]["userID"] == user_id, "it is another user")
    return case


def namespace_deleted(crash_at):
    def case(system, rules):
        controller = system.start()
        system.make_scope("documents")
        for name in ("billing", "other"):
            system.make_user(name, scopes=["documents"])
        rules.settle()
        if crash_at:
            controller.stop()
            controller = system.start(crash_at=crash_at)
        held = [credential(system, name) for name in ("billing", "other")]
        system.kubectl("delete", "namespace", "apps", "--wait=false")
        if crash_at:
            controller.wait_killed()
            system.start()
        eventually("the namespace is gone", lambda: system.api.get("/api/v1/namespaces/apps") is None)
        rules.settle()
        rules.check()
        for each in held:
            require(not rules.accepts(*each)[0], "a credential outlived its namespace")
    return case


def namespace_deleted_with_new_user(system, rules):
    """A user whose Secret cannot be made any more (403 NamespaceTerminating) holds nothing up."""
    system.make_user("billing")
    system.api.merge(f"{world.USERS}/billing", {"metadata": {"finalizers": ["example.com/waits"]}})
    system.kubectl("delete", "namespace", "apps", "--wait=false")
    controller = system.start()
    eventually("it leads", lambda: '"leading"' in controller.log())
    system.api.merge(f"{world.USERS}/billing", {"metadata": {"finalizers": None}})
    eventually("the namespace is gone", lambda: system.api.get("/api/v1/namespaces/apps") is None)
    rules.settle()
    rules.check()


def replaced_without_finalizer(system, rules):
    controller = system.start()
    system.make_user("billing")
    rules.settle()
    held = credential(system)
    file = system.folder / "user.yaml"
    file.write_text("apiVersion: identity.neostella.com/v1\nkind: IntegrationUser\n"
                    "metadata: {name: billing, namespace: apps}\nspec: {displayName: Replaced}\n")
    for crash_at in ("", "finalizer-added"):
        if crash_at:
            controller.stop()
            controller = system.start(crash_at=crash_at)
        system.kubectl("replace", "-f", str(file))
        if crash_at:
            controller.wait_killed()
            system.start()
        eventually("the finalizer is back", lambda: world.FINALIZER in system.user("billing")["metadata"].get(
            "finalizers", []))
        rules.settle()
        rules.check()
        require(credential(system) == held, "the credential was made anew")
    system.kubectl("delete", "integrationuser", "-n", "apps", "billing")
    rules.settle()
    rules.check()
    require(not rules.accepts(*held)[0], "the credential outlived its resource")


def deleted(cascade, crash_at):
    def case(system, rules):
        controller = system.start()
        system.make_user("billing")
        rules.settle()
        held = credential(system)
        if crash_at:
            controller.stop()
            controller = system.start(crash_at=crash_at)
        system.kubectl("delete", "integrationuser", "-n", "apps", "billing", f"--cascade={cascade}", "--wait=false")
        if crash_at:
            controller.wait_killed()
            system.start()
        eventually("the resource is gone", lambda: system.user("billing") is None)
        rules.settle()
        rules.check()
        require(system.secret("billing-oauth") is None, "its Secret is still there")
        require(not rules.accepts(*held)[0], "the credential outlived its resource")
    return case


def cases(_points):
    found = {}
    for crash_at in ("", "release-committed", "finalizer-removed"):
        found[f"kubectl/crd-deleted/{crash_at or 'alive'}"] = definition_deleted(crash_at)
    for crash_at in ("", "deletion-committed", "finalizer-removed"):
        found[f"kubectl/namespace-deleted/{crash_at or 'alive'}"] = namespace_deleted(crash_at)
    found["kubectl/namespace-deleted/new-user"] = namespace_deleted_with_new_user
    found["kubectl/replaced-without-finalizer"] = replaced_without_finalizer
    for cascade in ("background", "foreground", "orphan"):
        for crash_at in ("", "deletion-committed"):
            found[f"kubectl/deleted-{cascade}/{crash_at or 'alive'}"] = deleted(cascade, crash_at)
    return alternately(found)
