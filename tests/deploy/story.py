"""A deployment in a cluster of a test's own, told as a story: its steps, and what every story asks."""
import base64
import contextlib
import http.client
import json
import os
import ssl
import unittest
import urllib.parse

import cluster as clusters
import render
from cluster import NAMESPACE, Cluster, until

REQUIRED = render.REQUIRED
# Shorter waits than an installation has by default: a test waits for a Lease that runs out.
IMPATIENT = ["--set", "controller.extraArgs={--lease-duration=5s,--lease-renew-deadline=3s,--lease-retry-period=500ms,"
             "--create-deadline=3s}"]
EVERYTHING = [*REQUIRED, *render.TOKEN_SERVICE, *IMPATIENT]
USERS = "/apis/identity.neostella.com/v1/namespaces/team-a/integrationusers"
SYSTEM_USERS = "/apis/identity.neostella.com/v1/systemintegrationusers"
GROUP = "identity.neostella.com"


def condition(thing, kind):
    return next((c for c in (thing or {}).get("status", {}).get("conditions", []) if c["type"] == kind), {})


def resource(kind, name, spec, namespace=None, annotations=None):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **({"annotations": annotations} if annotations else {})}
    return json.dumps({"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec})


class Story(unittest.TestCase):
    """One cluster for a class; its tests are steps of a story."""

    @classmethod
    def setUpClass(cls):
        cls.broken = ""
        cls.cluster = None if clusters.not_isolated() else Cluster()
        cls.api = cls.cluster and cls.cluster.api

    def run(self, result=None):
        """A step that failed ends the story: what follows would only repeat it."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if not self.broken and len(result.failures) + len(result.errors) > before:
            type(self).broken = self._testMethodName

    def setUp(self):
        if self.cluster is None:
            self.skipTest("no network namespace can be made here (unshare -n)")
        if self.broken:
            self.fail(f"{self.broken} failed before")

    @classmethod
    def tearDownClass(cls):
        if cls.cluster:
            cls.cluster.stop()

    def prerequisites(self):
        """What README.md of the chart asks for before an installation."""
        database, api = self.cluster.database, self.api
        api.kubectl("create", "namespace", NAMESPACE)
        for name, login, password in (("neoid-store-owner", "owner", "owner"), ("neoid-store", "neoid_login", "secret"),
                                      ("neoid-token-store", "token_login", "secret")):
            api.kubectl("-n", NAMESPACE, "create", "secret", "generic", name, f"--from-literal=url={database.url(login, password)}")
        api.kubectl("-n", NAMESPACE, "create", "secret", "generic", "neoid-token-keys", f"--from-literal=kek={os.urandom(32).hex()}")
        certificate, key = self.cluster.authority.issue("token", f"DNS:{clusters.ISSUER_HOST}")
        api.kubectl("-n", NAMESPACE, "create", "secret", "tls", "neoid-token-tls", f"--cert={certificate}", f"--key={key}")
        api.kubectl("-n", NAMESPACE, "create", "configmap", "neoid-store-ca", f"--from-file={self.cluster.authority.certificate}")

    def ready(self, path, seconds=20):
        def check():
            thing = self.api.get(path)
            good = condition(thing, "Ready").get("status") == "True"
            return thing if good and thing["status"]["observedGeneration"] == thing["metadata"]["generation"] else None
        try:
            return until(f"{path} Ready", seconds, check)
        except AssertionError as error:
            logs = "\n".join(pod.log()[-1500:] for pod in self.cluster.pods[-2:])
            raise AssertionError(f"{error}\n{json.dumps(self.api.get(path), indent=1)}\n{logs}") from None

    def all_ready(self, pods):
        for pod in pods:
            until(f"{pod.name} ready; it says {pod.probe('readinessProbe')} {pod.log()[-600:]}", 60,
                  lambda pod=pod: pod.probe("readinessProbe")[0] == 200)

    def secret(self, name):
        return self.api.get(f"/api/v1/namespaces/team-a/secrets/{name}")

    def secret_data(self, user):
        return {key: base64.b64decode(value).decode() for key, value in self.secret(user + "-oauth")["data"].items()}

    def token(self, data):
        """(status, answer) of the token service to what a Secret holds, as an integration asks."""
        url = urllib.parse.urlsplit(data["token_url"])
        context = ssl.create_default_context(cafile=self.cluster.authority.certificate)
        basic = base64.b64encode(f"{data['client_id']}:{data['client_secret']}".encode()).decode()
        with contextlib.closing(http.client.HTTPSConnection(url.hostname, 443, context=context, timeout=10)) as connection:
            connection.request("POST", url.path, "grant_type=client_credentials", {
                "Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def leader(self):
        lease = self.api.get(f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/neoid")
        return ((lease or {}).get("spec") or {}).get("holderIdentity") or ""

    def leading_pod(self, pods):
        def check():
            holder = self.leader()
            return next((pod for pod in pods if pod.process.poll() is None and holder.startswith(pod.name)), None)
        return until("a leader among the pods", 40, check)
