"""The ways to each crash point: what was there before, what is changed while nobody runs, and how it must end.

A Scenario is run by cases that kill, cut off, pause or restore at the points that it passes.
"""
import itertools

import system as world
from system import Failed, eventually, value_of


class Scenario:
    """One change in the life of the resources, from the point of view of a controller that finds it at its start."""
    points = ()

    def before(self, system, rules):
        """Needs a controller that runs; left settled."""

    def change(self, system, rules):
        """While no controller runs."""

    def during(self, system, rules, controller):
        """While the armed one runs."""

    def expect(self, system, rules):
        """Beside the rules, once all is settled."""


def require(condition, what):
    if not condition:
        raise Failed(what)


# With the version before in the Secret, it is healed too.
BOTH = {"keys": {"previousClientSecret": "previous_client_secret"}}
IN_A_PASS = ("pass-begun", "pass-has-looked", "transaction-begun", "transaction-loaded", "transaction-written",
             "transaction-appended", "transaction-committing", "transaction-committed")


class Create(Scenario):
    points = ("lease-claimed", "store-claimed", "renewal-due", "lease-renewed", "scope-finalizer-added",
              "scope-stored", "scope-status-written", "finalizer-added", "identity-committed", "issue-committed",
              "secret-created", "deliver-committed", "event-written", "status-written", *IN_A_PASS)

    def change(self, system, rules):
        system.make_scope("documents")
        system.make_user("billing", scopes=["documents"], credentials=BOTH)

    def expect(self, system, rules):
        require(system.user("billing")["status"]["grantedScopes"] == ["documents"], "the scope is not granted")


class WithAUser(Scenario):
    def before(self, system, rules):
        system.make_scope("documents")
        system.make_user("billing", scopes=["documents"], credentials=BOTH)


class Rotate(WithAUser):
    points = ("issue-committed", "secret-updated", "deliver-committed", "event-written", "status-written",
              "transaction-committing#1", "transaction-committing#2")

    def change(self, system, rules):
        system.rotate("billing", "please")

    def expect(self, system, rules):
        status = system.user("billing")["status"]["credentials"]
        require(status.get("lastRotateRequest") == "please", "the request is not answered")
        values = rules.witness.values("apps/billing-oauth")
        require(len(values) == 2, f"one request made {len(values) - 1} new credentials")


class SecretGone(WithAUser):
    points = ("issue-committed", "secret-created", "deliver-committed")

    def change(self, system, rules):
        system.api.delete(f"{world.SECRETS}/billing-oauth")


class Mended(WithAUser):
    """Other keys of the Secret are put right without a new version."""
    points = ("secret-updated",)

    def change(self, system, rules):
        self.value = value_of(system.secret("billing-oauth"))
        system.api.merge(f"{world.SECRETS}/billing-oauth", {"data": {"issuer": "bWFsbG9yeQ=="}})

    def expect(self, system, rules):
        secret = system.secret("billing-oauth")
        require(value_of(secret, "issuer") == "https://issuer.example", "the issuer is not put back")
        require(value_of(secret) == self.value, "the client secret was changed")


class Drift(WithAUser):
    points = ("identity-committed", "status-written")

    def change(self, system, rules):
        system.store.outside("UPDATE neoid.users SET display_name = 'Mallory' WHERE name = 'billing'")

    def expect(self, system, rules):
        names = system.store.ask("SELECT display_name FROM neoid.users WHERE name = 'billing'")
        require(names == [("User billing",)], f"the store says {names}")


class Adopt(Scenario):
    points = ("adoption-committed", "secret-created", "deliver-committed")

    def before(self, system, rules):
        system.make_user("old", deletionPolicy="Deactivate")
        rules.settle()
        status = system.user("old")["status"]
        self.ids = (status["userID"], status["clientID"])
        system.api.delete(f"{world.USERS}/old")
        eventually("the old one is gone", lambda: system.user("old") is None)
        rules.ended.update(rules.witness.values("apps/old-oauth"))

    def change(self, system, rules):
        system.make_user("taker", adopt={"userID": self.ids[0]})

    def expect(self, system, rules):
        status = system.user("taker")["status"]
        require((status["userID"], status["clientID"]) == self.ids, "another user was made")


class Resume(Adopt):
    points = ("adoption-committed",)

    def change(self, system, rules):
        system.make_user("old", deletionPolicy="Deactivate")

    def expect(self, system, rules):
        status = system.user("old")["status"]
        require((status["userID"], status["clientID"]) == self.ids, "another user was made")


class Hold(WithAUser):
    points = ("hold-committed", "event-written", "status-written")

    def change(self, system, rules):
        system.annotate("billing", deactivated="leaked")


class Reactivate(WithAUser):
    points = ("hold-lifted", "status-written")

    def before(self, system, rules):
        super().before(system, rules)
        rules.settle()
        system.annotate("billing", deactivated="leaked")

    def change(self, system, rules):
        system.annotate("billing", deactivated=None, reactivate="2999-01-01T00:00:00Z")


class Heal(WithAUser):
    """The store is restored to before the user."""
    points = ("heal-committed", "identity-committed", "status-written", "transaction-committing")

    def before(self, system, rules):
        super().before(system, rules)
        rules.settle()
        system.rotate("billing", "once")

    def change(self, system, rules):
        self.secret = system.secret("billing-oauth")
        system.store.restore("empty")

    def expect(self, system, rules):
        require(system.secret("billing-oauth")["data"] == self.secret["data"], "the credential was made anew")


