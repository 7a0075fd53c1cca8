"""Two replicas: the leader is paused at a crash point, the other takes over, the first wakes up (rule 14)."""
import scenarios
from kill_cases import prepare
from scenarios import require
from system import eventually

PAUSES = [
    (scenarios.Create, point) for point in (
        "lease-claimed", "store-claimed", "renewal-due", "pass-has-looked", "finalizer-added", "issue-committed",
        "secret-created", "deliver-committed", "status-written", "scope-finalizer-added", "scope-stored")
] + [
    (scenarios.Rotate, point) for point in (
        "pass-has-looked", "issue-committed", "secret-updated", "deliver-committed")
] + [
    (scenarios.Hold, "hold-committed"), (scenarios.Reactivate, "hold-lifted"), (scenarios.Heal, "heal-committed"),
    (scenarios.Adopt, "adoption-committed"), (scenarios.Remake, "system-user-recreated"),
    (scenarios.Delete, "deletion-committed"), (scenarios.Delete, "secret-deleted"),
    (scenarios.Depart, "departure-committed"), (scenarios.Drift, "pass-has-looked"),
]
# A writer that is stopped inside a transaction holds SQLite's lock on the file, and nobody can take over: there, two
# replicas on one file are not a form of service. PostgreSQL ends such a session (idle_in_transaction_session_timeout).
IN_A_TRANSACTION = [
    (scenario, point) for scenario in (scenarios.Create, scenarios.Rotate) for point in (
        "transaction-begun", "transaction-loaded", "transaction-written", "transaction-appended",
        "transaction-committing", "transaction-committed")
]


def pause(scenario_class, point):
    def case(system, rules):
        scenario = scenario_class()
        prepare(scenario, system, rules)
        first = system.start(crash_at=point + ":stop")
        first.wait_stopped()
        second = system.start()
        eventually("the other one takes over", lambda: '"leading"' in second.log())
        rules.settle()
        rules.check()
        trail = rules.head()
        first.resume()
        eventually("the first one knows that it is deposed",
                   lambda: "the right to write is lost" in first.log()
                   or "did not grant the right to write" in first.log())
        rules.settle()
        rules.check()
        scenario.expect(system, rules)
        require(rules.head() == trail, f"a late transaction of the deposed leader: {rules.last_changes()}")
        require(system.leader() == second.holder, f"{system.leader()} leads")
        require(system.store.ask("SELECT holder FROM neoid.epochs") == [(second.holder,)], "the store was claimed")
    return case


def hand_over(system, rules):
    """An orderly one, back and forth: clean, so that a missing Secret is made at once."""
    first = system.start()
    system.make_user("billing")
    rules.settle()
    second = system.start()
    first.stop()
    system.api.delete("/api/v1/namespaces/apps/secrets/billing-oauth")
    eventually("the other one leads", lambda: '"leading"' in second.log())
    require('"cleanHandOver": true' in second.log() or '"cleanHandOver":true' in second.log(), "it was not clean")
    rules.settle()
    rules.check()


def cases(_points):
    found = scenarios.alternately(
        {f"replicas/{point}/{scenario.__name__}": pause(scenario, point) for scenario, point in PAUSES})
    for scenario, point in IN_A_TRANSACTION:
        found[f"replicas/{point}/{scenario.__name__}/postgres"] = ("postgres", pause(scenario, point))
    for form in ("sqlite", "postgres"):
        found[f"replicas/an-orderly-hand-over/{form}"] = (form, hand_over)
    return found
