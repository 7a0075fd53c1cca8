"""What the chart and the kustomize tree render, by the real tools, as lists of objects."""
import os
import pathlib
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "charts/neoid"
NAMESPACE = "neoid-system"
KUBECTL = os.environ.get("NEOID_KUBECTL", "").split(":")[0]
HELM = os.environ.get("NEOID_HELM", "")
# What has no default, as an installation sets it.
REQUIRED = ["--set", "store.existingSecret=neoid-store,store.tls.caConfigMap=neoid-store-ca"]
POLICY_API = ["--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"]
MONITORING_API = ["--api-versions", "monitoring.coreos.com/v1/ServiceMonitor", "--api-versions",
                  "monitoring.coreos.com/v1/PrometheusRule"]
ISSUER = "https://id.example.com"
TOKEN_SERVICE = ["--set", f"tokenService.enabled=true,tokenService.issuer={ISSUER}"]


class Refused(Exception):
    """A tool ended with an error; its text is what it said."""


def run(command, stdin=None, **more):
    """What the command printed, or Refused with what it said."""
    done = subprocess.run([str(part) for part in command], input=stdin, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode != 0:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def objects(text):
    return [document for document in yaml.safe_load_all(text) if document]


def template(*arguments, chart=CHART, required=True):
    return objects(run([HELM, "template", "neoid", chart, "-n", NAMESPACE, *(REQUIRED if required else []), *arguments]))


def kustomize(folder):
    return objects(run([KUBECTL, "kustomize", folder]))


def overlay(resources, components):
    """What `resources` with these components of manifests/ render."""
    with tempfile.TemporaryDirectory() as folder:
        lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
        lines += [f"- {os.path.relpath(ROOT / 'manifests' / name, folder)}" for name in resources]
        lines += ["components:"]
        lines += [f"- {os.path.relpath(ROOT / 'manifests' / name, folder)}" for name in components]
        (pathlib.Path(folder) / "kustomization.yaml").write_text("\n".join(lines) + "\n")
        return kustomize(folder)


def key(thing):
    metadata = thing["metadata"]
    return (thing["apiVersion"], thing["kind"], metadata.get("namespace", ""), metadata["name"])


def by_key(things):
    found = {}
    for thing in things:
        assert key(thing) not in found, f"rendered twice: {key(thing)}"
        found[key(thing)] = thing
    return found
