#!/usr/bin/env python3
"""kubectl, every version of NEOID_KUBECTL, on our own kinds against one `neoid standalone`. PROGRAM is the only argument.

What the recorded flows (tests/golden/kube) show on other kinds is tried here on ours, with the controller at work.
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
from standalone import Standalone, wait_for  # noqa: E402

USER = """apiVersion: identity.neostella.com/v1
kind: IntegrationUser
metadata: {{name: {name}, namespace: team}}
spec: {{displayName: {display}, scopes: [contacts]}}
"""


class Kubectl:
    def __init__(self, api, path, context="platform"):
        self.api, self.path, self.context = api, path, context

    def command(self, *words):
        return [self.path, "--kubeconfig", self.api.kubeconfig, "--context", self.context, *words]

    def run(self, *words, code=0, stdin=None, **environment):
        outcome = subprocess.run(self.command(*words), input=stdin, text=True, capture_output=True, timeout=60,
                                 env=dict(os.environ, HOME=str(self.api.folder), **environment))
        assert outcome.returncode == code, (self.path, words, outcome.returncode, outcome.stdout, outcome.stderr)
        return outcome.stdout if code == 0 else outcome.stdout + outcome.stderr

    def json(self, *words):
        return json.loads(self.run(*words, "-o", "json"))


def apply_and_diff(kubectl, name):
    before = USER.format(name=name, display="one")
    after = USER.format(name=name, display="two")
    assert "created" in kubectl.run("apply", "-f", "-", stdin=before)
    assert "unchanged" in kubectl.run("apply", "-f", "-", stdin=before)
    assert "+  displayName: two" in kubectl.run("diff", "-f", "-", stdin=after, code=1)
    assert "configured" in kubectl.run("apply", "-f", "-", stdin=after)
    kubectl.run("diff", "-f", "-", stdin=after)
    typo = after.replace("displayName", "displayname")
    assert 'unknown field "spec.displayname"' in kubectl.run("apply", "-f", "-", stdin=typo, code=1)
    other = USER.format(name=name + "-ssa", display="one")
    assert "serverside-applied" in kubectl.run("apply", "--server-side", "-f", "-", stdin=other)
    stolen = other.replace("displayName: one", "displayName: stolen")
    told = kubectl.run("apply", "--server-side", "--field-manager=thief", "-f", "-", stdin=stolen, code=1)
    assert 'conflict with "kubectl": .spec.displayName' in told, told
    kubectl.run("apply", "--server-side", "--field-manager=thief", "--force-conflicts", "-f", "-", stdin=stolen)
    assert kubectl.json("get", "iu", "-n", "team", name + "-ssa")["spec"]["displayName"] == "stolen"


def look(kubectl, name):
    kubectl.run("wait", "-n", "team", "iu", name, "--for=condition=Ready", "--timeout=20s")
    kubectl.run("wait", "-n", "team", "iu", name, "--for=jsonpath={.status.active}=true", "--timeout=20s")
    table = kubectl.run("get", "iu", "-n", "team", name, "-o", "wide").splitlines()
    assert table[0].split("  ")[0] == "NAME" and "CLIENT ID" in table[0], table
    described = kubectl.run("describe", "iu", "-n", "team", name)
    wait_for("events", lambda: "CredentialsIssued" in kubectl.run("describe", "iu", "-n", "team", name))
    assert "Display Name:" in described, described
    assert "CredentialsIssued" in kubectl.run("events", "-n", "team", "--for", "integrationuser/" + name)
    assert "scopes" in kubectl.run("explain", "iu.spec")
    assert "<[]string>" in kubectl.run("explain", "integrationuser.spec.scopes")
    assert "integrationusers" in kubectl.run("api-resources", "--api-group=identity.neostella.com")
    assert "integrationuser" in kubectl.run("get", "neoid", "-n", "team", "-o", "name")
    assert kubectl.run("get", "secret", "-n", "team", "--field-selector=type=identity.neostella.com/oauth-client",
                       "-o", "name").count("secret/") >= 1


def change(kubectl, name):
    user = ["-n", "team", "iu", name]
    kubectl.run("patch", *user, "--type=merge", "-p", '{"spec":{"description":"merged"}}')
    kubectl.run("patch", *user, "--type=json", "-p", '[{"op":"replace","path":"/spec/description","value":"json"}]')
    kubectl.run("patch", *user, "--type=strategic", "-p", "{}", code=1)
    assert kubectl.json("get", *user)["spec"]["description"] == "json"
    kubectl.run("label", *user, "tier=gold")
    assert name in kubectl.run("get", "iu", "-n", "team", "-l", "tier in (gold)", "-o", "name")
    kubectl.run("annotate", *user, "note=x")
    editor = kubectl.api.folder / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/description: json/description: edited/" "$1"\n')
    editor.chmod(0o755)
    kubectl.run("edit", *user, EDITOR=str(editor), KUBE_EDITOR=str(editor))
    assert kubectl.json("get", *user)["spec"]["description"] == "edited"
    told = kubectl.run("patch", *user, "--type=merge", "-p", '{"spec":{"displayName":""}}', code=1)
    assert "spec.displayName" in told, told


def watch_and_delete(kubectl, name):
    watcher = subprocess.Popen(kubectl.command("get", "iu", "-n", "team", "-w", "--output-watch-events"), text=True,
                               stdout=subprocess.PIPE)
    try:
        assert watcher.stdout.readline().startswith("EVENT")
        for policy in ("background", "foreground", "orphan"):
            victim = f"{name}-{policy}"
            kubectl.run("apply", "-f", "-", stdin=USER.format(name=victim, display="gone"))
            kubectl.run("delete", "iu", "-n", "team", victim, f"--cascade={policy}", "--timeout=30s")
            kubectl.run("get", "iu", "-n", "team", victim, code=1)
            while True:
                line = watcher.stdout.readline()
                assert line, "the watch ended"
                if line.split()[:2] == ["DELETED", victim]:
                    break
    finally:
        watcher.kill()
        watcher.wait()
    kubectl.run("delete", "iu", "-n", "team", "--all", "--timeout=30s")


def rights(api, path):
    admin = Kubectl(api, path, "admin")
    assert admin.run("auth", "can-i", "create", "integrationusers", "-n", "team").strip() == "yes"
    assert "no" in admin.run("auth", "can-i", "get", "secrets", "-n", "team", code=1)
    assert "integrationusers.identity.neostella.com" in admin.run("auth", "can-i", "--list", "-n", "team")
    told = admin.run("get", "siu", code=1)
    assert 'User "admin" cannot list resource "systemintegrationusers" in API group "identity.neostella.com"' in told


def main():
    with Standalone(sys.argv[1]) as api:
        paths = os.environ["NEOID_KUBECTL"].split(":")
        first = Kubectl(api, paths[0])
        first.run("apply", "-f", str(ROOT / "crd"))
        first.run("create", "namespace", "team")
        first.run("apply", "-f", str(ROOT / "examples/quickstart/20-scopes.yaml"))
        for number, path in enumerate(paths):
            kubectl, name = Kubectl(api, path), f"user-{number}"
            apply_and_diff(kubectl, name)
            look(kubectl, name)
            change(kubectl, name)
            watch_and_delete(kubectl, name)
            rights(api, path)


main()
