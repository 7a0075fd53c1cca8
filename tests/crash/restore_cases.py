"""The store is put back to a snapshot taken at each step; every credential that a Secret holds works again (rule 13)."""
import signal
import threading

import scenarios
import system as world
from kill_cases import prepare
from rules import QUIET
from scenarios import require
from system import eventually, value_of

# Where the store is copied: after every write to it or to the API.
STEPS = {"pass-has-looked", "finalizer-added", "identity-committed", "adoption-committed", "remake-committed",
         "hold-committed", "hold-lifted", "issue-committed", "secret-created", "secret-updated", "deliver-committed",
         "heal-committed", "reference-committed", "status-written", "deletion-committed", "departure-committed",
         "release-committed", "secret-deleted", "revocation-committed", "scope-stored"}


def held(system):
    """What every Secret and status says: (value, client ID, user ID), by name."""
    users = system.api.items(world.USERS) + system.api.items(world.SYSTEM_USERS)
    found = {}
    for user in users:
        name = user["metadata"]["name"]
        secret = system.secret(name + "-oauth")
        found[name] = (value_of(secret), value_of(secret, "client_id"), user["status"]["userID"])
    return found


def rotate_all(system, rules):
    """So that what the Secrets hold is newer than any snapshot."""
    for user in system.api.items(world.USERS):
        if user["spec"].get("credentials", {}).get("source") == "Reference":
            continue
        if user["spec"].get("managementPolicy") == "Observe":
            continue
        name = user["metadata"]["name"]
        system.rotate(name, "later")
        eventually("the rotation is answered", lambda n=name: system.user(n)["status"]["credentials"].get(
            "lastRotateRequest") == "later")
    rules.settle()


def restore(scenario_class, armed, later):
    def case(system, rules):
        scenario = scenario_class()
        prepare(scenario, system, rules)
        controller = system.start(crash_at=armed)
        scenario.during(system, rules, controller)
        controller.wait_killed()
        system.store.snapshot("then")
        system.start()
        rules.settle()
        if later:
            rotate_all(system, rules)
        rules.check()
        before = held(system)
        system.store.restore("then")
        rules.settle()
        rules.check()
        after = held(system)
        require(before == after, "after the restore a credential was made anew, or belongs to another user")
    return case


def asleep(system, rules):
    """The leader gets no processor while the store is put back, for longer than it is quiet in good order: that nothing
    is written then is no sign that all is well."""
    controller = system.start()
    system.make_user("billing", credentials=scenarios.BOTH)
    rules.settle()
    controller.stop()
    system.store.snapshot("then")
    controller = system.start()
    rotate_all(system, rules)
    rules.check()
    before = held(system)
    controller.process.send_signal(signal.SIGSTOP)
    system.store.restore("then")
    threading.Timer(QUIET + 0.5, controller.resume).start()
    rules.settle()
    rules.check()
    require(before == held(system), "after the restore a credential was made anew, or belongs to another user")


def cases(points):
    found = {}
    for point in points:
        if point not in STEPS:
            continue
        for scenario, armed in scenarios.ways_to(point):
            if scenario is scenarios.SessionLost or scenario is scenarios.Stop:
                continue
            found[f"restore/{armed}/{scenario.__name__}"] = restore(scenario, armed, later=False)
            if scenario in (scenarios.Create, scenarios.Rotate):
                found[f"restore/{armed}/{scenario.__name__}ThenRotate"] = restore(scenario, armed, later=True)
    sleeping = {f"restore/while-the-leader-sleeps/{form}": (form, asleep) for form in scenarios.FORMS}
    return scenarios.alternately(found) | sleeping
