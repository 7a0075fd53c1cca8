#!/usr/bin/env python3
"""A PostgreSQL server of one's own, for as long as a `with` lasts.

    with private_postgres.server() as url: ...        url: a superuser's libpq URL

As a program:
    private_postgres.py COMMAND...   runs a command with NEOID_TEST_POSTGRES set to that URL. Where it is set already,
                                     that server is used and nothing is started.
    private_postgres.py --serve      for tests in C++ (tests/support/postgres.h), which own the server: prints its
                                     libpq text and obeys lines of standard input until that ends, each answered by
                                     "ok ..." or "failed ...":
        stop | kill | start          shuts it down, or as a crash would; starts it again
        replica                      makes a streaming replica; answers its libpq text
        detach | promote             the replica hears no more of its primary; becomes a primary itself
        tls                          starts it anew on 127.0.0.1 as well, TLS only, with passwords; answers the port and
                                     the folder of root.crt, its authority, and other.crt, somebody else's
Listens on a Unix socket only, but for `tls`.
"""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "200", "timezone": "UTC",
            "log_min_messages": "fatal"}
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}


def programs():
    """The folder of initdb and postgres: Debian keeps them out of PATH."""
    for folder in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(found).parent
    sys.exit("private_postgres: no PostgreSQL server is installed; ./dev setup installs it (package postgresql-15)")


def as_server_user(*command):
    """PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.getuid() == 0 else words


class Server:
    def __init__(self, primary=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-postgres-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.settings = dict(SETTINGS)
        self.port = 5432
        self.process = None
        if primary is None:
            self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        else:
            self.run("pg_basebackup", "-D", self.data, *primary.address, "-R", "-c", "fast", "--no-sync")
        self.start()

    @property
    def text(self):
        return f"host='{self.folder}' port='{self.port}' user='postgres' "

    @property
    def address(self):
        return ["-h", str(self.folder), "-p", str(self.port), "-U", "postgres"]

    def run(self, program, *arguments):
        subprocess.run(as_server_user(programs() / program, *arguments), check=True, **QUIET)

    def start(self):
        words = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            as_server_user(programs() / "postgres", "-D", self.data, "-k", self.folder, "-p", self.port, *words),
            stdin=subprocess.DEVNULL, **QUIET)
        for _ in range(600):
            if subprocess.run([programs() / "pg_isready", *self.address, "-q"], check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                raise RuntimeError("the server ended at once")
            time.sleep(0.05)
        raise RuntimeError("the server does not answer")

    def stop(self, mode="fast"):
        if self.process is None:
            return
        subprocess.run(as_server_user(programs() / "pg_ctl", "-D", self.data, "-m", mode, "stop"), check=False, **QUIET)
        self.process.wait()
        self.process = None

    def sql(self, statement):
        """The first value of the answer."""
        done = subprocess.run([programs() / "psql", *self.address, "-qtAc", statement], check=True, text=True,
                              capture_output=True, cwd="/")
        return done.stdout.strip()

    def use_tls(self):
        """A certificate of 127.0.0.1's own authority, and nobody comes in over TCP without TLS and a password."""
        for name in ("root", "other"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                            "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.crt"],
                           check=True, **QUIET)
        (self.folder / "names").write_text("subjectAltName=DNS:localhost\n")
        subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                        self.folder / "server.key", "-out", self.folder / "server.csr"], check=True, **QUIET)
        subprocess.run(["openssl", "x509", "-req", "-days", "2", "-in", self.folder / "server.csr", "-CA",
                        self.folder / "root.crt", "-CAkey", self.folder / "root.key", "-CAcreateserial", "-extfile",
                        self.folder / "names", "-out", self.folder / "server.crt"], check=True, **QUIET)
        (self.folder / "server.key").chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(self.folder / "server.key", "postgres")
        (self.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.stop()
        self.port = port
        self.settings.update({"listen_addresses": "127.0.0.1", "ssl": "on",
                              "ssl_cert_file": str(self.folder / "server.crt"),
                              "ssl_key_file": str(self.folder / "server.key")})
        self.start()

    def end(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def server():
    if os.environ.get("NEOID_TEST_POSTGRES"):
        yield os.environ["NEOID_TEST_POSTGRES"]
        return
    own = Server()
    try:
        yield f"postgresql://postgres@/postgres?host={urllib.parse.quote(str(own.folder), safe='')}"
    finally:
        own.end()


class Service:
    """What --serve does with each line."""

    def __init__(self):
        self.primary = Server()
        self.other = None

    def obey(self, line):
        if line == "stop":
            self.primary.stop()
        elif line == "kill":
            self.primary.stop("immediate")
        elif line == "start":
            self.primary.start()
        elif line == "replica":
            self.other = Server(self.primary)
            return self.other.text
        elif line == "detach":
            self.other.sql("ALTER SYSTEM SET primary_conninfo = ''")
            self.other.sql("SELECT pg_reload_conf()")
            for _ in range(200):
                if self.other.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0":
                    return ""
                time.sleep(0.05)
            raise RuntimeError("the replica goes on hearing of its primary")
        elif line == "promote":
            self.other.sql("SELECT pg_promote()")
        elif line == "tls":
            self.primary.use_tls()
            return f"{self.primary.port} {self.primary.folder}"
        else:
            raise RuntimeError(f"'{line}' is none of: stop kill start replica detach promote tls")
        return ""

    def end(self):
        for one in (self.other, self.primary):
            if one is not None:
                one.end()


def serve():
    service = Service()
    try:
        print(service.primary.text, flush=True)
        for line in sys.stdin:
            try:
                print("ok", service.obey(line.strip()), flush=True)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print("failed", error, flush=True)
    finally:
        service.end()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--serve":
        return serve()
    with server() as url:
        return subprocess.run(sys.argv[1:], env=dict(os.environ, NEOID_TEST_POSTGRES=url), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
