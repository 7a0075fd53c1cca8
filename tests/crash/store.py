"""The identity store as somebody beside the controller sees it: read by SQL of its own, copied, put back, cut off."""
import datetime
import os
import sqlite3
import subprocess
import urllib.parse

SCHEMA = "neoid."


class Sqlite:
    form = "sqlite"

    def __init__(self, folder, neoid):
        self.folder = folder
        self.neoid = neoid
        self.path = folder / "identity.db"
        self.url = f"sqlite:{self.path}"
        self.blocker = None
        self.run("store", "migrate", "--store", self.url)

    def run(self, *arguments):
        subprocess.run([self.neoid, *arguments], check=True, capture_output=True, timeout=30)

    def ask(self, sql):
        """Rows as tuples of text; SQL in PostgreSQL's words, as far as the cases need them."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        connection.create_function("micros", 1, lambda instant: instant)
        try:
            rows = connection.execute(sql.replace(SCHEMA, "").replace("encode(hash, 'hex')", "lower(hex(hash))"))
            return [tuple("" if value is None else str(value) for value in row) for row in rows.fetchall()]
        finally:
            connection.close()

    def outside(self, sql):
        """A statement of somebody else's hands."""
        connection = sqlite3.connect(self.path, timeout=10)
        try:
            with connection:
                connection.execute(sql.replace(SCHEMA, ""))
        finally:
            connection.close()

    def snapshot(self, name):
        self.run("store", "backup", "--store", self.url, str(self.folder / (name + ".backup")))

    def restore(self, name):
        self.run("store", "restore", "--store", self.url, str(self.folder / (name + ".backup")))

    def end_sessions(self):
        """A restore of what is there: whoever has the file open loses its right to write."""
        name = f"same-{len(list(self.folder.glob('same-*')))}"
        self.snapshot(name)
        self.restore(name)

    def cut_off(self):
        """Nobody else can write: another process holds the file's lock."""
        self.blocker = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        self.blocker.execute("BEGIN IMMEDIATE")

    def mend(self):
        self.blocker.execute("ROLLBACK")
        self.blocker.close()

    @staticmethod
    def time(text):
        return int(text) / 1e6 if text else None

    def close(self):
        pass


class Postgres:
    form = "postgres"

    def __init__(self, folder, neoid):
        self.folder = folder
        self.server = os.environ["NEOID_TEST_POSTGRES"]  # a URL, or key='value' text
        self.database = f"neoid_crash_{os.getpid()}"
        self.snapshots = []
        self.admin(f'CREATE DATABASE {self.database} TEMPLATE template0 ENCODING \'UTF8\'')
        self.url = self.url_of(self.database)
        subprocess.run([neoid, "store", "migrate", "--store", self.url], check=True, capture_output=True, timeout=30)

    def url_of(self, database):
        if "://" in self.server:
            return urllib.parse.urlunsplit(urllib.parse.urlsplit(self.server)._replace(path="/" + database))
        return f"{self.server} dbname='{database}'"

    def psql(self, database, *statements):
        command = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url_of(database)]
        for statement in statements:
            command += ["-c", statement]
        result = subprocess.run(command, text=True, capture_output=True, timeout=30, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"psql: {result.stderr}")
        return [tuple(line.split("\t")) for line in result.stdout.splitlines()]

    def admin(self, *statements):
        return self.psql("postgres", *statements)

    def ask(self, sql):
        return self.psql(self.database, sql)

    outside = ask

    def end_sessions(self):
        self.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")

    def snapshot(self, name):
        """The controller must not be connected: it was killed just now, and the server may not have noticed."""
        self.end_sessions()
        self.snapshots.append(f"{self.database}_{name}")
        self.admin(f"CREATE DATABASE {self.database}_{name} TEMPLATE {self.database}")

    def restore(self, name):
        self.admin(f"DROP DATABASE {self.database} WITH (FORCE)",
                   f"CREATE DATABASE {self.database} TEMPLATE {self.database}_{name}")

    def cut_off(self):
        self.admin(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS false")
        self.end_sessions()

    def mend(self):
        self.admin(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS true")

    @staticmethod
    def time(text):
        return datetime.datetime.fromisoformat(text + ":00").timestamp() if text else None

    def close(self):
        self.admin(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in [self.database, *self.snapshots]))


def make(form, folder, neoid):
    return Sqlite(folder, neoid) if form == "sqlite" else Postgres(folder, neoid)
