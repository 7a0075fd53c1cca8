"""N to N+1 under load: two real programs, the migration between them, nothing lost and no token refused."""
import hashlib
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cluster as clusters  # noqa: E402
import python_tests  # noqa: E402
from cluster import NAMESPACE, until  # noqa: E402
from render import CHART, ROOT  # noqa: E402
from story import EVERYTHING, GROUP, USERS, Story, condition, resource  # noqa: E402


class TheNextReleaseComes(Story):
    """N to N+1 under load, by two real programs: the one of the build, and tests/neoid_next, which is the same one with a
    migration more. What a Deployment's rolling update does (one more, then one less) is done by hand."""

    def users_now(self):
        return self.api.get(USERS)["items"]

    def lost(self):
        """Ready users whose Secret holds what the store does not accept."""
        found = []
        for user in self.users_now():
            if condition(user, "Ready").get("status") != "True":
                continue
            data = self.secret_data(user["metadata"]["name"])
            secret = hashlib.sha256(data["client_secret"].encode()).hexdigest()
            accepted = self.cluster.database.sql(
                "SELECT count(*) FROM neoid.credential_versions v JOIN neoid.users u USING (user_id) WHERE u.active AND "
                f"u.client_id = '{data['client_id']}' AND encode(v.hash, 'hex') = '{secret}' AND "
                "v.state IN ('issued', 'delivered') AND coalesce(v.valid_until > now(), true)")
            if accepted != "1":
                found.append(user["metadata"]["name"])
        return found

    def test_01_the_release_that_is_there_runs_and_is_used(self):
        self.prerequisites()
        self.cluster.has_next_release()
        self.api.helm("install", "neoid", CHART, *EVERYTHING)
        mine = type(self)
        mine.pods, mine.tokens = self.cluster.start_deployment("neoid"), self.cluster.start_deployment("neoid-token")
        self.all_ready(self.pods + self.tokens)
        self.leading_pod(self.pods)
        self.api.kubectl("create", "namespace", "team-a")
        self.api.kubectl("apply", "-f", "-", stdin=resource("Scope", "contacts", {"displayName": "Contacts", "tool": "contacts"}))
        mine.stop, mine.given, mine.refused, mine.written = threading.Event(), [], [], 0
        mine.workers = [threading.Thread(target=work, daemon=True) for work in (self.change_resources, self.ask_for_tokens)]
        for worker in self.workers:
            worker.start()
        until("users, and tokens for them", 90, lambda: len(self.users_now()) >= 10 and len(self.given) >= 10)

    def change_resources(self):
        mine = type(self)
        while not self.stop.wait(0.05):
            mine.written += 1
            name = f"user-{mine.written % 40}"
            user = resource("IntegrationUser", name, {"displayName": name, "scopes": ["contacts"]}, "team-a")
            status, _ = self.api.call("POST", USERS, json.loads(user))
            if status == 409:
                self.api.merge(f"{USERS}/{name}", {"metadata": {"annotations": {f"{GROUP}/rotate": str(mine.written)}}})

    def ask_for_tokens(self):
        """With what a Secret holds, read just before: there is no moment at which that may be refused."""
        while not self.stop.wait(0.02):
            for user in [user for user in self.users_now() if condition(user, "Ready").get("status") == "True"]:
                name = user["metadata"]["name"]
                try:
                    status, answer = self.token(self.secret_data(name))
                except OSError as error:
                    status, answer = 0, str(error)
                if status == 200:
                    self.given.append(name)
                else:
                    self.refused.append((name, status, answer))
                if self.stop.is_set():
                    return

    def go_on(self, what, more=20):
        """So many more writes and tokens, and none refused."""
        written, given = self.written, len(self.given)
        until(f"writes and tokens {what}", 120, lambda: self.written >= written + more and len(self.given) >= given + more)
        self.assertEqual(self.refused, [], what)

    def test_02_its_schema_goes_ahead_while_the_old_controllers_and_token_services_run(self):
        self.go_on("before the upgrade")
        self.api.helm("upgrade", "neoid", CHART, *EVERYTHING, "--set", "image.tag=next")
        self.assertEqual(self.cluster.database.sql("SELECT max(number) FROM neoid.schema_migrations"), "999")
        self.assertEqual([pod.process.poll() for pod in self.pods + self.tokens], [None] * 4)
        self.go_on("of the old release on the new schema")

    def test_03_one_after_the_other_is_replaced_and_a_new_one_leads(self):
        mine = type(self)
        for name, here in (("neoid", mine.pods), ("neoid-token", mine.tokens)):
            template = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}")["spec"]["template"]
            for old in list(here):
                new = self.cluster.start(template, name)
                self.all_ready([new])
                here.append(new)
                self.assertEqual(old.stop(), 0, old.log()[-500:])
                here.remove(old)
                self.go_on(f"while {name} is replaced")
        self.assertIn(self.leading_pod(self.pods), self.pods)

    def test_04_nothing_is_lost_and_no_token_was_refused(self):
        self.stop.set()
        for worker in self.workers:
            worker.join()
        users = self.users_now()
        self.assertEqual(len(users), 40)
        for user in users:
            self.ready(f"{USERS}/{user['metadata']['name']}", 60)
        self.assertEqual(self.lost(), [])
        self.assertEqual(self.refused, [])
        for user in users:
            self.assertEqual(self.token(self.secret_data(user["metadata"]["name"]))[0], 200)
        print(f"{self.written} writes and {len(self.given)} tokens during the upgrade, none refused")

    def test_05_an_old_one_that_starts_now_says_so_in_one_line_and_touches_nothing(self):
        template = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/neoid")["spec"]["template"]
        template["spec"]["containers"][0]["image"] = "neoid:" + (ROOT / "VERSION").read_text().strip()
        pod = self.cluster.start(template, "neoid")
        self.assertNotEqual(pod.process.wait(timeout=40), 0)
        (line,) = pod.log().strip().split("\n")
        self.assertIn("the store's schema has version 999", line)
        self.assertIn("use the newer program", line)
        self.assertEqual(self.lost(), [])

if __name__ == "__main__":
    clusters.isolate()
    python_tests.main()
