"""What the wire does to the controller: 409, 429, 500, 503, lost and halved answers, silence, creates that land late,
stale lists, held and dropped watches.
"""
import threading
import time

import proxy as wire
import system as world
from scenarios import alternately, require
from system import eventually, value_of

ACTS = {"409": wire.CONFLICT, "429": wire.TOO_MANY, "500": wire.BROKEN, "503": wire.UNAVAILABLE,
        "line-cut-before": wire.DROP_BEFORE, "line-cut-after": wire.DROP_AFTER, "half-an-answer": wire.HALF}


def life(system, rules, new_rule):
    """Every sort of write, each meeting the fault in each part of the life."""
    proxy = wire.Proxy(system)
    met = set()

    def part(name):
        rules.settle()
        rules.check()
        met.update(getattr(proxy.rule, "met", ()))
        proxy.rule = new_rule()
        proxy.part = name

    proxy.rule = new_rule()
    system.start()
    system.make_scope("documents")
    system.make_user("billing", scopes=["documents"])
    part("rotate")
    system.rotate("billing", "please")
    part("scopes")
    system.api.merge(f"{world.USERS}/billing", {"spec": {"scopes": []}})
    part("secret gone")
    values = len(rules.witness.values("apps/billing-oauth"))
    require(values == 2, f"the Secret held {values} values after one rotation")
    system.api.delete(f"{world.SECRETS}/billing-oauth")
    part("delete")
    system.api.delete(f"{world.USERS}/billing")
    system.api.delete(f"{world.SCOPES}/documents")
    part("end")
    require(system.user("billing") is None and system.secret("billing-oauth") is None, "the deletion did not finish")
    return met


def faulty_writes(act, chooser):
    def case(system, rules):
        met = life(system, rules, lambda: chooser(act))
        for what in ("POST secrets", "PATCH secrets", "PATCH integrationusers", "PUT integrationusers/status",
                     "PATCH scopes", "PUT scopes/status", "DELETE secrets"):
            require(what in met, f"no {what} met the fault: {sorted(met)}")
    return case


def every_second_read(act):
    def new_rule():
        counts = {}

        def rule(request):
            if request.is_write or request.is_lease or request.is_watch:
                return None
            counts[request.what] = counts.get(request.what, 0) + 1
            return act if counts[request.what] % 2 else None
        rule.met = counts
        return rule
    return new_rule


def faulty_reads(act):
    def case(system, rules):
        met = life(system, rules, every_second_read(act))
        require("GET secrets" in met and "GET integrationusers" in met, f"no read met the fault: {sorted(met)}")
    return case


def faulty_start(act):
    """The first read of all is refused for a while: /readyz and the log say so, and it is tried again with backoff."""
    def case(system, rules):
        proxy = wire.Proxy(system)
        proxy.rule = lambda request: act
        port = system.free_port()
        controller = system.start(health=f"127.0.0.1:{port}")
        system.make_user("billing")
        eventually("/readyz says why it waits",
                   lambda: "the Kubernetes API: " in system.plain(port, "/readyz"))
        require(system.plain(port, "/livez") == "ok", "a start that waits is not alive")
        eventually("it is tried again", lambda: proxy.count("GET namespaces", acts=True) >= 4)
        times = [time for time, what, _ in list(proxy.log) if what == "GET namespaces"]
        least = 1 if act is wire.TOO_MANY else times[1] - times[0]  # what the server asks for comes first
        require(times[3] - times[2] >= least, f"there is no backoff: {times}")
        require("waiting to start" in controller.log(), "the log does not say why it waits")
        proxy.rule = lambda request: None
        rules.settle()
        rules.check()
        eventually("it is ready", lambda: system.plain(port, "/readyz") == "ok")
        controller.stop()
    return case


def stopped_while_it_waits(system, _rules):
    """... and is stopped meanwhile, in good order."""
    proxy = wire.Proxy(system)
    proxy.rule = lambda request: wire.UNAVAILABLE
    controller = system.start()
    eventually("it waits", lambda: "waiting to start" in controller.log())
    controller.stop()


def no_way_to_start(system, _rules):
    """What cannot get better ends the program with its cause: exit code 1."""
    proxy = wire.Proxy(system)
    proxy.rule = lambda request: wire.Answer(404, "NotFound")
    controller = system.start()
    require(controller.process.wait(20) == 1, "a server without namespaces was taken for Kubernetes")
    require("the Kubernetes API cannot be used" in controller.log(), controller.log())
    system.controller_kubeconfig = system.folder / "broken"
    system.controller_kubeconfig.write_text("not: [a kubeconfig")
    controller = system.start()
    require(controller.process.wait(20) == 1, "a broken kubeconfig was taken")
    require("broken" in controller.log(), controller.log())


