"""A whole system for one case: the embedded API in a process of its own, an identity store of either form, and real
`neoid controller` processes between them, which can be killed and stopped where controller/base/crash_point.h says.
"""
import base64
import ctypes
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import store

BUILD = pathlib.Path(os.environ["NEOID_BUILD"])
NEOID = str(BUILD / "neoid")
GROUP = "/apis/identity.neostella.com/v1"
USERS = GROUP + "/namespaces/apps/integrationusers"
SYSTEM_USERS = GROUP + "/systemintegrationusers"
SCOPES = GROUP + "/scopes"
SECRETS = "/api/v1/namespaces/apps/secrets"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ANNOTATION = "identity.neostella.com/"
FINALIZER = "identity.neostella.com/finalizer"
# Shorter than in service, so that a case takes seconds.
CREATE_DEADLINE = 0.3  # D
CLOCK_MARGIN = 1.0     # the controller's own
WAIT = 2 * CREATE_DEADLINE + CLOCK_MARGIN  # how long a create may still land
PATIENCE = 40.0


class Failed(Exception):
    """What the case found wrong."""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def eventually(what, condition, patience=PATIENCE):
    """Waits for something to become true; its value."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"never, in {patience:.0f} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class ApiError(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text[:300]}")
        self.status = status


class Api:
    """The API as the platform sees it, past every proxy."""

    def __init__(self, port, ca):
        self.port = port
        self.context = ssl.create_default_context(cafile=str(ca))
        self.connection = None

    def ask(self, method, path, body=None, content_type="application/json"):
        headers = {"Authorization": "Bearer test-token", "Content-Type": content_type}
        data = None if body is None else json.dumps(body)
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20,
                                                                  context=self.context)
                    self.connection.connect()
                    self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                text = answer.read().decode()
                break
            except (OSError, http.client.HTTPException):
                self.connection = None
                if attempt == 2:
                    raise
        if answer.status // 100 != 2:
            raise ApiError(answer.status, text)
        return json.loads(text)

    def get(self, path):
        """Nothing for a 404."""
        try:
            return self.ask("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path):
        found = self.get(path)
        return found["items"] if found else []

    def create(self, path, body):
        return self.ask("POST", path, body)

    def put(self, path, body):
        return self.ask("PUT", path, body)

    def merge(self, path, body):
        return self.ask("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path, **options):
        return self.ask("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", **options})


class Controller:
    def __init__(self, system, holder, crash_at, flags, environment, health):
        self.system = system
        self.holder = holder
        self.log_path = system.folder / f"controller-{len(system.controllers)}.log"
        command = [
            NEOID, "--log-format", "json", "--log-level", "debug", "controller",
            "--kubeconfig", str(system.controller_kubeconfig), "--store", system.store.url, "--holder", holder,
            "--lease-namespace", "neoid-system", "--lease-name", "neoid",
            "--create-deadline", f"{CREATE_DEADLINE}s", "--sweep-interval", "0.4s",
            "--lease-duration", "1.5s", "--lease-renew-deadline", "1.2s", "--lease-retry-period", "0.1s",
            "--health-listen", health,
            "--issuer", "https://issuer.example", "--token-url", "https://issuer.example/token", *flags]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("NEOID_")}
        if crash_at:
            variables["NEOID_CRASH_AT"] = crash_at
        variables.update(environment)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_killed(self):
        """Waits for the crash point to end it."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed("the controller never came by the crash point") from None
        if code != -signal.SIGKILL:
            raise Failed(f"the controller ended with {code} and not at its crash point:\n{self.log()[-1500:]}")

    def leads(self):
        """By its own words and the Lease: not a dead holder whose Lease has not run out."""
        return self.process.poll() is None and '"leading"' in self.log() and self.system.leader() == self.holder

    def health_port(self):
        """Where it listens, as the kernel says; nothing before it does."""
        process = pathlib.Path(f"/proc/{self.process.pid}")
        try:
            own = {os.readlink(file) for file in (process / "fd").iterdir()}
            sockets = (process / "net/tcp").read_text().splitlines()[1:]
        except OSError:  # it ended, or closed a file just now
            return None
        for _, local, _, state, *_, inode in (line.split()[:10] for line in sockets):
            if state == "0A" and f"socket:[{inode}]" in own:
                return int(local.rpartition(":")[2], 16)
        return None

    def metrics(self):
        """What it counts, by name and labels as /metrics writes them; nothing where it does not answer."""
        port = self.health_port()
        lines = self.system.plain(port, "/metrics").splitlines() if port else []
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines
                                                      if not line.startswith("#"))}

    def is_stopped(self):
        if self.process.poll() is not None:
            raise Failed(f"the controller ended with {self.process.returncode}:\n{self.log()[-1500:]}")
        status = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    def wait_stopped(self):
        eventually("the controller comes by the crash point", self.is_stopped)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self):
        """An orderly end."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(PATIENCE) != 0:
            raise Failed(f"the controller ended with {self.process.returncode}:\n{self.log()[-1500:]}")


class System:
    def __init__(self, form):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-crash-"))
        self.controllers = []
        self.environment = {}  # of the commands
        self.processes = []
        self.closers = []
        self.store = store.make(form, self.folder, NEOID)
        server = subprocess.Popen([str(BUILD / "tests" / "crash_api_server"), str(self.folder)],
                                  stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        self.processes.append(server)
        line = server.stdout.readline()
        if not line.strip().isdigit():
            raise Failed("the API server does not start")
        self.port = int(line)
        self.api = self.new_api()
        self.kubeconfig = self.write_kubeconfig("kubeconfig", self.port)
        self.controller_kubeconfig = self.kubeconfig

    def new_api(self):
        return Api(self.port, self.folder / "ca.pem")

    def write_kubeconfig(self, name, port):
        ca = base64.b64encode((self.folder / "ca.pem").read_bytes()).decode()
        path = self.folder / name
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}",
                                                   "certificate-authority-data": ca}}],
            "users": [{"name": "u", "user": {"token": "test-token"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))
        return path

    def start(self, crash_at="", flags=(), environment=None, holder=None, health="127.0.0.1:0"):
        holder = holder or f"replica-{len(self.controllers)}"
        controller = Controller(self, holder, crash_at, flags, environment or {}, health)
        self.controllers.append(controller)
        return controller

    @staticmethod
    def free_port():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return listener.getsockname()[1]

    @staticmethod
    def plain(port, path):
        """The body of a plain HTTP answer; empty where nobody listens yet."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode().strip()
        except OSError:
            return ""
        finally:
            connection.close()

    def neoid(self, *arguments, input_text=None):
        return subprocess.run([NEOID, *arguments], input=input_text, text=True, capture_output=True, timeout=30,
                              check=False, env=dict(os.environ, **self.environment))

    def kubectl(self, *arguments):
        program = os.environ["NEOID_KUBECTL"].split(":")[0]
        result = subprocess.run([program, "--kubeconfig", str(self.kubeconfig), *arguments], text=True,
                                capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                                env=dict(os.environ, HOME=str(self.folder)))
        if result.returncode != 0:
            raise Failed(f"kubectl {' '.join(arguments)}: {result.stderr}")
        return result.stdout

    # --- shorthand for what the cases do to the resources -------------------------------------------

    def make_user(self, name, annotations=None, **spec):
        return self.api.create(USERS, {
            "apiVersion": "identity.neostella.com/v1", "kind": "IntegrationUser",
            "metadata": {"name": name, "namespace": "apps", "annotations": annotations or {}},
            "spec": {"displayName": "User " + name, **spec}})

    def make_scope(self, name):
        return self.api.create(SCOPES, {"apiVersion": "identity.neostella.com/v1", "kind": "Scope",
                                        "metadata": {"name": name}, "spec": {"displayName": name, "tool": name}})

    def make_system_user(self, name):
        return self.api.create(SYSTEM_USERS, {
            "apiVersion": "identity.neostella.com/v1", "kind": "SystemIntegrationUser", "metadata": {"name": name},
            "spec": {"displayName": name,
                     "credentials": {"secretRef": {"namespace": "apps", "name": name + "-oauth"}}}})

    def user(self, name):
        return self.api.get(f"{USERS}/{name}")

    def secret(self, name):
        return self.api.get(f"{SECRETS}/{name}")

    def annotate(self, user, **annotations):
        return self.api.merge(f"{USERS}/{user}",
                              {"metadata": {"annotations": {ANNOTATION + key: value
                                                            for key, value in annotations.items()}}})

    def rotate(self, user, request):
        self.annotate(user, rotate=request)

    def lease(self):
        """(holder, epoch)"""
        lease = self.api.get("/apis/coordination.k8s.io/v1/namespaces/neoid-system/leases/neoid") or {}
        annotations = lease.get("metadata", {}).get("annotations", {})
        return lease.get("spec", {}).get("holderIdentity", ""), annotations.get(ANNOTATION + "epoch", "")

    def leader(self):
        return self.lease()[0]

    def close(self, keep):
        for closer in self.closers:
            closer()
        for controller in self.controllers:
            controller.kill()
        for process in self.processes:
            process.kill()
            process.wait()
        self.store.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def value_of(secret, key="client_secret"):
    """A value of a Secret, decoded; nothing where it is not there."""
    text = (secret or {}).get("data", {}).get(key)
    return base64.b64decode(text).decode() if text else None
