#!/usr/bin/env python3
"""Runs every command of the documentation, page by page, and follows its links.

Blocks marked ```sh are commands. A page with commands says in a comment where they run:
  docs-test: bare         an empty folder with crd/ and examples/ in it
  docs-test: quickstart   the same, with `neoid standalone` running and the quickstart applied
A block that cannot be run has the comment `not run: REASON` before it, which names the test that runs the like.
NEOID_PROGRAM and NEOID_KUBECTL name the programs; ./dev test sets them.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import python_tests  # noqa: E402

DOCS = ROOT / "docs"
NEOID = os.environ.get("NEOID_PROGRAM", str(ROOT / "build/neoid"))
KUBECTL = os.environ.get("NEOID_KUBECTL", "kubectl").split(":")[0]


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
    text = re.sub(r"(?ms)^ *```.*?^ *```|`[^`\n]*`", "", page.text)
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

    def __init__(self, kind):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-docs-"))
        self.environment = dict(os.environ, NEOID_LISTEN="127.0.0.1:0", NEOID_OAUTH_LISTEN="127.0.0.1:0",
                                PATH=f"{self.folder}/bin:{os.environ['PATH']}", HOME=str(self.folder))
        for name in ("KUBECONFIG", "NEOID_STORE"):
            self.environment.pop(name, None)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/neoid").symlink_to(pathlib.Path(NEOID).resolve())
        (self.folder / "bin/kubectl").symlink_to(pathlib.Path(KUBECTL).resolve())
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


def run_page(page):
    """What went wrong, or nothing."""
    if page.place not in ("bare", "quickstart"):
        return "has commands, but no <!-- docs-test: ... --> that says where they run"
    place = Place(page.place)
    try:
        done = place.run("\n".join(page.blocks))
        if done.returncode != 0:
            log = place.folder / "log"
            return f"ended with {done.returncode}:\n{done.stdout}\n{log.read_text()[-2000:] if log.exists() else ''}"
    finally:
        place.stop()
    return None


class Commands(unittest.TestCase):
    """A case for each page with commands, made below."""


class Pages(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for path in sorted(DOCS.rglob("*.md")):
            page = Page(path)
            self.assertEqual(list(broken_links(page)), [], page.name)

    def test_no_command_hides_from_this_test_in_another_kind_of_block(self):
        for path in sorted(DOCS.rglob("*.md")):
            text = path.read_text()
            with self.subTest(str(path.relative_to(DOCS))):
                kinds = {kind for kind, _ in re.findall(r"(?ms)^ *```(\w*)\n(.*?)^ *```", text)}
                self.assertLessEqual(kinds, {"sh", "text", "yaml", "json", "sql", "http"})
                outside = re.sub(r"(?ms)^ *```.*?^ *```", "", text)
                self.assertEqual(re.findall(r"(?m)^\n    \S.*$", outside), [], "indented code: fence it")

    def test_what_is_not_run_here_names_the_test_that_does(self):
        for path in sorted(DOCS.rglob("*.md")):
            for reason in Page(path).left_out:
                with self.subTest(str(path.relative_to(DOCS)), reason=reason):
                    named = re.findall(r"tests/[\w/.]+\w", reason)
                    self.assertTrue(named)
                    for name in named:
                        self.assertTrue((ROOT / name).exists(), name)

    def test_the_site_is_made_of_every_page_without_a_warning(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["/usr/bin/mkdocs", "build", "--strict", "--quiet", "--site-dir", folder], cwd=ROOT, text=True,
                                  check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout)
            made = {str(path.relative_to(folder).with_suffix(".md")) for path in pathlib.Path(folder).rglob("*.html")}
        pages = {str(path.relative_to(DOCS)).replace("README.md", "index.md") for path in DOCS.rglob("*.md")}
        self.assertEqual(made - {"404.md", "search.md"}, pages)
        named = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
        self.assertEqual({name.replace("README.md", "index.md") for name in named}, pages, "mkdocs.yml names every page")

    def test_the_reference_is_what_the_sources_say(self):
        done = subprocess.run(["/usr/bin/python3", str(DOCS / "generate.py"), "--neoid", NEOID, "--check"], text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_reason_has_its_paragraph(self):
        reasons = re.search(r"namespace reason \{(.*?)\}  // namespace reason",
                            (ROOT / "reconcile/api/reasons.h").read_text(), flags=re.S).group(1)
        told = re.findall(r"(?m)^### (\w+)$", (DOCS / "troubleshooting.md").read_text())
        self.assertEqual(sorted(set(told)), sorted(set(re.findall(r'= "(\w+)"', reasons))))


def case_of(page):
    def test(self):
        for reason in page.left_out:
            print(f"not run in {page.name}: {reason}")
        problem = run_page(page)
        self.assertIsNone(problem, problem)
    return test


for each in sorted(DOCS.rglob("*.md")):
    document = Page(each)
    if document.blocks:
        name = re.sub(r"\W", "_", document.name.removesuffix(".md"))
        setattr(Commands, f"test_of_{name}", case_of(document))

if __name__ == "__main__":
    python_tests.main()
