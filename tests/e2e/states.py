#!/usr/bin/env python3
"""Brings real resources into every state that a user can meet, and computes their health by two published rules.

    states.py --neoid PROGRAM --kubectl PROGRAM --health LUA-SCRIPT

Starts `neoid standalone` on an empty folder, and for each state prints a line: what kstatus makes of the resource
(computed here by the rules of sigs.k8s.io/cli-utils, pkg/kstatus), what the health check for Argo CD makes of it (run by
a Lua interpreter), and what both were to be. Exit code 0: all agree.
"""
import argparse
import base64
import json
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time

NAMESPACE = "states"
LUA = """
local function decode(text)
  return assert(load("return " .. text))()
end
obj = decode(io.read("a"))
local result = dofile(arg[1])
io.write(result.status)
"""


def lua_literal(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"[{lua_literal(key)}]={lua_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(lua_literal, value)) + "}"
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'
    return repr(value)


def kstatus(resource):
    """sigs.k8s.io/cli-utils/pkg/kstatus, for a kind that it does not know: the standard conditions."""
    if resource["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = resource.get("status", {})
    observed = status.get("observedGeneration")
    if observed is not None and observed != resource["metadata"].get("generation"):
        return "InProgress"
    conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
    if conditions.get("Reconciling") == "True":
        return "InProgress"
    if conditions.get("Stalled") == "True":
        return "Failed"
    if "Ready" in conditions:
        return "Current" if conditions["Ready"] == "True" else "InProgress"
    return "Current"


class System:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.data = pathlib.Path(folder) / "data"
        command = [arguments.neoid, "standalone", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        if "--oauth-listen" in subprocess.run([arguments.neoid, "standalone", "--help"], text=True, check=True,
                                              stdout=subprocess.PIPE).stdout:
            command += ["--oauth-listen", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while self.kubectl("get", "namespaces", check=False).returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit("states.py: neoid standalone did not start")
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def kubectl(self, *words, text=None, check=True):
        result = subprocess.run([self.arguments.kubectl, "--kubeconfig", str(self.data / "kubeconfig"), "--context",
                                 "platform", *words], input=text, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        if check and result.returncode != 0:
            sys.exit(f"states.py: kubectl {' '.join(words)}: {result.stderr}")
        return result

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, kind, name):
        words = [] if kind == "scope.identity.neostella.com" else ["-n", NAMESPACE]
        return json.loads(self.kubectl("get", kind, name, *words, "-o", "json").stdout)


def user(name, annotations=None, **spec):
    return {"apiVersion": "identity.neostella.com/v1", "kind": "IntegrationUser",
            "metadata": {"name": name, "namespace": NAMESPACE, "annotations": annotations or {}},
            "spec": {"displayName": name, **spec}}


def scope(name, **spec):
    return {"apiVersion": "identity.neostella.com/v1", "kind": "Scope", "metadata": {"name": name},
            "spec": {"displayName": name, "tool": name, **spec}}


def secret(name, value, client_id=None):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE},
            "data": {"client_id": base64.b64encode((client_id or name).encode()).decode(),
                     "client_secret": base64.b64encode(value.encode()).decode()}}


def set_up(system):
    crd = pathlib.Path(__file__).resolve().parents[2] / "crd"
    system.kubectl("apply", "-f", str(crd))
    system.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    system.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
                 scope("documents"), scope("elsewhere", allowedNamespaces={
                     "from": "Selector", "selector": {"matchLabels": {"team": "other"}}}))
    system.apply(secret("foreign-oauth", "somebody-elses"), secret("weak", "short"),
                 secret("strong", secrets.token_hex(32)))
    reference = {"source": "Reference"}
    system.apply(
        # In this order: the second one asks for a client ID that the first one has.
        user("reference", credentials={**reference, "secretName": "strong"}))
    settle(system)
    system.apply(secret("copy", secrets.token_hex(32), client_id="strong"))
    system.apply(
        user("client-id-taken", credentials={**reference, "secretName": "copy"}),
        user("ready", scopes=["documents"]), user("no-scopes"), user("inactive", active=False),
        user("paused", {"identity.neostella.com/paused": "true"}),
        user("held", {"identity.neostella.com/deactivated": "leaked"}),
        user("unknown-scope", scopes=["documents", "nowhere"]), user("not-allowed", scopes=["elsewhere"]),
        user("foreign"), user("weak", credentials={**reference, "secretName": "weak"}),
        user("waiting", credentials={**reference, "secretName": "not-there-yet"}),
        user("not-released", adopt={"userID": "00000000-0000-4000-8000-000000000001"}))


