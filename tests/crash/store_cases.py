"""The store is cut off at each step: sessions end and none is let in (PostgreSQL), another process holds the lock
(SQLite). Nothing is made or revoked meanwhile, and all of it is done once the store is back.
"""
import time

import scenarios
from kill_cases import prepare
from scenarios import require

STEPS = {
    scenarios.Create: ("store-claimed", "pass-begun", "pass-has-looked", "finalizer-added", "issue-committed",
                       "secret-created", "deliver-committed", "status-written", "scope-stored"),
    scenarios.Rotate: ("pass-has-looked", "issue-committed", "secret-updated", "deliver-committed"),
    scenarios.Delete: ("pass-has-looked", "deletion-committed", "secret-deleted", "finalizer-removed"),
    scenarios.Hold: ("hold-committed",), scenarios.Heal: ("heal-committed",), scenarios.Adopt: ("adoption-committed",),
    scenarios.Remake: ("finalizer-removed", "system-user-recreated"),
}
# The line is lost in the middle of a transaction, before or after its commit.
IN_A_TRANSACTION = ("transaction-begun", "transaction-written", "transaction-committing", "transaction-committed")
CUT = 0.8  # seconds without a store: some passes and renewals of the Lease, a sweep


def cut_off(scenario_class, armed):
    def case(system, rules):
        scenario = scenario_class()
        prepare(scenario, system, rules)
        controller = system.start(crash_at=armed + ":stop")
        controller.wait_stopped()
        system.store.cut_off()
        controller.resume()
        # Not a wait for something: this long nothing of a store is to be had.
        time.sleep(CUT)
        require(controller.process.poll() is None, "the controller ended")
        system.store.mend()
        rules.settle()
        rules.check()
        scenario.expect(system, rules)
    return case


def without_a_store(system, rules):
    """A deletion waits for the store, and says so; a resource that is there stays as it is."""
    system.start()
    system.make_user("billing")
    system.make_user("leaving")
    rules.settle()
    secret = system.secret("billing-oauth")
    system.store.cut_off()
    system.api.delete("/apis/identity.neostella.com/v1/namespaces/apps/integrationusers/leaving")
    system.rotate("billing", "now")
    time.sleep(CUT)
    require(system.user("leaving") is not None, "the resource was released without the store")
    if system.store.form == "postgres":  # a commit waits for SQLite's lock longer than that
        require("StoreUnavailable" in str(system.user("leaving").get("status")), "it does not say why it waits")
    require(system.secret("billing-oauth") == secret, "the Secret was written without the store")
    system.store.mend()
    rules.settle()
    rules.check()
    require(system.user("leaving") is None, "the deletion did not finish")


def cases(_points):
    found = scenarios.alternately({f"store-cut-off/{point}/{scenario.__name__}": cut_off(scenario, point)
                                   for scenario, points in STEPS.items() for point in points})
    for scenario in (scenarios.Create, scenarios.Rotate, scenarios.Delete):
        for point in IN_A_TRANSACTION:
            found[f"store-cut-off/{point}/{scenario.__name__}/postgres"] = ("postgres", cut_off(scenario, point))
    for form in ("sqlite", "postgres"):
        found[f"store-cut-off/without-a-store/{form}"] = (form, without_a_store)
    return found
