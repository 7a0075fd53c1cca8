"""The chart and manifests/, applied with real helm and kubectl, and what they render run: by the rendered flags, environment,
service account, security context and database login, against PostgreSQL over TLS. Nothing is refused, nothing is spare.
"""
import base64
import contextlib
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cluster as clusters  # noqa: E402
import python_tests  # noqa: E402
import render  # noqa: E402
import rights  # noqa: E402
from cluster import NAMESPACE, until  # noqa: E402
from render import CHART, ROOT, run  # noqa: E402
from story import EVERYTHING, GROUP, REQUIRED, SYSTEM_USERS, USERS, Story, resource  # noqa: E402

FIRST_RELEASE = ROOT / "tests/golden/charts/0.1.0"


class InstalledByHelm(Story):
    def test_01_every_rendered_object_is_accepted_by_the_api_under_strict_validation(self):
        self.prerequisites()
        things = render.template(*render.TOKEN_SERVICE)
        said = self.api.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-",
                                stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": things}))
        self.assertEqual(said.count("(server dry run)"), len(things), said)

    def test_02_the_first_release_is_installed(self):
        said = self.api.helm("install", "neoid", FIRST_RELEASE, *REQUIRED)
        self.assertIn("STATUS: deployed", said)
        self.assertIn("neoid 0.1.0 is installed in neoid-system.", said)
        self.assertIn("neoid.schema_migrations", self.cluster.database.sql("SELECT 'neoid.schema_migrations' FROM neoid.schema_migrations"))

    def test_03_it_is_upgraded_to_this_one_rolled_back_and_upgraded_again(self):
        self.assertIn("REVISION: 2", self.api.helm("upgrade", "neoid", CHART, *EVERYTHING))
        self.api.helm("rollback", "neoid", "1")
        self.assertIsNone(self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid-token"), "it came with 2")
        self.assertIn("REVISION: 4", self.api.helm("upgrade", "neoid", CHART, *EVERYTHING))
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

    def accepts(self, user):
        data = self.secret_data(user)
        file = self.cluster.folder / "client_secret"
        file.write_text(data["client_secret"])
        environment = dict(os.environ, PGSSLMODE="verify-full", PGSSLROOTCERT=str(self.cluster.authority.certificate))
        with contextlib.suppress(render.Refused):
            run([self.cluster.program, "store", "accepts", "--store", self.cluster.database.url("owner", "owner"), "--client-id",
                 data["client_id"], "--client-secret-file", file], env=environment)
            return True
        return False

    def test_07_the_token_service_runs_by_its_own_login_and_gives_tokens_for_what_a_secret_holds(self):
        tokens = type(self).tokens = self.cluster.start_deployment("neoid-token")
        self.all_ready(tokens)
        status, answer = self.token(self.secret_data("billing"))
        self.assertEqual((status, answer.get("scope")), (200, "contacts documents"), answer)
        sessions = self.cluster.database.sql("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IN "
                                             "('owner', 'neoid_login', 'token_login') ORDER BY 1")
        self.assertEqual(sessions.split(), ["neoid_login", "token_login"])

    def events(self, reason, namespace="team-a"):
        return [event for event in self.api.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")["items"]
                if event["reason"] == reason]

    def test_08_a_rotation_that_is_asked_for_is_carried_out(self):
        before = self.ready(f"{USERS}/billing")["status"]["credentials"]["version"]
        self.api.kubectl("-n", "team-a", "annotate", "integrationuser", "billing", f"{GROUP}/rotate=now")
        until("the answer to the rotation", 20, lambda: self.api.get(f"{USERS}/billing")["status"]["credentials"].get(
            "lastRotateRequest") == "now")
        self.assertGreater(self.ready(f"{USERS}/billing")["status"]["credentials"]["version"], before)
        self.assertTrue(self.accepts("billing"))

    def test_09_drift_is_repaired_and_counted(self):
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

    def test_10_deactivated_means_now_and_reactivation_brings_the_same_credential_back(self):
        self.api.merge(f"{USERS}/billing", {"spec": {"active": False}})
        until("inactive", 20, lambda: self.api.get(f"{USERS}/billing")["status"]["active"] is False)
        self.assertFalse(self.accepts("billing"))
        until("no token any more", 5, lambda: self.token(self.secret_data("billing"))[0] == 401)
        self.api.merge(f"{USERS}/billing", {"spec": {"active": True}})
        until("active", 20, lambda: self.api.get(f"{USERS}/billing")["status"]["active"] is True)
        self.assertTrue(self.accepts("billing"))

    def test_11_a_secret_that_somebody_else_makes_is_registered(self):
        self.api.kubectl("-n", "team-a", "create", "secret", "generic", "given",
                         "--from-literal=client_id=given-client", "--from-literal=client_secret=" + "s3cret-" * 8)
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "given", {
            "displayName": "Given", "credentials": {"source": "Reference", "secretName": "given"}}, "team-a"))
        self.ready(f"{USERS}/given")

    def test_12_a_system_user_that_was_deleted_past_admission_is_made_again(self):
        path = f"{SYSTEM_USERS}/indexer"
        hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/neoid"
        saved = self.api.get(hooks)
        with self.assertRaises(render.Refused) as refusal:
            self.api.kubectl("delete", "systemintegrationuser", "indexer", "--timeout=5s")
        self.assertIn("is not retired", str(refusal.exception))
        self.api.kubectl("delete", "validatingwebhookconfiguration", "neoid")
        before = self.api.get(path)
        self.api.kubectl("delete", "systemintegrationuser", "indexer", "--wait=false")
        until("the system user again", 30, lambda: (self.api.get(path) or before)["metadata"]["uid"] != before["metadata"]["uid"])
        after = self.ready(path)
        self.assertEqual(after["status"]["clientID"], before["status"]["clientID"])
        for field in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
            saved["metadata"].pop(field, None)
        self.api.kubectl("create", "-f", "-", stdin=json.dumps(saved))

    def test_13_another_replica_takes_over_when_the_leader_goes(self):
        leader = self.leading_pod(self.pods)
        self.assertEqual(leader.stop(), 0, leader.log()[-500:])
        type(self).pods = [pod for pod in self.pods if pod is not leader] + self.cluster.start_deployment("neoid", 1)
        self.assertIsNot(self.leading_pod(self.pods), leader)
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "later", {"displayName": "Later"}, "team-a"))
        self.ready(f"{USERS}/later")

    def test_14_a_killed_leader_is_followed_when_its_lease_has_run_out(self):
        leader = self.leading_pod(self.pods)
        leader.stop(signal.SIGKILL)
        self.pods.remove(leader)
        self.leading_pod(self.pods)
        self.api.merge(f"{USERS}/later", {"spec": {"displayName": "Later still"}})
        self.ready(f"{USERS}/later", 40)

    def test_15_deletion_finishes_and_a_held_scope_waits_for_its_holders(self):
        self.api.kubectl("delete", "scope", "documents", "--wait=false")
        until("the scope says who holds it", 20, lambda: "team-a/billing" in json.dumps(
            (self.api.get(f"/apis/{GROUP}/v1/scopes/documents") or {}).get("status", {})))
        self.api.kubectl("-n", "team-a", "delete", "integrationuser", "--all", "--timeout=40s")
        self.assertIsNone(self.secret("billing-oauth"))
        until("the scope is gone", 20, lambda: self.api.get(f"/apis/{GROUP}/v1/scopes/documents") is None)
        self.api.kubectl("annotate", "systemintegrationuser", "indexer", f"{GROUP}/retire=true")
        self.api.kubectl("delete", "systemintegrationuser", "indexer", "--timeout=40s")
        self.assertIsNone(self.secret("indexer"))

    def test_16_nothing_was_refused(self):
        self.assertEqual(self.cluster.recorder.refused(), [])
        for pod in self.cluster.pods:
            self.assertNotIn("permission denied", pod.log())

    def test_17_every_rendered_right_was_used_or_its_reason_is_in_the_table(self):
        rendered = rights.rendered(render.template(*render.TOKEN_SERVICE))
        used = self.cluster.recorder.used()
        spare = {right for right in rendered if not any(rights.covers(right, seen) for seen in used)}
        told, reasons = rights.table()
        self.assertEqual({rights.spoken(right) for right in rendered}, told, "docs/rbac.md lists exactly what is rendered")
        self.assertEqual({rights.spoken(right) for right in spare}, set(reasons), "what the run did not use has its reason there")

    def test_18_people_see_what_their_roles_say(self):
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

    def test_19_uninstalling_keeps_the_crds_and_what_is_in_them(self):
        self.api.kubectl("apply", "-f", "-", stdin=resource("IntegrationUser", "stays", {"displayName": "Stays"}, "team-a"))
        self.ready(f"{USERS}/stays")
        said = self.api.helm("uninstall", "neoid")
        self.assertIn("CustomResourceDefinition", said)
        for pod in self.pods:
            pod.stop()
        self.assertIsNone(self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid"))
        self.assertEqual(self.api.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/neoid"), None)
        self.cluster.recorder.records.clear()  # pods outlived their rights for a moment
        self.assertTrue(self.accepts("stays"), "uninstalling cuts nobody off")
        self.assertIsNotNone(self.api.get(f"{USERS}/stays"))

    def test_20_the_same_by_kustomize_takes_everything_up_again(self):
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

if __name__ == "__main__":
    clusters.isolate()
    python_tests.main()
