"""A cluster for tests of the deployment: the embedded API, a PostgreSQL server that speaks TLS, and what a kubelet, the
job controller and kube-proxy would do with what was applied, each in the least form that keeps the rendered object
honest. Nothing here knows neoid's resources.

A test calls isolate() first: network and mounts of its own, so that ports are as rendered and /var/run/secrets can be a
pod's. What differs from a node is stated where it is done: a listen address of all interfaces becomes the pod's own
(pods share one network), and the program comes from the build, not from an image.
"""
import base64
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import private_postgres  # noqa: E402
from recorder import Recorder  # noqa: E402
from render import HELM, ISSUER, KUBECTL, ROOT, run  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("NEOID_PROGRAM", ROOT / "build/neoid"))
NEXT_PROGRAM = PROGRAM.parent / "tests/neoid_next"  # the image of the tag `next`: a migration ahead (tests/CMakeLists.txt)
NAMESPACE = "neoid-system"
API_ADDRESS, SERVICE_ADDRESS, WEBHOOK_ADDRESS, TOKEN_ADDRESS = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
ISSUER_HOST = ISSUER.removeprefix("https://")
HOSTS = (f"127.0.0.1 localhost database\n{WEBHOOK_ADDRESS} neoid-webhook.{NAMESPACE}.svc\n"
         f"{TOKEN_ADDRESS} {ISSUER_HOST}\n")


