"""A TLS proxy between pods and the API that writes down what was asked and answered: (who, verb, right, status).

The verb and the resource are read from the path by the rules of Kubernetes ("Determine the Request Verb"), independently
of the server that authorises by them.
"""
import contextlib
import http.client
import http.server
import ssl
import threading
import urllib.parse

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


def right_of(method, target):
    """(verb, group, resource[/subresource], namespace, name), or None for what is no resource."""
    url = urllib.parse.urlsplit(target)
    parts = url.path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, rest = "", parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, rest = parts[1], parts[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) == 2:
        namespace = rest[1]
    resource = rest[0] + ("/" + rest[2] if len(rest) > 2 else "")
    name = rest[1] if len(rest) > 1 else ""
    query = urllib.parse.parse_qs(url.query)
    if method == "GET":
        verb = "get" if name else "watch" if query.get("watch", ["0"])[0] in ("1", "true") else "list"
    elif method == "DELETE":
        verb = "delete" if name else "deletecollection"
    else:
        verb = VERBS[method]
    return verb, group, resource, namespace, name


class Recorder:
    def __init__(self, address, certificate, key, upstream, context):
        self.records = []  # (right, status, target)
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def setup(self):
                super().setup()
                self.upstream = http.client.HTTPSConnection(*upstream, context=context)

            def finish(self):
                self.upstream.close()
                with contextlib.suppress(OSError):
                    super().finish()

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                self.upstream.request(self.command, self.path, body or None, headers)
                answer = self.upstream.getresponse()
                right = right_of(self.command, self.path)
                recorder.records.append((right, answer.status, self.path))
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(name, value)
                length = answer.getheader("Content-Length")
                if length is not None:
                    self.send_header("Content-Length", length)
                    self.end_headers()
                    self.wfile.write(answer.read())
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while chunk := answer.read1(65536):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            def guarded(self):
                try:
                    self.forward()
                except (OSError, http.client.HTTPException):
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = guarded

        self.server = http.server.ThreadingHTTPServer(address, Handler)
        self.server.daemon_threads = True
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def refused(self):
        return sorted({(right, target) for right, status, target in self.records if status == 403})

    def used(self):
        """The rights that requests were let through by."""
        return {right for right, status, _ in self.records if right and status not in (401, 403)}
