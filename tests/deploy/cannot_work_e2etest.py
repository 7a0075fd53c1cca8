"""What cannot work, tried with the real program as it was rendered: each is one line in the log, in readiness where the
program runs, and in the condition where there is a resource."""
import base64
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cluster as clusters  # noqa: E402
import python_tests  # noqa: E402
import render  # noqa: E402
from cluster import NAMESPACE, until  # noqa: E402
from render import CHART  # noqa: E402
from story import REQUIRED, USERS, Story, condition, resource  # noqa: E402


SCOPE = "/apis/identity.neostella.com/v1/scopes/contacts"


class WhatCannotWork(Story):
    """Each is one line in the log, and in readiness where the program runs."""

    def test_01_a_migration_that_cannot_log_in_fails_the_installation_with_the_reason(self):
        self.prerequisites()
        wrong = self.cluster.database.url("owner", "wrong")
        self.api.kubectl("-n", NAMESPACE, "create", "secret", "generic", "wrong", f"--from-literal=url={wrong}")
        with self.assertRaises(render.Refused) as refusal:
            self.api.helm("install", "neoid", CHART, *REQUIRED, "--set", "migration.store.existingSecret=wrong", "--timeout=20s")
        self.assertIn("pre-install", str(refusal.exception))
        (job,) = [pod for pod in self.cluster.pods if pod.name.startswith("neoid-store-migrate")]
        self.assertIn('password authentication failed for user "owner"', job.log())
        self.assertNotIn("wrong", job.log().replace(wrong, "wrong"), "a password is not told")
        self.api.helm("uninstall", "neoid")

    def complaints(self, pod):
        """What its log says beside how things go."""
        return [line for line in pod.log().split("\n") if line and '"level":"info"' not in line]

    def start_with(self, change=None):
        template = json.loads(json.dumps(self.template))
        if change:
            change(template["spec"]["containers"][0])
        return self.cluster.start(template, "neoid")

    def test_02_values_that_only_the_program_can_judge_end_it_in_one_line(self):
        self.api.helm("install", "neoid", CHART, *REQUIRED, *render.TOKEN_SERVICE)
        type(self).template = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid")["spec"]["template"]
        path = f"/api/v1/namespaces/{NAMESPACE}/secrets/neoid-store"
        right = self.api.get(path)["data"]["url"]
        for code, said, url, flag in [
                (2, "--store is required", "", None),
                (1, "a store URL is sqlite:PATH, postgres://...", "mysql://db/neoid", None),
                (2, "--lease-duration: must be longer than", None, "--lease-duration=1s"),
                (2, "--colour=red", None, "--colour=red"),
                (1, "--webhook-cert-file and --webhook-key-file belong together", None, "--webhook-cert-file=/none")]:
            with self.subTest(said):
                if url is not None:
                    self.api.merge(path, {"data": {"url": base64.b64encode(url.encode()).decode()}})
                pod = self.start_with(lambda container, flag=flag: flag and container["args"].append(flag))
                self.assertEqual(pod.process.wait(timeout=40), code, pod.log())
                (line,) = [line for line in self.complaints(pod) if "--help" not in line]
                self.assertIn(said, line)
                self.api.merge(path, {"data": {"url": right}})

    def waits(self, pod, *said):
        """It runs, is not ready, and says why: the same line in its log and in readiness."""
        until(f"a readiness that says {said}", 20, lambda: all(part in pod.probe("readinessProbe")[1] for part in said))
        self.assertEqual((pod.probe("readinessProbe")[0], pod.probe("livenessProbe")[0]), (503, 200))
        (line,) = self.complaints(pod)
        for part in said:
            self.assertIn(part, line.replace('\\"', '"'))
        self.assertEqual(len(pod.probe("readinessProbe")[1].strip().split("\n")), 1)

    def test_03_a_database_that_is_not_the_one_it_should_be_is_told_and_waited_for(self):
        own = self.cluster.folder / "other"
        own.mkdir()
        other = clusters.Authority(own).certificate.read_text()
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/neoid-store-ca"
        right = self.api.get(path)["data"]["ca.crt"]
        self.api.merge(path, {"data": {"ca.crt": other}})
        pod = self.start_with()
        self.waits(pod, "the store: ", "certificate verify failed")
        self.assertEqual(pod.stop(), 0, "a stop ends the waiting")
        self.api.merge(path, {"data": {"ca.crt": right}})

    def test_04_a_database_that_cannot_be_reached_at_the_start_is_told_and_waited_for(self):
        self.cluster.database.stop()
        token = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid-token")["spec"]["template"]
        pods = [self.start_with(), self.cluster.start(token, "neoid-token")]
        for pod in pods:
            self.waits(pod, "the store: ", "Connection refused")
        self.cluster.database.start()
        self.all_ready(pods)
        for pod in pods:
            self.assertEqual(pod.stop(), 0)

    def test_05_rights_that_are_missing_at_the_start_are_named_and_waited_for(self):
        path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/neoid"
        binding = self.api.get(path)
        self.api.kubectl("delete", "clusterrolebinding", "neoid")
        pod = self.start_with()
        self.waits(pod, "the Kubernetes API: ", f'User "system:serviceaccount:{NAMESPACE}:neoid" cannot get resource "namespaces"')
        for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            binding["metadata"].pop(field, None)
        self.api.kubectl("create", "-f", "-", stdin=json.dumps(binding))
        self.all_ready([pod])
        self.assertEqual(pod.stop(), 0)

    def test_06_a_secret_that_is_missing_keeps_the_pod_from_starting(self):
        self.api.kubectl("-n", NAMESPACE, "delete", "secret", "neoid-store")
        with self.assertRaises(AssertionError) as missing:  # a kubelet: CreateContainerConfigError, with this name
            self.start_with()
        self.assertIn("secrets/neoid-store is missing", str(missing.exception))
        self.api.kubectl("-n", NAMESPACE, "create", "secret", "generic", "neoid-store",
                         f"--from-literal=url={self.cluster.database.url('neoid_login', 'secret')}")

    def test_07_a_database_that_goes_away_is_told_in_readiness_and_in_the_condition_until_it_is_back(self):
        pod = self.cluster.start(self.template, "neoid")
        self.all_ready([pod])
        self.leading_pod([pod])
        self.api.kubectl("create", "namespace", "team-a")
        self.cluster.database.stop()
        until("a readiness that names the store", 30, lambda: "store" in pod.probe("readinessProbe")[1])
        self.assertEqual(pod.probe("readinessProbe")[0], 503)
        self.assertEqual(pod.probe("livenessProbe")[0], 200, "a restart would mend nothing")
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "early", {"displayName": "Early"}, "team-a"))
        self.api.kubectl("apply", "-f", "-", stdin=resource("Scope", "contacts", {"displayName": "Contacts", "tool": "contacts"}))
        for path in (f"{USERS}/early", SCOPE):
            until(f"a condition of {path} that says so", 30, lambda path=path: condition(
                self.api.get(path), "Ready").get("reason") == "StoreUnavailable")
        self.cluster.database.start()
        self.ready(f"{USERS}/early", 60)
        self.ready(SCOPE, 60)
        until("ready again", 30, lambda: pod.probe("readinessProbe")[0] == 200)
        self.assertIn("the store", pod.log())

if __name__ == "__main__":
    clusters.isolate()
    python_tests.main()
