#!/usr/bin/env python3
"""Runs every command of the documentation, page by page, and checks its links.

    run_docs.py --neoid PROGRAM --kubectl PROGRAM [PAGE...]

Blocks marked ```sh are commands. A page with commands says in a comment where they run:
  docs-test: bare         an empty folder with crd/ and examples/ in it
  docs-test: quickstart   the same, with `neoid standalone` running and the quickstart applied
A block that cannot be run has the comment `not run: REASON` before it. Prints a line for each page, what was not run with
its reason, and closes with the counts. Exit code 0: all commands ended well and all links lead somewhere.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


class Page:
    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        place = re.search(r"<!-- docs-test: (\w+) -->", self.text)
        self.place = place.group(1) if place else None
        self.blocks, self.left_out = [], []
        for match in re.finditer(r"(?ms)(?:<!-- not run: (.*?) -->\s*)?^( *)```sh\n(.*?)^ *```", self.text):
            reason, indent, body = match.groups()
            body = re.sub(f"(?m)^{indent}", "", body)
            (self.left_out if reason else self.blocks).append(reason or body)

    @property
    def name(self):
        return str(self.path.relative_to(DOCS))


def anchors(text):
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
            for title in re.findall(r"(?m)^#+ (.*)$", text)}


def broken_links(page):
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.text)
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.path.parent / path).resolve() if path else page.path
        if not file.exists():
            yield target
        elif anchor and anchor not in anchors(file.read_text()):
            yield target


class Place:
    """A folder to run a page's commands in, with what the page expects there."""

    def __init__(self, arguments, kind):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-docs-"))
        self.environment = dict(os.environ, NEOID_LISTEN="127.0.0.1:0", NEOID_OAUTH_LISTEN="127.0.0.1:0",
                                PATH=f"{self.folder}/bin:{os.environ['PATH']}", HOME=str(self.folder))
        for name in ("KUBECONFIG", "NEOID_STORE"):
            self.environment.pop(name, None)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/neoid").symlink_to(pathlib.Path(arguments.neoid).resolve())
        (self.folder / "bin/kubectl").symlink_to(pathlib.Path(arguments.kubectl).resolve())
        for name in ("crd", "examples"):
            (self.folder / name).symlink_to(ROOT / name)
        self.process = None
        if kind == "quickstart":
            self.start()

    def start(self):
        data = self.folder / "data"
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(["neoid", "standalone", "--data", str(data)], env=self.environment,
                                            stdout=log, stderr=log, executable=str(self.folder / "bin/neoid"))
        self.environment["KUBECONFIG"] = str(data / "kubeconfig")
        self.environment["NEOID_STORE"] = f"sqlite:{data}/identity.db"
        ready = """
            for _ in $(seq 200); do kubectl get --raw /readyz >/dev/null 2>&1 && break; sleep 0.1; done
            kubectl config use-context platform
            kubectl apply -f crd/
            kubectl wait --for=condition=Established crd --all --timeout=20s
            kubectl apply -f examples/quickstart/
            kubectl wait --for=condition=Ready iscope --all --timeout=30s
            kubectl wait --for=condition=Ready iu --all --all-namespaces --timeout=30s
            kubectl wait --for=condition=Ready siu --all --timeout=30s"""
        done = self.run(ready)
        if done.returncode != 0:
            sys.exit(f"run_docs.py: the quickstart did not come up:\n{done.stdout}\n{(self.folder / 'log').read_text()}")

    def run(self, script):
        """In a process group of its own: what a page starts in the background ends with it."""
        output = self.folder / "output"
        with open(output, "w") as file:
            process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder,
                                       env=self.environment, stdin=subprocess.DEVNULL, stdout=file,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(120)
        except subprocess.TimeoutExpired:
            code = 124
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        return subprocess.CompletedProcess(script, code, output.read_text(errors="replace"))

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def run_page(arguments, page):
    if page.place not in ("bare", "quickstart"):
        return "has commands, but no <!-- docs-test: ... --> that says where they run"
    place = Place(arguments, page.place)
    try:
        done = place.run("\n".join(page.blocks))
        if done.returncode != 0:
            log = place.folder / "log"
            return f"ended with {done.returncode}:\n{done.stdout}\n{log.read_text()[-2000:] if log.exists() else ''}"
    finally:
        place.stop()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neoid", required=True)
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("pages", nargs="*")
    arguments = parser.parse_args()
    bad = commands = 0
    for path in sorted(DOCS.rglob("*.md")):
        page = Page(path)
        if arguments.pages and not any(word in page.name for word in arguments.pages):
            continue
        for link in broken_links(page):
            print(f"FAIL {page.name}: the link {link} leads nowhere")
            bad += 1
        for reason in page.left_out:
            print(f"     {page.name}: not run: {reason}")
        if not page.blocks:
            continue
        commands += len(page.blocks)
        problem = run_page(arguments, page)
        print(f"{'FAIL' if problem else 'ok  '} {page.name}: {len(page.blocks)} blocks {problem or ''}", flush=True)
        bad += 1 if problem else 0
    print(f"{commands} blocks of commands, {bad} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
