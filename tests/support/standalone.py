"""`neoid standalone` for tests that are programs of their own: started, asked, stopped, killed.

    with Standalone(program) as api: api.ask("GET", "/api/v1/namespaces")

The data folder is temporary and outlives stop(), kill() and start(); the port stays the same.
"""
import http.client
import json
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=20):
    """The first true value of the condition; a failure after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class Standalone:
    def __init__(self, program, *flags):
        self.program, self.flags = program, list(flags)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-test-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.process = None
        self.log = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def start(self):
        command = [self.program, "standalone", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}",
                   "--log-format", "json", *self.flags]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        if not ready.wait(30) or self.process.poll() is not None:
            raise AssertionError("neoid did not start:\n" + "".join(self.log[-5:]))

    def _read(self, process, ready):
        for line in process.stderr:
            self.log.append(line)
            if '"message":"ready"' in line:
                ready.set()
        ready.set()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    @property
    def kubeconfig(self):
        return str(self.data / "kubeconfig")

    def token(self, user="platform"):
        for line in (self.data / "tokens.csv").read_text().splitlines():
            if line.split(",")[1] == user:
                return line.split(",")[0]
        raise KeyError(user)

    def connection(self):
        context = ssl.create_default_context(cafile=str(self.data / "ca.pem"))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=30)

    def ask(self, method, path, body=None, content_type="application/json", user="platform", connection=None):
        """(status, decoded body) of one request."""
        own = connection or self.connection()
        text = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        own.request(method, path, text, {"Authorization": "Bearer " + self.token(user), "Content-Type": content_type})
        answer = own.getresponse()
        raw = answer.read()
        if connection is None:
            own.close()
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, raw
