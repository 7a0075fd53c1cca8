#!/usr/bin/env python3
"""The data folder: one owner at a time, copied while it runs (`neoid backup`), and the copy can be started. PROGRAM is
the only argument."""
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from standalone import Standalone  # noqa: E402

MAPS = "/api/v1/namespaces/default/configmaps"


def neoid(api, *words):
    return subprocess.run([api.program, *words], text=True, capture_output=True, timeout=60)


def main():
    with Standalone(sys.argv[1]) as api:
        second = neoid(api, "standalone", "--data", str(api.data), "--listen", "127.0.0.1:0")
        assert second.returncode == 1 and str(api.process.pid) in second.stderr, second

        over = threading.Event()
        written = []

        def write():
            connection = api.connection()
            while not over.is_set():
                name = f"m-{len(written)}"
                assert api.ask("POST", MAPS, {"metadata": {"name": name}}, connection=connection)[0] == 201
                written.append(name)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while len(written) < 50:
                pass
            before = len(written)
            copy = api.folder / "copy"
            made = neoid(api, "backup", "--data", str(api.data), str(copy))
            assert made.returncode == 0, made
        finally:
            over.set()
            writer.join()
        assert copy.stat().st_mode & 0o777 == 0o700 and (copy / "tokens.csv").stat().st_mode & 0o777 == 0o600
        again = neoid(api, "backup", "--data", str(api.data), str(copy))
        assert again.returncode == 1 and "does not overwrite" in again.stderr, again
        none = neoid(api, "backup", "--data", str(api.folder), str(api.folder / "none"))
        assert none.returncode == 1 and "no data folder" in none.stderr, none
        assert not (api.folder / "none").exists()

        cluster = api.ask("GET", "/api/v1/namespaces/kube-system")[1]["metadata"]["uid"]
        api.stop()
        api.data = copy
        api.start()
        assert api.ask("GET", "/api/v1/namespaces/kube-system")[1]["metadata"]["uid"] == cluster
        there = [item["metadata"]["name"] for item in api.ask("GET", MAPS)[1]["items"]]
        # Everything that was answered before the copy was begun, and after that no gap.
        assert len(there) >= before and set(there) == set(written[:len(there)]), (before, len(there))


main()
