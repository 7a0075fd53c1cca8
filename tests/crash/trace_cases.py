"""The sixteen traces of docs/credential-protocol.md over the real program, by the words of its table.

tests/simulation has the same ones over the pure functions; here they go over the wire, a store and a clock.
"""
import time

import proxy as wire
import scenarios
import system as world
from api_cases import late_create
from replica_cases import pause
from rules import condition as rules_condition
from scenarios import require
from system import eventually, value_of

SECRET = f"{world.SECRETS}/billing-oauth"


def started_user(system, rules, **spec):
    """A settled user, and no controller."""
    controller = system.start()
    system.make_user("billing", **spec)
    rules.settle()
    controller.stop()
    return system.secret("billing-oauth")


def put_back(system, old):
    """What a backup tool does: data and annotations of an old Secret, whatever is there."""
    now = system.secret("billing-oauth")
    now["data"] = old["data"]
    now["metadata"]["annotations"] = old["metadata"]["annotations"]
    system.api.put(SECRET, now)


def rotated_once_more(system, rules, request):
    controller = system.start()
    system.rotate("billing", request)
    eventually("the request is answered", lambda: system.user("billing")["status"]["credentials"].get(
        "lastRotateRequest") == request)
    rules.settle()
    controller.stop()


def wait_for_end(system, rules, value):
    """Until the overlap of this value is over, by the database's clock."""
    client_id = value_of(system.secret("billing-oauth"), "client_id")
    eventually("the overlap ends", lambda: not rules.accepts(client_id, value)[0])
    rules.ended.add(value)


def dies_between_secret_and_mark(system, rules):
    controller = system.start(crash_at="secret-created")
    system.make_user("billing")
    controller.wait_killed()
    system.api.delete(SECRET)
    system.start()
    rules.settle()
    rules.check()  # the value that the Secret held is accepted still
    require(len(rules.witness.values("apps/billing-oauth")) == 2, "the Secret did not hold two values")


def snapshot_next_leader_restore(system, rules):
    system.make_user("billing")
    first = system.start(crash_at="secret-created:stop")
    first.wait_stopped()
    if system.store.form == "sqlite":
        system.store.snapshot("then")
    else:
        # A copy of the database wants it for itself: the term's session would be gone. What is copied is the epoch.
        epoch = system.store.ask("SELECT n, holder FROM neoid.epochs")[0]
    second = system.start()
    eventually("the other one takes over", lambda: '"leading"' in second.log())
    rules.settle()
    second.kill()
    if system.store.form == "sqlite":
        system.store.restore("then")
    else:
        system.store.outside(f"UPDATE neoid.epochs SET n = {epoch[0]}, holder = '{epoch[1]}'")
        system.store.end_sessions()
    number = rules.head()
    first.resume()
    eventually("the deposed one knows", lambda: "the right to write is lost" in first.log())
    late = system.store.ask(f"SELECT action FROM neoid.activity WHERE number > {number} AND cause = "
                            "'the Secret holds the version' AND writer LIKE '%replica-0%'")
    require(not late, f"the deposed leader's transaction was committed: {late}")
    rules.settle()
    rules.check()


def restore_to_before_the_version(system, rules):
    """... with no fingerprint in status yet."""
    system.store.snapshot("empty")
    system.make_user("billing")
    system.start(crash_at="deliver-committed").wait_killed()
    value = value_of(system.secret("billing-oauth"))
    system.store.restore("empty")
    system.start()
    rules.settle()
    rules.check()
    require(value_of(system.secret("billing-oauth")) == value, "the credential was made anew")


def restore_to_before_the_user(system, rules):
    system.store.snapshot("empty")
    system.make_user("billing")
    system.start(crash_at="secret-created").wait_killed()
    rows = system.store.ask("SELECT user_id, client_id FROM neoid.users")
    system.store.restore("empty")
    system.start()
    rules.settle()
    rules.check()
    require(system.store.ask("SELECT user_id, client_id FROM neoid.users") == rows, "it is another user")


