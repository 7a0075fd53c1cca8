"""The rules of DESIGN.md, checked from outside: what the API, the store and the Secrets hold, read by this file alone.

settle() waits until everything is Ready, nothing is written any more (rule 11), and the leader has looked at all of it
and found nothing to do; check() judges what is there then.
A Witness sees every value that a Secret ever held.
"""
import hashlib
import http.client
import json
import ssl
import threading
import time

import system as world
from system import Failed, value_of

QUIET = 0.75  # longer than a sweep and its jitter: a comparison of everything writes nothing either
ALL = {
    "users": world.GROUP + "/integrationusers", "system users": world.GROUP + "/systemintegrationusers",
    "scopes": world.SCOPES, "secrets": "/api/v1/secrets", "events": "/apis/events.k8s.io/v1/events",
}
SECRET_TYPE = "identity.neostella.com/oauth-client"


class Witness:
    """Watches every Secret: (namespace/name, client ID, value), in the order of their appearance."""

    def __init__(self, system):
        self.seen = []
        self.error = None
        self.system = system
        self.stopping = False
        self.connection = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        system.closers.append(self.stop)

    def run(self):
        context = ssl.create_default_context(cafile=str(self.system.folder / "ca.pem"))
        while not self.stopping:
            try:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.system.port, context=context)
                self.connection.request("GET", "/api/v1/secrets?watch=true",
                                        headers={"Authorization": "Bearer test-token"})
                for line in self.connection.getresponse():
                    self.note(json.loads(line))
            except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
                self.error = error

    def note(self, event):
        secret = event["object"]
        value = value_of(secret)
        if value is None or event["type"] == "DELETED":
            return
        name = secret["metadata"]["namespace"] + "/" + secret["metadata"]["name"]
        held = (name, value_of(secret, "client_id") or "", value)
        if held not in self.seen:
            self.seen.append(held)

    def values(self, name):
        return [value for held, _, value in self.seen if held == name]

    def stop(self):
        self.stopping = True
        if self.connection is not None and self.connection.sock is not None:
            self.connection.sock.close()


def condition(item, kind):
    for found in item.get("status", {}).get("conditions", []):
        if found["type"] == kind:
            return found
    return {}


def is_ready(item):
    return (item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"]
            and condition(item, "Ready").get("status") == "True")


def is_generated(item):
    """Whether the Secret's value is ours to make."""
    return (item["spec"].get("credentials", {}).get("source") != "Reference"
            and item["spec"].get("managementPolicy") != "Observe")


def secret_name(item):
    credentials = item["spec"].get("credentials", {})
    return (credentials.get("secretRef", {}).get("name") or credentials.get("secretName")
            or item["metadata"]["name"] + "-oauth")


KINDS = {"users": "IntegrationUser", "system users": "SystemIntegrationUser", "scopes": "Scope"}


class Quiet:
    """A moment at which nothing was left to do, as far as the API tells: what it is compared with later."""

    def __init__(self, state, leader, store):
        self.since = time.monotonic()
        self.state = state    # of the API
        self.leader = leader  # a Controller
        self.store = store    # (number of the last activity, holder, epoch)
        self.counts = leader.metrics()

    def unseen(self, wanted):
        """Of what the leader has not made two passes since then that found nothing to do; the first may have begun
        before. That nothing is written says little: a leader that gets no processor writes nothing either."""
        now = self.leader.metrics()
        names = {"neoid_sweep_seconds_count": 2}
        for kind, number in wanted.items():
            names[f'neoid_reconcile_total{{kind="{kind}",result="unchanged"}}'] = 2 * number
        return [name for name, least in names.items()
                if now.get(name, 0) - self.counts.get(name, 0) < least]


