#!/usr/bin/env python3
"""Runs node_client.mjs against a `neoid standalone` that is restarted under it: PROGRAM is the only argument.

The informer must see additions, changes and deletions, go on after a restart of the server, and start anew where the
server has forgotten what it saw (410). Node is the first on PATH; the module @kubernetes/client-node is looked up in
NEOID_CLIENT_NODE, or where `./dev test` puts it.
"""
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from standalone import Standalone, wait_for  # noqa: E402

MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name, value):
    return {"metadata": {"name": name, "labels": {"app": "demo"}}, "data": {"key": value}}


class Informer:
    """The lines that node_client.mjs prints."""

    def __init__(self, api):
        folder = os.environ.get("NEOID_CLIENT_NODE", str(HERE.parents[2] / ".cache/client-node"))
        assert pathlib.Path(folder, "node_modules/@kubernetes/client-node").is_dir(), f"{folder}: ./dev test makes it"
        script = api.folder / "node_client.mjs"
        script.write_text((HERE / "node_client.mjs").read_text())
        (api.folder / "node_modules").symlink_to(pathlib.Path(folder, "node_modules"))  # modules are found from there
        self.process = subprocess.Popen(["node", str(script), api.kubeconfig], text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.lines, self.errors = [], []
        for stream, kept in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            threading.Thread(target=lambda s=stream, k=kept: [k.append(line.strip()) for line in s],
                             daemon=True).start()

    def expect(self, line):
        try:
            wait_for(line, lambda: line in self.lines)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said {self.lines} {self.errors}") from None


def ask(api, expected, *request, **named):
    status, body = api.ask(*request, **named)
    assert status == expected, (request, body)


def merge(api, name, value):
    ask(api, 200, "PATCH", f"{MAPS}/{name}", {"data": {"key": value}}, content_type="application/merge-patch+json")


def main():
    with Standalone(sys.argv[1]) as api:
        ask(api, 201, "POST", MAPS, config_map("before", "1"))
        informer = Informer(api)
        try:
            informer.expect("api ok")
            informer.expect("add before 1")
            ask(api, 201, "POST", MAPS, config_map("live", "1"))
            informer.expect("add live 1")
            merge(api, "live", "2")
            informer.expect("update live 2")
            ask(api, 200, "DELETE", f"{MAPS}/live")
            informer.expect("delete live 2")
            api.stop()
            api.start()
            merge(api, "before", "restarted")
            informer.expect("update before restarted")
            # What changes between two restarts is in no history: the informer is told 410 and lists anew.
            api.stop()
            informer.expect("error")
            api.start()
            merge(api, "before", "unseen")
            ask(api, 201, "POST", MAPS, config_map("later", "1"))
            api.stop()
            api.start()
            informer.expect("update before unseen")
            informer.expect("add later 1")
            merge(api, "before", "live again")
            informer.expect("update before live again")
        finally:
            informer.process.kill()
            informer.process.wait()


main()
