"""The chart and manifests/, applied with real helm and kubectl, and what they render run: by the rendered flags, environment,
service account, security context and database login, against PostgreSQL over TLS. Nothing is refused, nothing is spare.
"""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import re
import signal
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cluster as clusters  # noqa: E402
import python_tests  # noqa: E402
import render  # noqa: E402
from cluster import NAMESPACE, Cluster, until  # noqa: E402
from render import CHART, ROOT, run  # noqa: E402
WEBHOOK = "--webhook-listen" in run([clusters.PROGRAM, "controller", "--help"])
REQUIRED = render.REQUIRED if WEBHOOK else [render.REQUIRED[0], render.REQUIRED[1] + ",webhook.enabled=false"]

FIRST_RELEASE = ROOT / "tests/golden/charts/0.1.0"
USERS = "/apis/identity.neostella.com/v1/namespaces/team-a/integrationusers"
SYSTEM_USERS = "/apis/identity.neostella.com/v1/systemintegrationusers"
GROUP = "identity.neostella.com"


def condition(thing, kind):
    return next((c for c in (thing or {}).get("status", {}).get("conditions", []) if c["type"] == kind), {})


def resource(kind, name, spec, namespace=None, annotations=None):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **({"annotations": annotations} if annotations else {})}
    return json.dumps({"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec})


@unittest.skipIf(os.environ.get("NEOID_NOT_ISOLATED"), "no network namespace can be made here (unshare -n)")
class Story(unittest.TestCase):
    """One cluster for a class; its tests are steps of a story."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.api = cls.cluster.api
        cls.broken = ""

    def run(self, result=None):
        """A step that failed ends the story: what follows would only repeat it."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if not self.broken and len(result.failures) + len(result.errors) > before:
            type(self).broken = self._testMethodName

    def setUp(self):
        if self.broken:
            self.fail(f"{self.broken} failed before")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def prerequisites(self):
        """What README.md of the chart asks for before an installation."""
        database, api = self.cluster.database, self.api
        api.kubectl("create", "namespace", NAMESPACE)
        for name, login, password in (("neoid-store-owner", "owner", "owner"), ("neoid-store", "neoid_login", "secret"),
                                      ("neoid-token-store", "token_login", "secret")):
            api.kubectl("-n", NAMESPACE, "create", "secret", "generic", name, f"--from-literal=url={database.url(login, password)}")
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
            until(f"{pod.name} ready; it says {pod.probe('readinessProbe')} {pod.log()[-600:]}", 30,
                  lambda pod=pod: pod.probe("readinessProbe")[0] == 200)

    def leader(self):
        lease = self.api.get(f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/neoid")
        return ((lease or {}).get("spec") or {}).get("holderIdentity") or ""

    def leading_pod(self, pods):
        def check():
            holder = self.leader()
            return next((pod for pod in pods if pod.process.poll() is None and holder.startswith(pod.name)), None)
        return until("a leader among the pods", 40, check)


class InstalledByHelm(Story):
    def test_01_every_rendered_object_is_accepted_by_the_api_under_strict_validation(self):
        self.prerequisites()
        things = render.template(*(() if WEBHOOK else ('--set', 'webhook.enabled=false')))
        crds = [thing for thing in things if thing["kind"] == "CustomResourceDefinition"]
        for thing in crds + [thing for thing in things if thing not in crds]:
            with self.subTest(render.key(thing)):
                self.api.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(thing))

    def test_02_the_first_release_is_installed(self):
        said = self.api.helm("install", "neoid", FIRST_RELEASE, *REQUIRED)
        self.assertIn("STATUS: deployed", said)
        self.assertIn("neoid 0.1.0 is installed in neoid-system.", said)
        self.assertIn("neoid.schema_migrations", self.cluster.database.sql("SELECT 'neoid.schema_migrations' FROM neoid.schema_migrations"))

    def test_03_it_is_upgraded_to_this_one_rolled_back_and_upgraded_again(self):
        self.assertIn("REVISION: 2", self.api.helm("upgrade", "neoid", CHART, *REQUIRED))
        self.api.helm("rollback", "neoid", "1")
        self.assertIn("REVISION: 4", self.api.helm("upgrade", "neoid", CHART, *REQUIRED))
        history = json.loads(self.api.helm("history", "neoid", "-o", "json"))
        self.assertEqual([step["status"] for step in history], ["superseded"] * 3 + ["deployed"])

    def test_04_two_replicas_start_as_they_were_rendered_and_one_leads(self):
        pods = type(self).pods = self.cluster.start_deployment("neoid")
        self.assertEqual(len(pods), 2)
        self.all_ready(pods)
        self.leading_pod(pods)
        for pod in pods:
            self.assertEqual(pod.probe("livenessProbe")[0], 200)

    def test_05_the_webhooks_answer_with_a_certificate_that_the_api_trusts(self):
        self.api.kubectl("create", "namespace", "team-a")
        if not WEBHOOK:
            return
        def bundles():
            found = []
            for kind in ("validating", "mutating"):
                hooks = self.api.get(f"/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/neoid")["webhooks"]
                found += [hook["clientConfig"].get("caBundle") for hook in hooks]
            return all(found) and found
        until("the caBundle in both configurations", 20, bundles)
        with self.assertRaises(render.Refused) as refusal:  # `kubectl` of somebody who is no platform user
            self.api.kubectl("--as=mallory", "--as-group=system:authenticated", "apply", "-f", "-",
                             stdin=resource("SystemIntegrationUser", "intruder",
                                            {"displayName": "X", "credentials": {"secretRef": {"namespace": "a", "name": "b"}}}))
        self.assertIn("forbidden", str(refusal.exception))

    def test_06_scopes_and_users_become_ready_and_their_credentials_work(self):
        for name in ("contacts", "documents"):
            self.api.kubectl("apply", "-f", "-", stdin=resource("Scope", name, {"displayName": name, "tool": name}))
        self.api.kubectl("apply", "-f", "-", stdin=resource(
            "IntegrationUser", "billing", {"displayName": "Billing", "scopes": ["contacts", "documents"]}, "team-a"))
        user = self.ready(f"{USERS}/billing")
        self.assertEqual(user["status"]["grantedScopes"], ["contacts", "documents"])
        self.assertTrue(self.accepts("billing"))
        self.api.kubectl("apply", "-f", "-", stdin=resource(
            "SystemIntegrationUser", "indexer", {"displayName": "Indexer", "credentials": {
                "secretRef": {"namespace": "team-a", "name": "indexer"}}}))
        self.ready(f"{SYSTEM_USERS}/indexer")

    def secret(self, name):
        return self.api.get(f"/api/v1/namespaces/team-a/secrets/{name}")

    def accepts(self, user):
        secret = self.secret(user + "-oauth")
        data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
        file = self.cluster.folder / "client_secret"
        file.write_text(data["client_secret"])
        environment = dict(os.environ, PGSSLMODE="verify-full", PGSSLROOTCERT=str(self.cluster.authority.certificate))
        with contextlib.suppress(render.Refused):
            run([self.cluster.program, "store", "accepts", "--store", self.cluster.database.url("owner", "owner"), "--client-id",
                 data["client_id"], "--client-secret-file", file], env=environment)
            return True
        return False

    def events(self, reason, namespace="team-a"):
        return [event for event in self.api.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")["items"]
                if event["reason"] == reason]

    def test_07_a_rotation_that_is_asked_for_is_carried_out(self):
        before = self.ready(f"{USERS}/billing")["status"]["credentials"]["version"]
        self.api.kubectl("-n", "team-a", "annotate", "integrationuser", "billing", f"{GROUP}/rotate=now")
        until("the answer to the rotation", 20, lambda: self.api.get(f"{USERS}/billing")["status"]["credentials"].get(
            "lastRotateRequest") == "now")
        self.assertGreater(self.ready(f"{USERS}/billing")["status"]["credentials"]["version"], before)
        self.assertTrue(self.accepts("billing"))

    def test_08_drift_is_repaired_and_counted(self):
        for _ in range(2):
            self.cluster.database.sql("UPDATE neoid.users SET display_name = 'Somebody else' WHERE name = 'billing'")
            until("the repair", 20, lambda: self.cluster.database.sql(
                "SELECT display_name FROM neoid.users WHERE name = 'billing'") == "Billing")
        until("an event that is counted", 20, lambda: any(
            event.get("series", {}).get("count", 0) >= 2 for event in self.events("DriftCorrected")))
        uid = self.secret("billing-oauth")["metadata"]["uid"]
        self.api.kubectl("-n", "team-a", "delete", "secret", "billing-oauth")
        until("another Secret", 40, lambda: (self.secret("billing-oauth") or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid)
        self.ready(f"{USERS}/billing", 40)
        self.assertTrue(self.accepts("billing"))
        other = base64.b64encode(b"everything").decode()
        self.api.merge("/api/v1/namespaces/team-a/secrets/billing-oauth", {"data": {"scopes": other}})
        until("the key as it was", 20, lambda: self.secret("billing-oauth")["data"]["scopes"] != other)

    def test_09_deactivated_means_now_and_reactivation_brings_the_same_credential_back(self):
        self.api.merge(f"{USERS}/billing", {"spec": {"active": False}})
        until("inactive", 20, lambda: self.api.get(f"{USERS}/billing")["status"]["active"] is False)
        self.assertFalse(self.accepts("billing"))
        self.api.merge(f"{USERS}/billing", {"spec": {"active": True}})
        until("active", 20, lambda: self.api.get(f"{USERS}/billing")["status"]["active"] is True)
        self.assertTrue(self.accepts("billing"))

    def test_10_a_secret_that_somebody_else_makes_is_registered(self):
        self.api.kubectl("-n", "team-a", "create", "secret", "generic", "given",
                         "--from-literal=client_id=given-client", "--from-literal=client_secret=" + "s3cret-" * 8)
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "given", {
            "displayName": "Given", "credentials": {"source": "Reference", "secretName": "given"}}, "team-a"))
        self.ready(f"{USERS}/given")

    def test_11_a_system_user_that_was_deleted_past_admission_is_made_again(self):
        path = f"{SYSTEM_USERS}/indexer"
        hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/neoid"
        saved = self.api.get(hooks)
        if WEBHOOK:
            with self.assertRaises(render.Refused) as refusal:
                self.api.kubectl("delete", "systemintegrationuser", "indexer", "--timeout=5s")
            self.assertIn("is not retired", str(refusal.exception))
            self.api.kubectl("delete", "validatingwebhookconfiguration", "neoid")
        before = self.api.get(path)
        self.api.kubectl("delete", "systemintegrationuser", "indexer", "--wait=false")
        until("the system user again", 30, lambda: (self.api.get(path) or before)["metadata"]["uid"] != before["metadata"]["uid"])
        after = self.ready(path)
        self.assertEqual(after["status"]["clientID"], before["status"]["clientID"])
        if WEBHOOK:
            for field in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
                saved["metadata"].pop(field, None)
            self.api.kubectl("create", "-f", "-", stdin=json.dumps(saved))

    def test_12_another_replica_takes_over_when_the_leader_goes(self):
        leader = self.leading_pod(self.pods)
        self.assertEqual(leader.stop(), 0, leader.log()[-500:])
        type(self).pods = [pod for pod in self.pods if pod is not leader] + self.cluster.start_deployment("neoid")[:1]
        self.assertIsNot(self.leading_pod(self.pods), leader)
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "later", {"displayName": "Later"}, "team-a"))
        self.ready(f"{USERS}/later")

    def test_13_a_killed_leader_is_followed_when_its_lease_has_run_out(self):
        leader = self.leading_pod(self.pods)
        leader.stop(signal.SIGKILL)
        self.pods.remove(leader)
        self.leading_pod(self.pods)
        self.api.merge(f"{USERS}/later", {"spec": {"displayName": "Later still"}})
        self.ready(f"{USERS}/later", 40)

    def test_14_deletion_finishes_and_a_held_scope_waits_for_its_holders(self):
        self.api.kubectl("delete", "scope", "documents", "--wait=false")
        until("the scope says who holds it", 20, lambda: "team-a/billing" in json.dumps(
            (self.api.get(f"/apis/{GROUP}/v1/scopes/documents") or {}).get("status", {})))
        self.api.kubectl("-n", "team-a", "delete", "integrationuser", "--all", "--timeout=40s")
        self.assertIsNone(self.secret("billing-oauth"))
        until("the scope is gone", 20, lambda: self.api.get(f"/apis/{GROUP}/v1/scopes/documents") is None)
        self.api.kubectl("annotate", "systemintegrationuser", "indexer", f"{GROUP}/retire=true")
        self.api.kubectl("delete", "systemintegrationuser", "indexer", "--timeout=40s")
        self.assertIsNone(self.secret("indexer"))

    def test_15_nothing_was_refused(self):
        self.assertEqual(self.cluster.recorder.refused(), [])
        for pod in self.cluster.pods:
            self.assertNotIn("permission denied", pod.log())

    def test_16_every_rendered_right_was_used_or_its_reason_is_in_the_table(self):
        rights = rendered_rights(render.template(*(() if WEBHOOK else ('--set', 'webhook.enabled=false'))))
        used = self.cluster.recorder.used()
        spare = {right for right in rights if not any(covers(right, seen) for seen in used)}
        told, reasons = rights_table()
        if not WEBHOOK:
            told = {right for right in told if "webhook" not in right and right != f"create secrets in {NAMESPACE}"}
        self.assertEqual({spoken(right) for right in rights}, told, "docs/rbac.md lists exactly what is rendered")
        self.assertEqual({spoken(right) for right in spare}, set(reasons), "what the run did not use has its reason there")

    def test_17_people_see_what_their_roles_say(self):
        self.api.kubectl("create", "rolebinding", "edits", "--clusterrole=edit", "--user=anna", "-n", "team-a")
        self.api.kubectl("create", "rolebinding", "views", "--clusterrole=view", "--user=vera", "-n", "team-a")
        self.api.kubectl("create", "clusterrolebinding", "admins", "--clusterrole=admin", "--user=adam")
        may = lambda user, *what: self._may(user, *what)  # noqa: E731
        users, system, scopes = (f"{name}.{GROUP}" for name in ("integrationusers", "systemintegrationusers", "scopes"))
        until("the aggregation", 10, lambda: may("anna", "create", users, "-n", "team-a"))
        for answer, who, *what in [
                (True, "vera", "get", users, "-n", "team-a"), (False, "vera", "create", users, "-n", "team-a"),
                (False, "anna", "get", users, "-n", "other"), (True, "adam", "create", scopes), (False, "anna", "create", scopes),
                (False, "adam", "get", system), (False, "anna", "get", system), (False, "adam", "delete", system)]:
            self.assertEqual(may(who, *what), answer, (who, what))
        self.assertTrue(self._may("paul", "delete", system, "--as-group=neoid:platform"))

    def _may(self, user, *what):
        with contextlib.suppress(render.Refused):
            return self.api.kubectl("auth", "can-i", f"--as={user}", *what).strip() == "yes"
        return False

    def test_18_uninstalling_keeps_the_crds_and_what_is_in_them(self):
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "stays", {"displayName": "Stays"}, "team-a"))
        self.ready(f"{USERS}/stays")
        said = self.api.helm("uninstall", "neoid")
        self.assertIn("CustomResourceDefinition", said)
        for pod in self.pods:
            pod.stop()
        self.assertIsNone(self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid"))
        self.assertEqual(self.api.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/neoid"), None)
        self.assertTrue(self.accepts("stays"), "uninstalling cuts nobody off")
        self.assertIsNotNone(self.api.get(f"{USERS}/stays"))

    def test_19_the_same_by_kustomize_takes_everything_up_again(self):
        self.api.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", ROOT / "manifests/default")
        self.api.kubectl("apply", "-k", ROOT / "manifests/default")
        self.api.kubectl("-n", NAMESPACE, "wait", "--for=condition=Complete", "job/neoid-store-migrate", "--timeout=30s")
        pods = self.cluster.start_deployment("neoid")
        self.all_ready(pods)
        self.api.merge(f"{USERS}/stays", {"spec": {"displayName": "Stayed"}})
        self.ready(f"{USERS}/stays")
        self.assertTrue(self.accepts("stays"))
        self.api.kubectl("-n", "team-a", "delete", "integrationuser", "stays", "--timeout=40s")
        self.assertEqual(self.cluster.recorder.refused(), [])


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

    def one_line(self, pod):
        self.assertNotEqual(pod.process.wait(timeout=40), 0)
        (line,) = [line for line in pod.log().split("\n") if line and '"level":"info"' not in line]
        return line

    def test_02_a_database_certificate_of_another_authority_ends_the_pod_in_one_line(self):
        self.api.helm("install", "neoid", CHART, *REQUIRED)
        type(self).template = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid")["spec"]["template"]
        own = self.cluster.folder / "other"
        own.mkdir()
        other = clusters.Authority(own).certificate.read_text()
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/neoid-store-ca"
        right = self.api.get(path)["data"]["ca.crt"]
        self.api.merge(path, {"data": {"ca.crt": other}})
        line = self.one_line(self.cluster.start(self.template, "neoid"))
        self.assertIn("certificate verify failed", line)
        self.api.merge(path, {"data": {"ca.crt": right}})

    def test_03_rights_that_are_missing_at_the_start_are_named(self):
        path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/neoid"
        binding = self.api.get(path)
        self.api.kubectl("delete", "clusterrolebinding", "neoid")
        line = self.one_line(self.cluster.start(self.template, "neoid"))
        self.assertIn(f'User "system:serviceaccount:{NAMESPACE}:neoid" cannot get resource "namespaces"', line.replace('\\"', '"'))
        for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            binding["metadata"].pop(field, None)
        self.api.kubectl("create", "-f", "-", stdin=json.dumps(binding))

    def test_04_a_database_that_goes_away_is_told_in_readiness_and_in_the_condition_until_it_is_back(self):
        pod = self.cluster.start(self.template, "neoid")
        self.all_ready([pod])
        self.leading_pod([pod])
        self.api.kubectl("create", "namespace", "team-a")
        self.cluster.database.stop()
        until("a readiness that names the store", 30, lambda: "store" in pod.probe("readinessProbe")[1])
        self.assertEqual(pod.probe("readinessProbe")[0], 503)
        self.assertEqual(pod.probe("livenessProbe")[0], 200, "a restart would mend nothing")
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "early", {"displayName": "Early"}, "team-a"))
        self.cluster.database.start()
        self.ready(f"{USERS}/early", 60)
        until("ready again", 30, lambda: pod.probe("readinessProbe")[0] == 200)
        self.assertIn("the store", pod.log())