def healing_beside_a_current_one(system, rules):
    started_user(system, rules)
    system.store.snapshot("then")
    rotated_once_more(system, rules, "please")
    system.store.restore("then")
    system.start()
    rules.settle()
    rules.check()
    require(len(rules.witness.values("apps/billing-oauth")) == 2, "the credential was made anew")


def restore_to_before_a_deletion(system, rules):
    secret = started_user(system, rules)
    system.store.snapshot("then")
    controller = system.start()
    system.api.delete(f"{world.USERS}/billing")
    eventually("it is gone", lambda: system.user("billing") is None)
    rules.settle()
    controller.stop()
    system.store.restore("then")
    require(rules.accepts(value_of(secret, "client_id"), value_of(secret))[0], "the restore brought nothing back")
    system.start()
    eventually("the sweep revokes it",
               lambda: not rules.accepts(value_of(secret, "client_id"), value_of(secret))[0])
    rules.settle()
    rules.check()


def restore_after_a_rotation_was_honoured(system, rules):
    started_user(system, rules)
    system.store.snapshot("then")
    rotated_once_more(system, rules, "please")
    value = value_of(system.secret("billing-oauth"))
    system.store.restore("then")
    system.start()
    rules.settle()
    rules.check()
    require(value_of(system.secret("billing-oauth")) == value, "it was rotated again")


def restore_after_an_overlap_ended(system, rules):
    old = started_user(system, rules, credentials={"rotation": {"overlap": "0.2s"}})
    system.store.snapshot("then")
    rotated_once_more(system, rules, "please")
    wait_for_end(system, rules, value_of(old))
    controller = system.start()
    rules.settle()
    controller.stop()
    system.store.restore("then")
    system.start()
    rules.settle()
    rules.check()


def an_old_secret_is_put_back(system, rules):
    old = started_user(system, rules, credentials={"rotation": {"overlap": "0.2s"}})
    rotated_once_more(system, rules, "please")
    wait_for_end(system, rules, value_of(old))
    put_back(system, old)
    system.start()
    rules.settle()
    require(value_of(system.secret("billing-oauth")) != value_of(old), "an ended version stayed")
    # The one between them was replaced when the old one was found, and its overlap is as short.
    for value in rules.witness.values("apps/billing-oauth")[:-1]:
        wait_for_end(system, rules, value)
    rules.settle()
    rules.check()


def an_old_secret_while_status_is_under_way(system, rules):
    """Status names the old version still: the store's delivered numbers tell that it is old."""
    old = started_user(system, rules, credentials={"rotation": {"overlap": "0.2s"}})
    system.rotate("billing", "please")
    system.start(crash_at="deliver-committed").wait_killed()
    wait_for_end(system, rules, value_of(old))
    put_back(system, old)
    system.start()
    rules.settle()
    require(value_of(system.secret("billing-oauth")) != value_of(old), "an ended version stayed")
    # The one between them was replaced when the old one was found, and its overlap is as short.
    for value in rules.witness.values("apps/billing-oauth")[:-1]:
        wait_for_end(system, rules, value)
    rules.settle()
    rules.check()


def a_number_is_used_again(system, rules):
    started_user(system, rules)
    system.store.snapshot("then")
    rotated_once_more(system, rules, "please")
    status = system.user("billing")["status"]["credentials"]["version"]
    system.store.restore("then")
    system.api.delete(SECRET)
    # Status as a deposed leader or a hand would leave it: it does not know the number either.
    user = system.user("billing")
    user["status"] = {"observedGeneration": -1}
    system.api.put(f"{world.USERS}/billing/status", user)
    system.start()
    rules.settle()
    number = system.user("billing")["status"]["credentials"]["version"]
    require(number > status, f"version {number} comes after {status}")