class Rules:
    def __init__(self, system):
        self.system = system
        self.witness = Witness(system)
        self.ended = set()       # values whose end the case brought about
        self.unready = set()     # names of resources that stay unready by what the case did to them
        self.going = set()       # names of resources whose deletion waits for something
        self.kinds_are_gone = False

    # --- settling ------------------------------------------------------------------------------------

    def look(self):
        found = {}
        for what, path in ALL.items():
            found[what] = self.system.api.items(path)
        return found

    def unsettled(self, found):
        """What is not as it will be; empty: all is."""
        names = []
        for what in ("users", "system users", "scopes"):
            for item in found[what]:
                name = item["metadata"]["name"]
                if item["metadata"].get("deletionTimestamp") and name not in self.going:
                    names.append(f"{name} is being deleted")
                elif not is_ready(item) and name not in self.unready:
                    names.append(f"{name} is not ready: {condition(item, 'Ready')}")
        # Status may be of before: what is missing from the place is told by nobody else than the place.
        places = {secret["metadata"]["name"] for secret in found["secrets"] if value_of(secret)}
        for item in found["users"] + found["system users"]:
            name = item["metadata"]["name"]
            if name in self.unready | self.going:
                continue
            if secret_name(item) not in places:
                names.append(f"{name} has no Secret")
            request = item["metadata"].get("annotations", {}).get(world.ANNOTATION + "rotate", "")
            answered = item.get("status", {}).get("credentials", {}).get("lastRotateRequest", "")
            if request and request != answered and is_generated(item):
                names.append(f"{name} was not rotated for {request}")
        return names

    def settle(self, patience=world.PATIENCE):
        """Rule 11: from some moment on nothing is written, the Lease apart, and the leader has seen all since."""
        deadline = time.monotonic() + patience
        quiet = None
        while True:
            found = self.look()
            state = {(item["metadata"]["uid"], item["metadata"]["resourceVersion"])
                     for items in found.values() for item in items}
            waiting = self.unsettled(found)
            if waiting:
                quiet = None
            elif quiet is None or state != quiet.state:
                quiet = self.quiet(state)
                waiting = [] if quiet else ["nobody leads who has claimed this store"]
            elif time.monotonic() - quiet.since > QUIET:
                waiting = quiet.unseen(self.wanted(found)) or self.left_over(found)
                if self.claim() != quiet.store:
                    quiet = None
                elif not waiting:
                    return
            if time.monotonic() > deadline:
                raise Failed(f"does not settle: {waiting or 'writes go on: ' + self.last_changes()}")
            time.sleep(0.1)

    def quiet(self, state):
        """Nothing where no live controller holds the Lease and has claimed the store that is there now: a restored one
        is another store."""
        holder, epoch = self.system.lease()
        leader = next((each for each in self.system.controllers if each.holder == holder and each.leads()), None)
        store = self.claim()
        if leader is None or store is None or store[1:] != (holder, epoch):
            return None
        quiet = Quiet(state, leader, store)
        return quiet if quiet.counts else None

    def wanted(self, found):
        """How many there are of each kind that a pass can find nothing to do for."""
        return {kind: sum(item["metadata"]["name"] not in self.unready | self.going for item in found[what])
                for what, kind in KINDS.items()}

    def left_over(self, found):
        """What a resource that is gone has left in the store: no resource tells of it."""
        if self.kinds_are_gone:
            return []
        uids = {item["metadata"]["uid"] for what in ("users", "system users") for item in found[what]}
        rows = self.system.store.ask("SELECT name, uid FROM neoid.users WHERE standing = 'owned'")
        return [f"user {name} is owned by a resource that is gone" for name, uid in rows if uid not in uids]

    def claim(self):
        """(number of the last activity, holder, epoch); nothing where the store does not answer, or is nobody's."""
        try:
            return self.system.store.ask("SELECT number, holder, n FROM neoid.activity_head, neoid.epochs")[0]
        except Exception:  # pylint: disable=broad-except
            return None

    def head(self):
        try:
            return self.system.store.ask("SELECT number FROM neoid.activity_head")[0][0]
        except Exception:  # pylint: disable=broad-except
            return None

    def last_changes(self):
        return str(self.system.store.ask("SELECT number, name, action, cause FROM neoid.activity ORDER BY number DESC "
                                         "LIMIT 5"))

    # --- judging -------------------------------------------------------------------------------------

    def answer(self, client_id, value):
        if (client_id, value) not in self.answers:
            self.answers[client_id, value] = self.accepts(client_id, value)
        return self.answers[client_id, value]

    def accepts(self, client_id, value):
        """What the program says: (accepted, its words)."""
        result = self.system.neoid("store", "accepts", "--store", self.system.store.url, "--client-id", client_id,
                                   "--client-secret-file", "-", input_text=value)
        if result.returncode not in (0, 1) or (result.returncode == 1 and "refused" not in result.stdout):
            raise Failed(f"neoid store accepts: {result.stdout}{result.stderr}")
        return result.returncode == 0, result.stdout.strip()

    def check(self):
        self.problems = []
        self.answers = {}
        found = self.look()
        store = self.system.store
        rows = store.ask("SELECT user_id, kind, client_id, standing, namespace, name, uid FROM neoid.users")
        versions = store.ask("SELECT user_id, number, encode(hash, 'hex'), state, valid_until "
                             "FROM neoid.credential_versions")
        resources = {item["metadata"]["uid"]: item for what in ("users", "system users") for item in found[what]}
        for row in rows:
            if row[3] == "owned" and row[6] not in resources and not self.kinds_are_gone:
                self.problems.append(f"rule 10: user {row[5]} is owned by a resource that is gone")
        for item in resources.values():
            self.check_resource(item, [row for row in rows if row[6] == item["metadata"]["uid"]], versions,
                                found["secrets"])
        self.check_secrets(found["secrets"], resources)
        self.check_witnessed(resources, rows)
        self.check_plaintext(found)
        self.check_scopes(found["scopes"])
        verified = self.system.neoid("activity", "verify", "--store", store.url)
        if verified.returncode != 0:
            self.problems.append(f"rule 12: {verified.stdout}{verified.stderr}")
        if self.problems:
            raise Failed("\n".join(self.problems))

    def check_resource(self, item, rows, versions, secrets):
        metadata, spec, status = item["metadata"], item["spec"], item.get("status", {})
        name = metadata["name"]
        if spec.get("managementPolicy") == "Observe" or name in self.unready or name in self.going:
            return
        if world.FINALIZER not in metadata.get("finalizers", []):
            self.problems.append(f"rule 10: {name} has no finalizer")
        if len(rows) != 1:
            self.problems.append(f"rule 1: {name} has {len(rows)} users in the store: {rows}")
            return
        row = rows[0]
        credentials = spec.get("credentials", {})
        secret = next((each for each in secrets if each["metadata"]["name"] == secret_name(item)), None)
        if (status.get("userID"), status.get("clientID")) != (row[0], row[2]):
            self.problems.append(f"rule 1: status of {name} names {status.get('userID')}, {status.get('clientID')}; "
                                 f"the store {row[0]}, {row[2]}")
        current = [version for version in versions
                   if version[0] == row[0] and version[3] == "delivered" and not version[4]]
        if len(current) != 1:
            self.problems.append(f"rule 1: {name} has {len(current)} current credentials")
            return
        value = value_of(secret)
        if value is None:
            self.problems.append(f"rule 8: {name} has no client secret in its Secret")
            return
        if hashlib.sha256(value.encode()).hexdigest() != current[0][2]:
            self.problems.append(f"rule 2: the Secret of {name} does not hold its current version")
        if str(status["credentials"]["version"]) != current[0][1]:
            self.problems.append(f"status of {name} says version {status['credentials']['version']}, not {current[0][1]}")
        if credentials.get("source") != "Reference":
            if secret["metadata"]["annotations"].get(world.ANNOTATION + "version") != current[0][1]:
                self.problems.append(f"rule 13: the seal of {name} names another version")
            if value_of(secret, "client_id") != row[2]:
                self.problems.append(f"rule 1: the Secret of {name} names another client ID")
        held = metadata.get("annotations", {}).get(world.ANNOTATION + "deactivated")
        accepted, words = self.answer(row[2], value)
        if accepted == bool(held or spec.get("active") is False):
            self.problems.append(f"rule {5 if held else 2}: the store says of the Secret of {name}: {words}")
        granted = sorted(scope for user, scope in self.system.store.ask("SELECT user_id, scope FROM neoid.grants")
                         if user == row[0])
        if granted != sorted(status.get("grantedScopes", [])):
            self.problems.append(f"rule 6: the store grants {granted} to {name}, its status {status.get('grantedScopes')}")
        if not set(granted) <= set(spec.get("scopes", [])):
            self.problems.append(f"rule 6: {name} holds {granted}, declared are {spec.get('scopes')}")

    def check_secrets(self, secrets, resources):
        for secret in secrets:
            owner = secret["metadata"].get("annotations", {}).get(world.ANNOTATION + "resource-uid")
            if secret["type"] == SECRET_TYPE and owner not in resources and not self.kinds_are_gone:
                self.problems.append(f"rule 10: Secret {secret['metadata']['name']} is of a resource that is gone")

    def check_witnessed(self, resources, rows):
        """Whatever a Secret held is accepted until its overlap ends, and not a moment longer than its resource."""
        live = {row[2]: resources[row[6]] for row in rows if row[3] == "owned" and row[6] in resources}
        kept = {row[2] for row in rows if row[3] == "released"}
        for name, client_id, value in self.witness.seen:
            item = live.get(client_id)
            if item is not None and item["spec"].get("credentials", {}).get("source") == "Reference":
                continue  # what somebody else puts there is his to end
            accepted, words = self.answer(client_id, value)
            if client_id in kept:
                continue
            if item is None or value in self.ended:
                if accepted:
                    self.problems.append(f"rule {10 if item is None else 4}: a credential that has ended opens: {name}: {words}")
                continue
            inactive = (item["metadata"].get("annotations", {}).get(world.ANNOTATION + "deactivated")
                        or item["spec"].get("active") is False)
            if not accepted and not inactive and value.startswith("neoid_"):
                self.problems.append(f"rule 2: a value that Secret {name} held, within its overlap: {words}")

    def check_plaintext(self, found):
        texts = {"the log": "".join(each.log() for each in self.system.controllers)}
        for what in ("users", "system users", "scopes", "events"):
            texts["the API's " + what] = json.dumps(found[what])
        texts["the activity"] = str(self.system.store.ask("SELECT before, after, cause FROM neoid.activity"))
        if self.system.store.form == "sqlite":
            texts["the store's files"] = b"".join(
                path.read_bytes() for path in self.system.folder.glob("identity.db*")).decode(errors="replace")
        for _, _, value in self.witness.seen:
            for where, text in texts.items():
                if value in text:
                    self.problems.append(f"rule 3: a client secret stands in {where}")

    def check_scopes(self, scopes):
        wanted = sorted(scope["metadata"]["name"] for scope in scopes)
        stored = sorted(row[0] for row in self.system.store.ask("SELECT name FROM neoid.scopes"))
        if wanted != stored and not self.kinds_are_gone:
            self.problems.append(f"rule 6: the catalogue holds {stored}, declared are {wanted}")