def isolate():
    """Runs this very program again in network and mount namespaces of its own. Says why where it cannot."""
    if os.environ.get("NEOID_ISOLATED"):
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        hosts = pathlib.Path(tempfile.mkdtemp(prefix="neoid-hosts-")) / "hosts"
        hosts.write_text(HOSTS)
        subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
        shutil.rmtree(hosts.parent)  # the mount keeps the file
        with socket.socket() as any_socket:  # lo comes up: SIOCSIFFLAGS with IFF_UP
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
        return
    if subprocess.run(["unshare", "-n", "-m", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        os.environ["NEOID_NOT_ISOLATED"] = "yes"
        return
    os.environ["NEOID_ISOLATED"] = "yes"
    os.execvp("unshare", ["unshare", "-n", "-m", sys.executable, *sys.argv])


def not_isolated():
    return "NEOID_NOT_ISOLATED" in os.environ


def until(what, seconds, check):
    """The first true answer of check; an error that says what never came."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        last = check()
        if last:
            return last
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds} s; last seen: {last!r}")


class Authority:
    """Certificates, made by openssl for as long as a test runs."""

    def __init__(self, folder):
        self.folder = folder
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                      "-subj", "/CN=test authority", "-keyout", folder / "ca.key", "-out", folder / "ca.crt")
        self.certificate = folder / "ca.crt"

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def issue(self, name, alternatives):
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
                      "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key


def service_account_token(name):
    """In the form of a real one, a JWT: the program reads from it who it is. This API knows tokens by a file."""
    def part(value):
        return base64.urlsafe_b64encode(value).decode().rstrip("=")
    claims = {"sub": f"system:serviceaccount:{NAMESPACE}:{name}"}
    return ".".join([part(b'{"alg":"none"}'), part(json.dumps(claims).encode()), part(os.urandom(16))])


class Database:
    """PostgreSQL on database:5432, TLS only, passwords only, with the logins that manifests/postgres/roles.sql names."""

    def __init__(self, folder, authority):
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.data = self.folder / "data"
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        bare = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
        self.programs = private_postgres.programs()
        subprocess.run(private_postgres.as_server_user(str(self.programs / "initdb"), "-D", str(self.data), "-U", "postgres",
                                                        "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"), **bare)
        certificate, key = authority.issue("database", "DNS:database")
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            shutil.copy(source, self.data / name)
            (self.data / name).chmod(0o600)
            if os.getuid() == 0:
                shutil.chown(self.data / name, "postgres", "postgres")
        (self.data / "pg_hba.conf").write_text("local all postgres trust\nhostssl all all all scram-sha-256\n")
        self.process = None
        self.start()
        self.sql("CREATE ROLE owner LOGIN PASSWORD 'owner' CREATEROLE")
        self.sql("CREATE DATABASE neoid OWNER owner")
        run(["psql", "-q", "-h", self.folder, "-U", "postgres", "-d", "neoid", "-f", ROOT / "manifests/postgres/roles.sql"])
        self.sql("CREATE ROLE neoid_login LOGIN PASSWORD 'secret' NOINHERIT; CREATE ROLE token_login LOGIN PASSWORD 'secret';"
                 "GRANT neoid_controller, neoid_platform TO neoid_login; GRANT neoid_token TO token_login;"
                 "ALTER ROLE neoid_login SET idle_in_transaction_session_timeout = '1500ms';"
                 "GRANT neoid_controller, neoid_platform, neoid_token, neoid_auditor, neoid_admin TO owner WITH ADMIN OPTION")

    def start(self):
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.folder), "-c", "fsync=off",
                   "-c", "listen_addresses=database", "-c", "ssl=on", "-c", "timezone=UTC",
                   "-c", f"log_directory={self.folder}"]
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(private_postgres.as_server_user(*command), cwd="/", stdout=self.log, stderr=self.log)
        until("the database", 30, lambda: subprocess.run(
            [str(self.programs / "pg_isready"), "-h", str(self.folder), "-U", "postgres", "-q"], check=False).returncode == 0)

    def stop(self):
        subprocess.run(private_postgres.as_server_user(str(self.programs / "pg_ctl"), "-D", str(self.data), "-m", "immediate",
                                                        "stop"), check=False, stdout=subprocess.DEVNULL, cwd="/")
        self.process.wait()
        self.log.close()

    def sql(self, text):
        """As the superuser; what was selected, one row a line."""
        return run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres", "-d",
                    "neoid" if "neoid." in text else "postgres", "-c", text]).strip()

    @staticmethod
    def url(login, password):
        return f"postgres://{login}:{password}@database:5432/neoid"


class Api:
    """`neoid standalone --api-only`, and calls to it as the platform."""

    def __init__(self, folder, tokens):
        self.folder = folder / "api"
        (folder / "tokens.csv").write_text("".join(
            f'{token},{user},{user},"{",".join(groups)}"\n' for token, user, groups in tokens))
        self.log = open(folder / "api.log", "ab")
        self.process = subprocess.Popen([PROGRAM, "standalone", "--api-only", "--data", self.folder, "--listen",
                                         f"{API_ADDRESS}:6443", "--token-auth-file", folder / "tokens.csv"],
                                        stdout=self.log, stderr=self.log)
        self.kubeconfig = self.folder / "kubeconfig"
        until("the API", 30, lambda: self.kubeconfig.exists() or self.process.poll() is not None)
        config = yaml.safe_load(self.kubeconfig.read_text())
        authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
        self.context = ssl.create_default_context(cadata=authority)
        (self.token,) = (user["user"]["token"] for user in config["users"] if user["name"] == "platform")
        self.environment = dict(os.environ, KUBECONFIG=str(self.kubeconfig), HELM_NAMESPACE=NAMESPACE,
                                HOME=str(folder), HELM_CACHE_HOME=str(folder / "helm"))

    def call(self, method, path, body=None, content="application/json"):
        connection = http.client.HTTPSConnection(API_ADDRESS, 6443, context=self.context, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Authorization": f"Bearer {self.token}", "Content-Type": content})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def get(self, path):
        status, body = self.call("GET", path)
        return body if status == 200 else None

    def merge(self, path, patch):
        status, body = self.call("PATCH", path, patch, "application/merge-patch+json")
        assert status == 200, body
        return body

    def kubectl(self, *arguments, stdin=None):
        return run([KUBECTL, "--context", "platform", *arguments], stdin=stdin, env=self.environment)

    def helm(self, *arguments):
        return run([HELM, "--kube-context", "platform", "-n", NAMESPACE, *arguments], env=self.environment)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Pod:
    """One container of a pod template, run as it was rendered."""

    MOUNTS = """set -e
mount -t tmpfs -o mode=0755 tmpfs /run
(cd "$1" && find . -type d -exec mkdir -p /run/{} \\; && find . -type f -exec cp {} /run/{} \\;)
chmod -R a+rX /run
mount -o remount,ro /run
mount -o remount,ro,bind /
for other in /tmp /var/tmp; do if mountpoint -q $other; then mount -o remount,ro,bind $other; fi; done
shift
exec "$@"
"""

    def __init__(self, cluster, name, address, template):
        self.name, self.address = name, address
        self.spec = template["spec"]
        (self.container,) = self.spec["containers"]
        folder = cluster.folder / "pods" / name
        self._volumes(cluster, folder / "run")
        environment = self._environment(cluster)
        arguments = [argument.replace("=:", f"={address}:") for argument in self.container["args"]]
        security = self.spec["securityContext"]
        command = ["unshare", "-m", "-u", "sh", "-c", f"hostname {name}\n{self.MOUNTS}", "pod", folder / "run"]
        if os.getuid() == 0:
            command += ["setpriv", f"--reuid={security['runAsUser']}", f"--regid={security['runAsGroup']}", "--clear-groups",
                        "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        command += ["env", "-i", *(f"{key}={value}" for key, value in environment.items()), 
                    cluster.programs[self.container["image"].rpartition(":")[2]], *arguments]
        self.log_path = folder / "log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, cwd="/")

    def _environment(self, cluster):
        environment = {"KUBERNETES_SERVICE_HOST": SERVICE_ADDRESS, "KUBERNETES_SERVICE_PORT": "443", "HOSTNAME": self.name}
        for variable in self.container.get("env", []):
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            environment[variable["name"]] = cluster.secret(source["name"], source["key"]) if source else variable["value"]
        return environment

    def _volumes(self, cluster, run_folder):
        run_folder.mkdir(parents=True)
        if self.spec.get("automountServiceAccountToken"):
            account = run_folder / "secrets/kubernetes.io/serviceaccount"
            account.mkdir(parents=True)
            (account / "token").write_text(cluster.tokens[self.spec["serviceAccountName"]])
            (account / "namespace").write_text(NAMESPACE)
            shutil.copy(cluster.authority.certificate, account / "ca.crt")
        mounts = {mount["name"]: mount["mountPath"] for mount in self.container.get("volumeMounts", [])}
        for volume in self.spec.get("volumes", []):
            target = mounts[volume["name"]]
            assert target.startswith("/run/"), "this kubelet mounts below /run alone"
            folder = run_folder / target.removeprefix("/run/")
            folder.mkdir(parents=True)
            if "secret" in volume:
                data = cluster.data("secrets", volume["secret"]["secretName"])
                items = volume["secret"].get("items") or [{"key": key, "path": key} for key in data]
            else:
                data = cluster.data("configmaps", volume["configMap"]["name"])
                items = volume["configMap"]["items"]
            for item in items:
                (folder / item["path"]).write_text(data[item["key"]])

    def log(self):
        return self.log_path.read_text(errors="replace")

    def probe(self, which):
        """(status, text) of a probe as it was rendered; (0, why) where nobody answers."""
        get = self.container[which]["httpGet"]
        (port,) = (p["containerPort"] for p in self.container["ports"] if p["name"] == get["port"])
        connection = http.client.HTTPConnection(self.address, port, timeout=5)
        try:
            with contextlib.closing(connection):
                connection.request("GET", get["path"])
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
        except OSError as error:
            return 0, str(error)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=40)


class Cluster:
    def __init__(self, program=PROGRAM):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-deploy-"))
        self.folder.chmod(0o755)
        self.program = self.folder / "neoid"  # where a pod without rights can read it
        shutil.copy(program, self.program)
        self.programs = {(ROOT / "VERSION").read_text().strip(): self.program}  # by the image's tag
        self.authority = Authority(self.folder)
        self.tokens = {name: service_account_token(name) for name in ("neoid", "neoid-token")}
        accounts = [(token, f"system:serviceaccount:{NAMESPACE}:{name}",
                     ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}"]) for name, token in self.tokens.items()]
        self.pods, self.addresses = [], 10
        self.database = Database(self.folder, self.authority)
        self.api = Api(self.folder, accounts)
        certificate, key = self.authority.issue("kubernetes", f"IP:{SERVICE_ADDRESS}")
        self.recorder = Recorder((SERVICE_ADDRESS, 443), certificate, key, (API_ADDRESS, 6443), self.api.context)
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._jobs, daemon=True),
                        threading.Thread(target=self._service, args=(WEBHOOK_ADDRESS, "webhook"), daemon=True),
                        threading.Thread(target=self._service, args=(TOKEN_ADDRESS, "token"), daemon=True)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for pod in self.pods:
            pod.stop(signal.SIGKILL)
        self.recorder.stop()
        self.api.stop()
        self.database.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def data(self, resource, name):
        thing = self.api.get(f"/api/v1/namespaces/{NAMESPACE}/{resource}/{name}")
        assert thing is not None, f"{resource}/{name} is missing: a pod that needs it would not start"
        if resource == "configmaps":
            return thing["data"]
        return {key: base64.b64decode(value).decode() for key, value in thing["data"].items()}

    def secret(self, name, key):
        return self.data("secrets", name)[key]

    def has_next_release(self):
        self.programs["next"] = self.folder / "neoid_next"
        shutil.copy(NEXT_PROGRAM, self.programs["next"])

    def start(self, template, name):
        self.addresses += 1
        pod = Pod(self, f"{name}-{self.addresses}", f"127.0.1.{self.addresses}", template)
        self.pods.append(pod)
        return pod

    def start_deployment(self, name, replicas=None):
        """As many pods as it says, or so many of them."""
        deployment = self.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}")
        return [self.start(deployment["spec"]["template"], name) for _ in range(replicas or deployment["spec"]["replicas"])]

    def _jobs(self):
        """What the job controller does: runs the pod once, and says how it ended."""
        done = set()
        while not self.stopping.wait(0.2):
            with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
                for job in (self.api.get("/apis/batch/v1/jobs") or {"items": []})["items"]:
                    metadata = job["metadata"]
                    if metadata["uid"] in done or metadata.get("deletionTimestamp"):
                        continue
                    done.add(metadata["uid"])
                    pod = self.start(job["spec"]["template"], metadata["name"])
                    ended_well = pod.process.wait(timeout=60) == 0
                    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                    condition = {"type": "Complete" if ended_well else "Failed", "status": "True", "reason": "Test",
                                 "message": "" if ended_well else pod.log()[-500:], "lastProbeTime": now, "lastTransitionTime": now}
                    status = {"startTime": now, "conditions": [condition], **({"succeeded": 1, "completionTime": now} if ended_well
                                                                              else {"failed": 1})}
                    self.api.merge(f"/apis/batch/v1/namespaces/{metadata['namespace']}/jobs/{metadata['name']}/status",
                                   {"status": status})

    def _service(self, address, port):
        """What kube-proxy does for a Service: connections to its address go to a pod that takes them at that port."""
        server = socket.create_server((address, 443))
        server.settimeout(0.2)
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = server.accept()
                threading.Thread(target=self._forward, args=(client, port), daemon=True).start()
        server.close()

    def _forward(self, client, port):
        for pod in list(self.pods):
            ports = [p["containerPort"] for p in pod.container.get("ports", []) if p["name"] == port]
            if not ports or pod.process.poll() is not None:
                continue
            with contextlib.suppress(OSError):
                upstream = socket.create_connection((pod.address, ports[0]), timeout=5)
                upstream.settimeout(None)
                client.settimeout(None)
                threading.Thread(target=self._copy, args=(client, upstream), daemon=True).start()
                self._copy(upstream, client)
                return
        client.close()

    @staticmethod
    def _copy(source, target):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
