#!/usr/bin/env python3
"""A PostgreSQL server of one's own, for as long as a `with` lasts.

    with private_postgres.server() as url: ...        url: a superuser's libpq URL

As a program: `private_postgres.py COMMAND...` runs a command with NEOID_TEST_POSTGRES set to that URL. Where
NEOID_TEST_POSTGRES is set already, that server is used and nothing is started. Listens on a Unix socket only.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

SETTINGS = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200", "-c", "timezone=UTC",
            "-c", "log_min_messages=fatal"]


def programs():
    """The folder of initdb and postgres: Debian keeps them out of PATH."""
    for folder in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(found).parent
    sys.exit("private_postgres: no PostgreSQL server is installed; ./dev setup installs it (package postgresql-15)")


def as_server_user(command):
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


@contextlib.contextmanager
def server():
    if os.environ.get("NEOID_TEST_POSTGRES"):
        yield os.environ["NEOID_TEST_POSTGRES"]
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-postgres-"))
    process = None
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        folder.chmod(0o755)
        data = folder / "data"
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
        subprocess.run(as_server_user([str(programs() / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust",
                                       "-E", "UTF8", "--locale=C", "--no-sync"]), **quiet)
        process = subprocess.Popen(as_server_user([str(programs() / "postgres"), "-D", str(data), "-k", str(folder),
                                                   *SETTINGS]), stdout=subprocess.DEVNULL, cwd="/")
        for _ in range(300):
            if subprocess.run([str(programs() / "pg_isready"), "-h", str(folder), "-U", "postgres", "-q"], check=False).returncode == 0:
                break
            if process.poll() is not None:
                sys.exit("private_postgres: the server ended at once")
            time.sleep(0.1)
        yield f"postgresql://postgres@/postgres?host={urllib.parse.quote(str(folder), safe='')}"
    finally:
        if process is not None:
            subprocess.run(as_server_user([str(programs() / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]),
                           check=False, stdout=subprocess.DEVNULL, cwd="/")
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with server() as url:
        return subprocess.run(sys.argv[1:], env=dict(os.environ, NEOID_TEST_POSTGRES=url), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