def a_value_edited_by_hand(system, rules):
    """... the store restored, and a pass that only has the cache of before."""
    system.store.snapshot("empty")
    proxy = wire.Proxy(system)
    system.start()
    system.make_user("billing")
    rules.settle()
    client_id = value_of(system.secret("billing-oauth"), "client_id")
    proxy.hold_watches()
    mallory = "mallory-" + "m" * 40
    system.api.merge(SECRET, {"stringData": {"client_secret": mallory}, "data": None})
    system.store.restore("empty")
    time.sleep(0.9)  # two sweeps with the old view
    proxy.release_watches()
    rules.settle()
    require(not rules.accepts(client_id, mallory)[0], "somebody's value became the credential")
    require(value_of(system.secret("billing-oauth")).startswith("neoid_"), "somebody's value is in the Secret")


def an_old_secret_in_a_recreated_resource(system, rules):
    old = started_user(system, rules)
    controller = system.start()
    system.api.delete(f"{world.USERS}/billing")
    eventually("it is gone", lambda: system.user("billing") is None)
    system.make_user("billing")
    rules.settle()
    controller.stop()
    put_back(system, old)
    system.start()
    rules.unready.add("billing")
    eventually("the Secret is not its own: told as a conflict", lambda: rules_condition(
        system.user("billing"), "CredentialsDelivered").get("reason") == "SecretConflict")
    rules.settle()
    require(system.secret("billing-oauth")["data"] == old["data"], "somebody else's Secret was written")
    require(not rules.accepts(value_of(old, "client_id"), value_of(old))[0], "a deleted identity returned")
    require(system.user("billing")["status"]["clientID"] != value_of(old, "client_id"), "a deleted identity returned")


def a_reelected_leader_acts_on_an_old_view(system, rules):
    proxy = wire.Proxy(system)
    first = system.start()
    system.make_user("billing")
    rules.settle()
    proxy.hold_watches()
    first.process.send_signal(19)
    system.controller_kubeconfig = system.kubeconfig
    second = system.start()
    eventually("the other one takes over", lambda: '"leading"' in second.log())
    system.rotate("billing", "once")
    system.api.merge(f"{world.USERS}/billing", {"spec": {"active": False}})
    rules.settle()
    second.stop()
    count = first.log().count('"leading"')
    first.resume()
    eventually("the first one leads again", lambda: first.log().count('"leading"') > count)
    time.sleep(0.9)  # two sweeps with the old view
    require(len(rules.witness.values("apps/billing-oauth")) == 2, "it was rotated twice")
    client_id = value_of(system.secret("billing-oauth"), "client_id")
    require(not rules.accepts(client_id, value_of(system.secret("billing-oauth")))[0], "the deactivation was undone")
    proxy.release_watches()
    rules.settle()
    rules.check()


TRACES = {
    "a-create-is-delayed": late_create(0.5),
    "the-writer-dies-between-secret-and-mark": dies_between_secret_and_mark,
    "a-replica-pauses-before-raising-the-epoch": pause(scenarios.Create, "lease-claimed"),
    "snapshot-next-leader-restore": snapshot_next_leader_restore,
    "restore-to-before-the-version": restore_to_before_the_version,
    "restore-to-before-the-user": restore_to_before_the_user,
    "healing-beside-a-restored-current-version": healing_beside_a_current_one,
    "restore-to-before-a-deletion": restore_to_before_a_deletion,
    "restore-after-a-rotation-was-honoured": restore_after_a_rotation_was_honoured,
    "restore-after-an-overlap-ended": restore_after_an_overlap_ended,
    "an-old-secret-is-put-back": an_old_secret_is_put_back,
    "an-old-secret-while-status-is-under-way": an_old_secret_while_status_is_under_way,
    "restore-then-a-number-is-used-again": a_number_is_used_again,
    "a-value-is-edited-by-hand-and-the-store-restored": a_value_edited_by_hand,
    "an-old-secret-in-a-recreated-resource": an_old_secret_in_a_recreated_resource,
    "a-reelected-leader-acts-on-an-old-view": a_reelected_leader_acts_on_an_old_view,
}


def cases(_points):
    return {f"trace/{name}/{form}": (form, case) for name, case in TRACES.items() for form in ("sqlite", "postgres")}
