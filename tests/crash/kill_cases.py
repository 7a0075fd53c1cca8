"""Kill the controller at every crash point, restart it, and check the rules (rule 1, 2, 10, 11)."""
import scenarios
from system import Failed


def kill(scenario_class, armed):
    def case(system, rules):
        scenario = scenario_class()
        prepare(scenario, system, rules)
        controller = system.start(crash_at=armed)
        scenario.during(system, rules, controller)
        controller.wait_killed()
        system.start()
        rules.settle()
        rules.check()
        scenario.expect(system, rules)
    return case


def prepare(scenario, system, rules):
    """Everything up to the start of the controller that meets the change."""
    if type(scenario) is scenarios.Heal:
        system.store.snapshot("empty")
    if type(scenario).before is not scenarios.Scenario.before:
        controller = system.start()
        scenario.before(system, rules)
        rules.settle()
        controller.stop()
    scenario.change(system, rules)


def no_way(point):
    def case(_system, _rules):
        raise Failed(f"no scenario of scenarios.py passes the crash point {point}")
    return case


def wrong_calls(system, _rules):
    """Exit code 2, and a line that says what is wrong."""
    for name in ("no-such-point", "issue-committed#0", "issue-committed#x", ":stop"):
        controller = system.start(crash_at=name)
        scenarios.require(controller.process.wait(20) == 2, f"NEOID_CRASH_AT={name} was taken")
        scenarios.require("NEOID_CRASH_AT" in controller.log(), controller.log())
    called = system.neoid("controller", "--store", system.store.url, "--lease-renew-deadline", "20s")
    scenarios.require(called.returncode == 2 and "--lease-duration" in called.stderr, called.stderr)


# The steps at which the two forms of the store are in different states.
STORE_STEPS = ("transaction-", "issue-", "deliver-", "heal-", "adoption-", "deletion-", "secret-", "lease-raised")


# A kill between any two writes of a credential, of a deletion, of the claim, and inside a transaction.
QUICK = ("issue-committed", "secret-created", "secret-updated", "deliver-committed", "heal-committed",
         "transaction-committing", "deletion-committed", "secret-deleted", "system-user-recreated", "store-claimed",
         "lease-raised", "transaction-committed")


def quick():
    """What ./dev test runs: two of three over SQLite."""
    found = {}
    for number, point in enumerate(QUICK):
        for scenario, armed in scenarios.ways_to(point)[:1]:
            form = scenarios.FORMS[number % 3 == 2]
            found[f"kill/{armed}/{scenario.__name__}/{form}"] = (form, kill(scenario, armed))
    return found


def cases(points):
    both, either = {}, {"kill/wrong-calls": wrong_calls}
    for point in points:
        ways = scenarios.ways_to(point)
        if not ways:
            either[f"kill/{point}/none"] = no_way(point)
        for scenario, armed in ways:
            name = f"kill/{armed}/{scenario.__name__}"
            (both if point.startswith(STORE_STEPS) else either)[name] = kill(scenario, armed)
    found = {f"{name}/{form}": (form, case) for name, case in both.items() for form in scenarios.FORMS}
    return found | scenarios.alternately(either) | quick()
