#!/usr/bin/env python3
"""A write that was answered is there after kill -9. PROGRAM is the only argument.

Eight clients create, patch and delete; the server is killed in the middle of it and started again, three times. Each
client knows what was answered last of each of its objects: that, or what was on its way then, must be what is there.
"""
import pathlib
import random
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from standalone import Standalone, wait_for  # noqa: E402

MAPS = "/api/v1/namespaces/default/configmaps"
CLIENTS = 8


class Writer(threading.Thread):
    def __init__(self, api, number, known):
        super().__init__(daemon=True)
        self.api, self.number, self.known = api, number, known
        self.answered = 0
        self.open = {}  # name -> what may have been done when the connection broke

    def run(self):
        connection = self.api.connection()
        try:
            for count in range(1_000_000):
                self.step(connection, count)
        except OSError:
            pass  # killed
        except Exception as error:  # http.client has its own words for a peer that is gone
            if "RemoteDisconnected" not in type(error).__name__ and "IncompleteRead" not in type(error).__name__ \
                    and "BadStatusLine" not in type(error).__name__:
                raise

    def step(self, connection, count):
        name = f"m-{self.number}-{random.randrange(20)}"
        value = f"{self.number}-{count}-{random.random()}"
        before = self.known.get(name)
        self.open = {name: value if before is None or count % 3 else None}
        if before is None:
            request = ("POST", MAPS, {"metadata": {"name": name}, "data": {"v": value}})
        elif count % 3:
            request = ("PATCH", f"{MAPS}/{name}", {"data": {"v": value}}, "application/merge-patch+json")
        else:
            request = ("DELETE", f"{MAPS}/{name}")
        status, body = self.api.ask(*request, connection=connection)
        assert status in (200, 201), body
        self.known[name] = self.open[name]
        self.open = {}
        self.answered += 1


def stored(api):
    status, body = api.ask("GET", MAPS)
    assert status == 200, body
    return {item["metadata"]["name"]: item["data"]["v"] for item in body["items"] if "v" in item.get("data", {})}


def main():
    known = [{} for _ in range(CLIENTS)]
    with Standalone(sys.argv[1]) as api:
        for _ in range(3):
            writers = [Writer(api, number, known[number]) for number in range(CLIENTS)]
            for writer in writers:
                writer.start()
            wait_for("300 answers", lambda: sum(writer.answered for writer in writers) > 300, 60)
            api.kill()
            for writer in writers:
                writer.join(20)
                assert not writer.is_alive()
            api.start()
            there = stored(api)
            for writer in writers:
                for name in set(writer.known) | set(writer.open):
                    allowed = [writer.known.get(name)] + ([writer.open[name]] if name in writer.open else [])
                    assert there.get(name) in allowed, f"{name}: {there.get(name)} is there, {allowed} was answered"
                    writer.known[name] = there.get(name)


main()