def faulty_lease(act):
    """The Lease cannot be renewed for a while; a right to write that ended is won again."""
    def case(system, rules):
        proxy = wire.Proxy(system)
        controller = system.start()
        system.make_user("billing")
        rules.settle()
        proxy.rule = lambda request: act if request.is_lease else None
        eventually("it knows that it lost the Lease", lambda: "the right to write is lost" in controller.log())
        system.rotate("billing", "meanwhile")
        proxy.rule = lambda request: None
        rules.settle()
        rules.check()
        require(len(rules.witness.values("apps/billing-oauth")) == 2, "it was not rotated once")
    return case


def silent_lease(system, rules):
    """The line of the leader's renewals hangs; the other one takes over, and the first one writes no more."""
    proxy = wire.Proxy(system)
    first = system.start()
    system.make_user("billing")
    rules.settle()
    proxy.rule = lambda request: wire.SILENT_BEFORE if request.is_lease else None
    system.controller_kubeconfig = system.kubeconfig
    second = system.start()
    eventually("the other one takes over", lambda: '"leading"' in second.log())
    system.rotate("billing", "please")
    rules.settle()
    rules.check()
    require(len(rules.witness.values("apps/billing-oauth")) == 2, "it was not rotated once")
    require(first.process.poll() is None, "the first one ended")


def late_create(seconds):
    """A create that lands after the controller gave it up, but within what the protocol waits for: it is the credential,
    and no second one is made."""
    def case(system, rules):
        proxy = wire.Proxy(system)
        late = wire.Late(seconds)
        sent = []

        def rule(request):
            if request.what != "POST secrets":
                return None
            sent.append(request)
            return late if len(sent) == 1 else None
        proxy.rule = rule
        controller = system.start()
        system.make_user("billing")
        rules.settle()
        rules.check()
        require(len(sent) == 1, f"the create was sent {len(sent)} times")
        require("a pass failed" in controller.log(), "the controller did not give the create up")
        require(len(rules.witness.values("apps/billing-oauth")) == 1, "the Secret held more than one value")
    return case


def lost_create(act):
    """A create whose answer is lost, or that never lands: sent once; after the wait at the latest there is a credential."""
    def case(system, rules):
        proxy = wire.Proxy(system)
        sent = []  # when the version that each of them carries was issued, in seconds of the store's clock

        def rule(request):
            if request.what != "POST secrets":
                return None
            ((issued,),) = system.store.ask("SELECT neoid.micros(max(issued_at)) FROM neoid.credential_versions")
            sent.append(int(issued) / 1e6)
            return act if len(sent) == 1 else None
        proxy.rule = rule
        system.start()
        system.make_user("billing")
        rules.settle()
        rules.check()
        if len(sent) > 1:
            require(sent[1] - sent[0] >= world.WAIT, f"the second version came after {sent[1] - sent[0]:.2f} s")
        require(len(sent) == (2 if act in (wire.DROP_BEFORE, wire.SILENT_BEFORE) else 1),
                f"the create was sent {len(sent)} times")
    return case


def never_too_late(system, rules):
    """The create is held back until long after; another version is delivered meanwhile. It lands on what is there (409),
    and changes nothing."""
    proxy = wire.Proxy(system)
    late = wire.Late(gate=threading.Event())
    sent = []

    def rule(request):
        if request.what != "POST secrets":
            return None
        sent.append(request)
        return late if len(sent) == 1 else None
    proxy.rule = rule
    system.start()
    system.make_user("billing")
    rules.settle()
    value = value_of(system.secret("billing-oauth"))
    late.gate.set()
    rules.settle()
    rules.check()
    require(value_of(system.secret("billing-oauth")) == value, "the late create changed the Secret")


