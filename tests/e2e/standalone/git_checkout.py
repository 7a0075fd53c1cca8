#!/usr/bin/env python3
"""`neoid standalone --manifests` on a git checkout and on a link that is swapped as git-sync does. PROGRAM is the only
argument. Commits are pulled into the checkout; the API follows, also over a kill -9."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
from standalone import Standalone, wait_for  # noqa: E402

USERS = "/apis/identity.neostella.com/v1/namespaces/integrations/integrationusers"
REPORT = "/api/v1/namespaces/kube-system/configmaps/neoid-manifests"


def git(folder, *words):
    subprocess.run(["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def user(name, description):
    return (f"apiVersion: identity.neostella.com/v1\nkind: IntegrationUser\nmetadata: {{name: {name}, namespace: "
            f"integrations}}\nspec: {{displayName: {name}, description: {description}, scopes: [contacts]}}\n")


class Repository:
    def __init__(self, folder):
        self.origin = folder / "origin"
        self.origin.mkdir()
        git(self.origin, "init", "-q", "-b", "main")

    def commit(self, **files):
        for name, text in files.items():
            path = self.origin / (name + ".yaml")
            path.unlink() if text is None else path.write_text(text)
        git(self.origin, "add", "-A")
        git(self.origin, "commit", "-q", "-m", "change")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="neoid-git-"))
    try:
        follow(folder)
    finally:
        shutil.rmtree(folder)


def follow(folder):
    repository = Repository(folder)
    for file in list((ROOT / "crd").glob("*.yaml")) + [ROOT / "examples/quickstart/00-namespace.yaml"]:
        shutil.copy(file, repository.origin)
    repository.commit(one=user("one", "first"), two=user("two", "first"))
    git(folder, "clone", "-q", "origin", "checkout")
    checkout = folder / "checkout"
    link = folder / "current"  # what neoid is told to follow
    link.symlink_to("checkout")
    with Standalone(sys.argv[1], "--manifests", str(link), "--prune-after", "1s") as api:

        def described(name):
            status, body = api.ask("GET", f"{USERS}/{name}")
            return body["spec"]["description"] if status == 200 else None

        def problems():
            return api.ask("GET", REPORT)[1].get("data", {}).get("problems", "")

        wait_for("the first commit", lambda: described("one") == described("two") == "first")
        repository.commit(one=user("one", "second"), two=None, three=user("three", "second"))
        git(checkout, "pull", "-q")
        wait_for("a change", lambda: described("one") == "second")
        wait_for("what is new", lambda: described("three") == "second")
        wait_for("the pruning", lambda: api.ask("GET", f"{USERS}/two")[0] == 404)
        repository.commit(broken="kind: [\n", four=user("four", "third"))
        git(checkout, "pull", "-q")
        wait_for("what is fine beside what is broken", lambda: described("four") == "third")
        wait_for("the report", lambda: "broken.yaml" in problems())
        # git-sync: a new tree beside the old one, and the link swapped in one step, while nobody runs.
        api.kill()
        repository.commit(broken=None, four=None, one=user("one", "fourth"))
        git(folder, "clone", "-q", "origin", "next")
        (folder / "link").symlink_to("next")
        os.replace(folder / "link", link)
        api.start()
        wait_for("the swapped tree", lambda: described("one") == "fourth")
        wait_for("the pruning after a crash", lambda: api.ask("GET", f"{USERS}/four")[0] == 404)
        wait_for("a clean report", lambda: problems() == "")
        # The folder goes away by mistake: everything stays.
        link.unlink()
        wait_for("the report of it", lambda: "is not there" in problems())
        assert described("one") == "fourth" and described("three") == "second"


main()