class Reference(Scenario):
    points = ("reference-committed", "status-written")

    def change(self, system, rules):
        system.api.create(world.SECRETS, {"metadata": {"name": "billing-oauth", "namespace": "apps"},
                                          "stringData": {"client_secret": "q" * 40, "client_id": "theirs"}})
        self.version = system.secret("billing-oauth")["metadata"]["resourceVersion"]
        system.make_user("billing", credentials={"source": "Reference"})

    def expect(self, system, rules):
        require(system.secret("billing-oauth")["metadata"]["resourceVersion"] == self.version,
                "somebody else's Secret was written")


class Remake(Scenario):
    """A system user is deleted past admission, without being retired."""
    points = ("finalizer-removed", "system-user-recreated", "remake-committed", "secret-updated", "status-written")

    def before(self, system, rules):
        system.make_system_user("engine")

    def change(self, system, rules):
        self.value = value_of(system.secret("engine-oauth"))
        self.ids = system.api.get(f"{world.SYSTEM_USERS}/engine")["status"]["userID"]
        system.api.delete(f"{world.SYSTEM_USERS}/engine")

    def expect(self, system, rules):
        engine = eventually("it is made anew", lambda: system.api.get(f"{world.SYSTEM_USERS}/engine"))
        require(engine["status"]["userID"] == self.ids, "it is another user")
        require(value_of(system.secret("engine-oauth")) == self.value, "its credential is another one")


class Retire(Scenario):
    points = ("deletion-committed", "secret-deleted", "finalizer-removed")

    def before(self, system, rules):
        system.make_system_user("engine")

    def change(self, system, rules):
        system.api.merge(f"{world.SYSTEM_USERS}/engine",
                         {"metadata": {"annotations": {world.ANNOTATION + "retire": "true"}}})
        system.api.delete(f"{world.SYSTEM_USERS}/engine")

    def expect(self, system, rules):
        require(system.api.get(f"{world.SYSTEM_USERS}/engine") is None, "it is still there")
        require(system.secret("engine-oauth") is None, "its Secret is still there")


class Forced(WithAUser):
    """The finalizer is taken away by hand, and the resource deleted."""
    points = ("revocation-committed",)

    def change(self, system, rules):
        system.api.merge(f"{world.USERS}/billing", {"metadata": {"finalizers": None}})
        system.api.delete(f"{world.USERS}/billing")

    def expect(self, system, rules):
        eventually("the row is left behind",
                   lambda: system.store.ask("SELECT standing FROM neoid.users") == [("left_behind",)])


class Delete(WithAUser):
    points = ("deletion-committed", "secret-deleted", "finalizer-removed", "transaction-committing")

    def change(self, system, rules):
        system.api.delete(f"{world.USERS}/billing")

    def expect(self, system, rules):
        require(system.user("billing") is None, "the resource is still there")
        require(system.secret("billing-oauth") is None, "its Secret is still there")


class Depart(Delete):
    points = ("departure-committed", "secret-deleted", "finalizer-removed")

    def before(self, system, rules):
        system.make_user("billing", deletionPolicy="Deactivate")

    def expect(self, system, rules):
        super().expect(system, rules)
        require(system.store.ask("SELECT standing FROM neoid.users") == [("left_behind",)], "nothing was left behind")


class Release(WithAUser):
    """An observed identity is left as it is when its resource goes."""
    points = ("release-committed", "finalizer-removed")

    def before(self, system, rules):
        super().before(system, rules)
        rules.settle()
        system.api.merge(f"{world.USERS}/billing", {"spec": {"managementPolicy": "Observe"}})

    def change(self, system, rules):
        self.value = (value_of(system.secret("billing-oauth"), "client_id"), value_of(system.secret("billing-oauth")))
        system.api.delete(f"{world.USERS}/billing")

    def expect(self, system, rules):
        require(system.user("billing") is None, "the resource is still there")
        require(rules.accepts(*self.value)[0], "an observed identity lost its credential")


class ScopeRemoved(Scenario):
    points = ("scope-removed", "scope-finalizer-removed")

    def before(self, system, rules):
        system.make_scope("documents")

    def change(self, system, rules):
        system.api.delete(f"{world.SCOPES}/documents")

    def expect(self, system, rules):
        require(system.api.get(f"{world.SCOPES}/documents") is None, "the scope is still there")


class SessionLost(Create):
    points = ("lease-raised",)

    def during(self, system, rules, controller):
        eventually("it leads", lambda: '"leading"' in controller.log())
        system.store.end_sessions()


class Stop(Create):
    points = ("stopping", "lease-released")

    def during(self, system, rules, controller):
        rules.settle()
        controller.process.terminate()


FORMS = ("sqlite", "postgres")
SCENARIOS = [Create, Rotate, SecretGone, Mended, Drift, Adopt, Resume, Hold, Reactivate, Heal, Reference, Remake,
             Retire, Forced, Delete, Depart, Release, ScopeRemoved, SessionLost, Stop]


def alternately(found):
    """One store form for each, in turn: where what is tested does not depend on the form."""
    return {f"{name}/{form}": (form, case) for (name, case), form in zip(found.items(), itertools.cycle(FORMS))}


def ways_to(point):
    """(scenario, the point with its count) of every scenario that passes the point."""
    return [(scenario, armed) for scenario in SCENARIOS for armed in scenario.points
            if armed.partition("#")[0] == point]