def stale(change, held, verify):
    """The caches keep showing what was before: by lists of before (held: False), or by watches that say nothing."""
    def case(system, rules):
        proxy = wire.Proxy(system)
        system.start()
        system.make_user("billing")
        system.make_scope("documents")
        rules.settle()
        old = {}
        if held:
            proxy.hold_watches()
        else:
            for what in (world.GROUP + "/integrationusers", "/api/v1/secrets"):
                old[what] = system.api.ask("GET", what + (
                    "?fieldSelector=type%3Didentity.neostella.com%2Foauth-client" if "secrets" in what else ""))
        change(system, rules)
        if not held:
            rules.settle()
            import json  # pylint: disable=import-outside-toplevel
            bodies = {what: json.dumps(body).encode() for what, body in old.items()}
            expired = set()

            def rule(request):
                if request.path not in bodies:
                    return None
                if request.is_watch:
                    # First it is told to list again, and then hears nothing for a while.
                    if request.path not in expired:
                        expired.add(request.path)
                        return wire.Answer(410, "Expired")
                    return None
                return wire.Replay(bodies[request.path]) if request.is_list else None
            proxy.rule = rule
            proxy.hold_watches()
            proxy.drop_watches()
            eventually("it listed again", lambda: len(expired) == 2 and proxy.count("GET secrets", acts=True) > 0)
        # Sweeps with the old view: twice as long as between two of them.
        time.sleep(0.9)
        proxy.rule = lambda request: None
        proxy.release_watches()
        rules.settle()
        rules.check()
        verify(system, rules)
    return case


def rotated(system, _rules):
    system.rotate("billing", "once")


def once(_system, rules):
    values = rules.witness.values("apps/billing-oauth")
    require(len(values) == 2, f"one request made {len(values) - 1} new credentials")


def deactivated(system, _rules):
    system.api.merge(f"{world.USERS}/billing", {"spec": {"active": False}})


def still_inactive(system, _rules):
    actions = system.store.ask("SELECT action FROM neoid.activity WHERE name = 'billing'")
    require(("Reactivated",) not in actions, f"the deactivation was undone: {actions}")


def recreated(system, _rules):
    system.api.delete(f"{world.USERS}/billing")
    eventually("it is gone", lambda: system.user("billing") is None)
    system.make_user("billing")


def nothing(_system, _rules):
    pass


def dropped_watches(system, rules):
    """Watches end again and again; what happens meanwhile is not missed."""
    proxy = wire.Proxy(system)
    system.start()
    system.make_user("billing")
    rules.settle()  # a request that is there before the first credential is answered by it
    for number in range(5):
        proxy.drop_watches()
        system.rotate("billing", f"request-{number}")
        eventually("the request is answered", lambda n=number: system.user("billing").get("status", {}).get(
            "credentials", {}).get("lastRotateRequest") == f"request-{n}")
    proxy.drop_watches()
    rules.settle()
    rules.check()
    values = len(rules.witness.values("apps/billing-oauth"))
    require(values == 6, f"{values} values for the first one and five requests; the watch's own error: {rules.witness.error}")


def cases(_points):
    found = {}
    for name, act in ACTS.items():
        found[f"api/first-writes-{name}"] = faulty_writes(act, wire.first_of_each)
        if act not in (wire.CONFLICT, wire.DROP_AFTER):  # a read has no conflict, and is the same before and after
            found[f"api/reads-{name}"] = faulty_reads(act)
    for name in ("409", "500", "line-cut-after"):
        found[f"api/every-second-write-{name}"] = faulty_writes(ACTS[name], wire.every_second_of_each)
    for name, act in {"403": wire.Answer(403, "Forbidden"), "409": wire.CONFLICT, "429": wire.TOO_MANY,
                      "500": wire.BROKEN, "line-cut-before": wire.DROP_BEFORE}.items():
        found[f"api/start-{name}"] = faulty_start(act)
    found["api/start-stopped-while-it-waits"] = stopped_while_it_waits
    found["api/start-that-cannot-get-better"] = no_way_to_start
    for name in ("409", "500", "line-cut-before", "line-cut-after"):
        found[f"api/lease-{name}"] = faulty_lease(ACTS[name])
    found["api/lease-silent"] = silent_lease
    for seconds in (0.45, 0.55):
        found[f"api/late-create-{seconds}"] = late_create(seconds)
    for name, act in {"lost": wire.SILENT_BEFORE, "unanswered": wire.SILENT_AFTER, "cut-before": wire.DROP_BEFORE,
                      "cut-after": wire.DROP_AFTER, "half": wire.HALF}.items():
        found[f"api/create-{name}"] = lost_create(act)
    found["api/create-never-too-late"] = never_too_late
    for held in (True, False):
        kind = "held-watches" if held else "stale-lists"
        found[f"api/{kind}-after-a-rotation"] = stale(rotated, held, once if not held else nothing)
        found[f"api/{kind}-after-a-deactivation"] = stale(deactivated, held, still_inactive)
        if not held:
            found[f"api/{kind}-after-a-re-creation"] = stale(recreated, held, nothing)
    found["api/dropped-watches"] = dropped_watches
    return alternately(found)