# name, kstatus, Argo CD's health. kstatus has no word for a resource that is left alone: it does not go on by itself.
STATES = [
    ("iu", "ready", "Current", "Healthy"),
    ("iu", "no-scopes", "Current", "Healthy"),
    ("iu", "inactive", "Current", "Healthy"),
    ("iu", "held", "Current", "Healthy"),
    ("iu", "reference", "Current", "Healthy"),
    ("iu", "paused", "Failed", "Suspended"),
    ("iu", "unknown-scope", "Failed", "Degraded"),
    ("iu", "not-allowed", "Failed", "Degraded"),
    ("iu", "foreign", "Failed", "Degraded"),
    ("iu", "weak", "Failed", "Degraded"),
    ("iu", "not-released", "Failed", "Degraded"),
    ("iu", "client-id-taken", "Failed", "Degraded"),
    ("iu", "waiting", "InProgress", "Progressing"),
    ("scope.identity.neostella.com", "documents", "Current", "Healthy"),
]


def settle(system):
    """Until every resource was looked at and nothing changes any more for a second."""
    before, since = None, time.monotonic()
    deadline = since + 60
    while time.monotonic() < deadline:
        now = system.kubectl("get", "iu,iscope", "-A", "-o", "jsonpath={.items[*].metadata.resourceVersion}").stdout
        observed = system.kubectl("get", "iu", "-A", "-o", "jsonpath={.items[*].status.observedGeneration}").stdout
        if now != before or "-1" in observed.split():
            before, since = now, time.monotonic()
        elif time.monotonic() - since > 1:
            return
        time.sleep(0.1)
    sys.exit("states.py: the resources did not come to rest")


def argo_health(resource, script):
    return subprocess.run(["lua5.4", "-", script], input=LUA.replace('io.read("a")', f"[==[{lua_literal(resource)}]==]"),
                          text=True, check=True, stdout=subprocess.PIPE).stdout


def compare(what, resource, expected_kstatus, expected_health, script):
    found = (kstatus(resource), argo_health(resource, script))
    good = found == (expected_kstatus, expected_health)
    ready = [f"{each['type']}={each['status']}/{each['reason']}" for each in
             resource.get("status", {}).get("conditions", [])]
    print(f"{'ok  ' if good else 'FAIL'} {what}: kstatus {found[0]}, Argo CD {found[1]}"
          + ("" if good else f"; expected {expected_kstatus}, {expected_health}; {' '.join(ready)}"))
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neoid", required=True)
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("--health", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="neoid-states-") as folder:
        system = System(arguments, folder)
        try:
            set_up(system)
            settle(system)
            good = [compare(name, system.get(kind, name), *expected, arguments.health)
                    for kind, name, *expected in STATES]
            # A scope that is held waits for its holders: the deletion is under way, and the condition names them.
            system.kubectl("delete", "iscope", "documents", "--wait=false")
            settle(system)
            good.append(compare("documents, deleted while held", system.get("scope.identity.neostella.com", "documents"),
                                "Terminating", "Degraded", arguments.health))
            fresh = user("fresh")
            fresh["metadata"]["generation"] = 1
            fresh["status"] = {"observedGeneration": -1}
            good.append(compare("not looked at yet", fresh, "InProgress", "Progressing", arguments.health))
        finally:
            system.stop()
    print(f"{sum(good)} of {len(good)} states agree")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
