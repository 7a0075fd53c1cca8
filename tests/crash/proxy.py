"""A proxy between the controller and the API, over TLS on both sides, that can do to any request what networks do.

A rule is a function of a Request that answers nothing (pass it on) or one of the acts below. Watches are streams of
their own: hold_watches() lets nothing through until release_watches(), drop_watches() ends them.
"""
import http.client
import re
import socket
import ssl
import threading
import time

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Answer:
    """Says this in the API's place; the API never sees the request."""
    def __init__(self, status, reason, headers=None):
        self.status, self.reason, self.headers = status, reason, headers or {}

    def body(self):
        return (f'{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{self.reason} '
                f'(fault proxy)","reason":"{self.reason}","code":{self.status}}}').encode()


CONFLICT = Answer(409, "Conflict")
TOO_MANY = Answer(429, "TooManyRequests", {"Retry-After": "1"})
BROKEN = Answer(500, "InternalError")
UNAVAILABLE = Answer(503, "ServiceUnavailable")
DROP_BEFORE = "drop-before"  # the line is cut before the API saw it
DROP_AFTER = "drop-after"    # the API did it; not a byte of the answer arrives
HALF = "half"                # the API did it; half of the answer arrives
SILENT_AFTER = "silent-after"    # the API did it; nothing ever comes, the line stays open
SILENT_BEFORE = "silent-before"  # the API never sees it; nothing ever comes


class Late:
    """The request lands so many seconds later, or when `gate` opens; the line is cut then."""
    def __init__(self, seconds=None, gate=None):
        self.seconds, self.gate = seconds, gate


class Replay:
    """This old answer instead of a fresh one."""
    def __init__(self, body):
        self.body = body


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path = target.partition("?")[0]
        self.is_watch = "watch=1" in target or "watch=true" in target
        self.is_lease = "/leases/" in self.path or self.path.endswith("/leases")
        self.is_write = method != "GET"
        # What it does, without names: "POST secrets", "PATCH integrationusers", "PUT integrationusers/status".
        parts = re.sub(r"^/apis?(/[a-z0-9.]+)?/v1(/namespaces/[^/]+(?=/[a-z]))?/", "", self.path).split("/")
        self.what = method + " " + parts[0] + ("/" + parts[2] if len(parts) > 2 else "")
        self.is_list = method == "GET" and len(parts) == 1 and not self.is_watch


class Proxy:
    def __init__(self, system):
        self.system = system
        self.rule = lambda request: None
        self.log = []  # (time, what it was, what was done)
        self.held = threading.Event()
        self.held.set()
        self.watches = set()
        self.lock = threading.Lock()
        self.server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_context.load_cert_chain(system.folder / "proxy.pem")
        self.client_context = ssl.create_default_context(cafile=str(system.folder / "ca.pem"))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        system.controller_kubeconfig = system.write_kubeconfig("proxied", self.listener.getsockname()[1])
        self.sockets = []
        system.closers.append(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        self.held.set()

    def accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        line = None
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = self.server_context.wrap_socket(plain, server_side=True)
            upstream = http.client.HTTPSConnection("127.0.0.1", self.system.port, context=self.client_context)
            reader = line.makefile("rb")
            while True:
                request = self.read(reader)
                if request is None or not self.answer(request, line, upstream):
                    return
        except (OSError, http.client.HTTPException, ValueError):
            return
        finally:
            (line or plain).close()

    @staticmethod
    def read(reader):
        first = reader.readline().decode()
        if not first.strip():
            return None
        method, target, _ = first.split(" ", 2)
        headers = {}
        for raw in iter(reader.readline, b"\r\n"):
            name, _, value = raw.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        return Request(method, target, headers, reader.read(int(headers.get("content-length", "0"))))

    def forward(self, upstream, request):
        if upstream.sock is None:
            upstream.connect()
            upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {name: value for name, value in request.headers.items() if name not in HOP and name != "host"}
        upstream.request(request.method, request.target, request.body or None, headers)
        return upstream.getresponse()

    @staticmethod
    def send(line, status, reason, headers, body):
        head = f"HTTP/1.1 {status} {reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers)
        line.sendall((head + f"Content-Length: {len(body)}\r\n\r\n").encode() + body)

    def answer(self, request, line, upstream):
        """Whether the line goes on."""
        act = self.rule(request)
        with self.lock:
            self.log.append((time.monotonic(), request.what, act))
        if isinstance(act, Answer):
            self.send(line, act.status, act.reason, [("Content-Type", "application/json"), *act.headers.items()],
                      act.body())
            return True
        if isinstance(act, Replay):
            self.send(line, 200, "OK", [("Content-Type", "application/json")], act.body)
            return True
        if act == DROP_BEFORE:
            return False
        if act == SILENT_BEFORE:
            line.recv(1)
            return False
        if isinstance(act, Late):
            if act.gate is not None:
                act.gate.wait(60)
            else:
                time.sleep(act.seconds)
            self.forward(upstream, request).read()
            return False
        answer = self.forward(upstream, request)
        if request.is_watch and answer.status == 200:
            self.stream(answer, line)
            return False
        body = answer.read()
        if act == SILENT_AFTER:
            line.recv(1)
        if act in (DROP_AFTER, SILENT_AFTER):
            return False
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
        if act == HALF:
            head = "".join(f"{name}: {value}\r\n" for name, value in headers)
            line.sendall(f"HTTP/1.1 {answer.status} {answer.reason}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
                         + body[:len(body) // 2])
            return False
        self.send(line, answer.status, answer.reason, headers, body)
        return True

    def stream(self, answer, line):
        with self.lock:
            self.watches.add(line)
        try:
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json;stream=watch\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            for event in answer:
                self.held.wait(60)
                line.sendall(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            line.sendall(b"0\r\n\r\n")
        finally:
            with self.lock:
                self.watches.discard(line)
            answer.close()

    # --- watches ---------------------------------------------------------------------------------------

    def hold_watches(self):
        self.held.clear()

    def release_watches(self):
        self.held.set()

    def drop_watches(self):
        with self.lock:
            lines = list(self.watches)
        for line in lines:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def count(self, what, acts=False):
        with self.lock:
            return sum(1 for _, name, act in self.log if name == what and (act is not None or not acts))


def first_of_each(act, skip=()):
    """A rule: the first write of each sort meets `act`, the Lease apart."""
    met = set()

    def rule(request):
        if not request.is_write or request.is_lease or request.what in met or request.what in skip:
            return None
        met.add(request.what)
        return act
    rule.met = met
    return rule


def every_second_of_each(act):
    counts = {}

    def rule(request):
        if not request.is_write or request.is_lease:
            return None
        counts[request.what] = counts.get(request.what, 0) + 1
        return act if counts[request.what] % 2 else None
    rule.met = counts
    return rule