class TheSchemaGoesAhead(Story):
    """While an upgrade is under way the controllers of the version before run on a schema that is newer than theirs. It is
    simulated by a migration that they do not know: a column, and its number in schema_migrations."""

    def users_now(self):
        return self.api.get(USERS)["items"]

    def lost(self):
        """Ready users whose Secret holds what the store does not accept."""
        found = []
        for user in self.users_now():
            if condition(user, "Ready").get("status") != "True":
                continue
            data = self.api.get(f"/api/v1/namespaces/team-a/secrets/{user['metadata']['name']}-oauth")["data"]
            secret = hashlib.sha256(base64.b64decode(data["client_secret"])).hexdigest()
            accepted = self.cluster.database.sql(
                "SELECT count(*) FROM neoid.credential_versions v JOIN neoid.users u USING (user_id) WHERE u.active AND "
                f"u.client_id = '{base64.b64decode(data['client_id']).decode()}' AND encode(v.hash, 'hex') = '{secret}' AND "
                "v.state IN ('issued', 'delivered') AND coalesce(v.valid_until > now(), true)")
            if accepted != "1":
                found.append(user["metadata"]["name"])
        return found

    def test_01_controllers_that_run_lose_nothing_when_the_schema_goes_ahead_under_load(self):
        self.prerequisites()
        self.api.helm("install", "neoid", CHART, *REQUIRED)
        pods = type(self).pods = self.cluster.start_deployment("neoid")
        self.all_ready(pods)
        self.leading_pod(pods)
        self.api.kubectl("create", "namespace", "team-a")
        stop = threading.Event()

        def load():
            number = 0
            while not stop.wait(0.05):
                number += 1
                name = f"user-{number % 40}"
                status, _ = self.api.call("POST", USERS, json.loads(resource("IntegrationUser", name, {"displayName": name}, "team-a")))
                if status == 409:
                    self.api.merge(f"{USERS}/{name}", {"metadata": {"annotations": {f"{GROUP}/rotate": str(number)}}})

        worker = threading.Thread(target=load)
        worker.start()
        try:
            until("users under load", 30, lambda: len(self.users_now()) >= 20)
            self.cluster.database.sql("ALTER TABLE neoid.users ADD COLUMN next_release text; INSERT INTO neoid.schema_migrations "
                                      "(number, name, checksum) VALUES (1000, '1000_next.postgres.sql', 'none')")
            until("more users after it", 30, lambda: len(self.users_now()) >= 40)
            leader = self.leading_pod(pods)
            leader.stop()
            pods.remove(leader)
            self.leading_pod(pods)
        finally:
            stop.set()
            worker.join()
        for user in self.users_now():
            self.ready(f"{USERS}/{user['metadata']['name']}", 60)
        self.assertEqual(self.lost(), [])

    def test_02_one_that_starts_on_a_newer_schema_says_so_in_one_line_and_touches_nothing(self):
        template = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid")["spec"]["template"]
        pod = self.cluster.start(template, "neoid")
        self.assertNotEqual(pod.process.wait(timeout=40), 0)
        (line,) = pod.log().strip().split("\n")
        self.assertIn("the store's schema has version 1000", line)
        self.assertIn("use the newer program", line)
        self.assertEqual(self.lost(), [])


# --- rights, as (verb, group, resource, namespace, name): an empty namespace or name is any ------------------------------

def rendered_rights(things):
    """What the bindings of the ServiceAccount neoid grant."""
    by_key, rights = render.by_key(things), set()
    for thing in things:
        if not thing["kind"].endswith("RoleBinding") or not any(
                subject["kind"] == "ServiceAccount" and subject["name"] == "neoid" for subject in thing["subjects"]):
            continue
        namespace = thing["metadata"].get("namespace", "")
        role = by_key[("rbac.authorization.k8s.io/v1", thing["roleRef"]["kind"],
                       namespace if thing["roleRef"]["kind"] == "Role" else "", thing["roleRef"]["name"])]
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for name in rule["resources"]:
                    for verb in rule["verbs"]:
                        rights |= {(verb, group, name, namespace, one) for one in rule.get("resourceNames", [""])}
    return rights


def covers(right, seen):
    return right[:3] == seen[:3] and right[3] in ("", seen[3]) and right[4] in ("", seen[4])


def spoken(right):
    """`get secrets neoid-webhook-tls in neoid-system`, as docs/rbac.md writes it."""
    verb, group, resource_name, namespace, name = right
    full = resource_name if not group else resource_name.replace("/", f".{group}/", 1) if "/" in resource_name else f"{resource_name}.{group}"
    return f"{verb} {full}" + (f" {name}" if name else "") + (f" in {namespace}" if namespace else "")


def rights_table():
    """(every right in docs/rbac.md, {those that no run uses: the reason})"""
    told, reasons = set(), {}
    for line in (ROOT / "docs/rbac.md").read_text().split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for right in re.findall(r"`([a-z, ]+ [a-z./0-9]+[^`]*)`", cells[0]) if line.startswith("| `") else []:
            verbs, rest = re.match(r"((?:[a-z]+, )*[a-z]+) (.*)", right).groups()
            for verb in verbs.split(", "):
                told.add(f"{verb} {rest}")
                if cells[2].startswith("not used by the run:"):
                    reasons[f"{verb} {rest}"] = cells[2]
    return told, reasons


if __name__ == "__main__":
    clusters.isolate()
    python_tests.main()
