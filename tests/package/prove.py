#!/usr/bin/env python3
"""Proves a .deb of neoid in a bare Debian root: installed, started, used, upgraded, removed, purged.

    prove.py --deb FILE --kubectl FILE [--root-cache TAR]

Needs root, mmdebstrap, and Debian's packages. No systemd boots in such a root: the units are checked by systemd-analyze,
and their command lines are run as their user. Prints each step; exit code 0: all of them held.
"""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

from bare_root import bare_root, fail, say

NEW_VERSION_SUFFIX = "+next"


def next_version(deb, folder):
    """The same package with a higher version: what an upgrade is to dpkg and to the maintainer scripts."""
    tree = folder / "next"
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^(Version: .*)$", rf"\1{NEW_VERSION_SUFFIX}", control.read_text()))
    made = folder / "neoid-next.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, made], check=True, stdout=subprocess.DEVNULL)
    return made


def install(root, deb):
    shutil.copy(deb, root.path / "tmp/neoid.deb")
    root.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/tmp/neoid.deb")
    (root.path / "tmp/neoid.deb").unlink()


def unit_setting(root, unit, name):
    text = (root.path / "lib/systemd/system" / unit).read_text()
    found = re.search(rf"(?m)^{name}=(.*)$", text)
    return found.group(1) if found else None


@contextlib.contextmanager
def running(root, environment, unit="neoid.service"):
    """The command line of a unit, as its user."""
    command = shlex.split(unit_setting(root, unit, "ExecStart"))
    process = root.start(*command, user=unit_setting(root, unit, "User"), environment=environment)
    try:
        yield process
        if process.poll() is not None:
            fail(f"the service ended by itself:\n{process.stdout.read()}")
        process.send_signal(signal.SIGTERM)
        if process.wait(30) != 0:
            fail(f"the service ended with {process.returncode}:\n{process.stdout.read()}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def kubectl(root, *arguments, check=True):
    # setpriv keeps it to what the service's own user may read.
    return root.run("/usr/local/bin/kubectl", "--kubeconfig", "/var/lib/neoid/kubeconfig", "--context", "platform",
                    *arguments, user="neoid", environment={"HOME": "/tmp"}, check=check)


def until(what, test, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if test():
            return
        time.sleep(0.1)
    fail(f"not within {seconds} s: {what}")


def check_units(root):
    say("the units: systemd-analyze verify and security")
    for unit in ("neoid.service", "neoid-oauth.service"):
        file = f"/lib/systemd/system/{unit}"
        verified = root.run("systemd-analyze", "verify", "--man=no", file, check=False)
        complaints = [line for line in verified.stdout.splitlines() if unit in line]
        if complaints:
            fail("\n".join(complaints))
        # 0 is the most closed, 100 the most open; systemd calls 20 and less "OK".
        secured = root.run("systemd-analyze", "security", "--offline=yes", "--threshold=20", file, check=False)
        print("   " + secured.stdout.strip().splitlines()[-1])
        if secured.returncode != 0:
            fail(f"{unit} is more open than it need be:\n{secured.stdout}")


def check_installed(root):
    print("   " + root.run("neoid", "version").stdout.strip())
    for path in ("/usr/bin/kubectl-neoid", "/usr/share/man/man1/neoid.1.gz", "/usr/share/man/man1/neoid-standalone.1.gz",
                 "/usr/share/bash-completion/completions/neoid", "/usr/share/doc/neoid/sbom.spdx.json",
                 "/usr/share/doc/neoid/copyright", "/etc/default/neoid", "/usr/share/neoid/crd/scopes.yaml"):
        if not root.exists(path):
            fail(f"the package has no {path}")
    folder = (root.path / "var/lib/neoid").stat()
    if folder.st_mode & 0o777 != 0o700 or folder.st_uid == 0:
        fail("/var/lib/neoid is not the service user's alone")


def use(root):
    say("used: the quickstart's resources, applied with kubectl")
    until("the API answers", lambda: kubectl(root, "get", "namespaces", check=False).returncode == 0)
    kubectl(root, "apply", "-f", "/usr/share/neoid/crd/")
    kubectl(root, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    until("the examples are taken",
          lambda: kubectl(root, "apply", "-f", "/usr/share/neoid/examples/quickstart/", check=False).returncode == 0)
    print(kubectl(root, "wait", "--for=condition=Ready", "--timeout=60s", "-A", "integrationusers",
                  "--all").stdout.rstrip())


def use_token_service(root):
    """By the names that neoid-oauth.default has for it, over the store that neoid.service writes."""
    say("the token service: the command line of neoid-oauth.service, a token for an integration")
    told = set(re.findall(r"(?m)^#(NEOID_\w+)=", (root.path / "etc/default/neoid-oauth").read_text()))
    settings = {"NEOID_STORE": "sqlite:/var/lib/neoid/identity.db", "NEOID_ISSUER": "http://127.0.0.1:26445",
                "NEOID_LISTEN": "127.0.0.1:26445", "NEOID_KEY_ENCRYPTION_KEY_FILE": "/var/lib/neoid/key-encryption-key",
                "NEOID_HEALTH_LISTEN": "127.0.0.1:26446"}
    if not settings.keys() <= told:
        fail(f"/etc/default/neoid-oauth does not tell of {sorted(settings.keys() - told)}")
    name = kubectl(root, "get", "integrationusers", "-n", "integrations", "-o", "jsonpath={.items[0].metadata.name}").stdout
    data = json.loads(kubectl(root, "get", "secret", f"{name}-oauth", "-n", "integrations", "-o", "jsonpath={.data}").stdout)
    client, secret = (base64.b64decode(data[part]).decode() for part in ("client_id", "client_secret"))
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    request = urllib.request.Request("http://127.0.0.1:26445/oauth2/token", b"grant_type=client_credentials",
                                     {"Authorization": f"Basic {basic}"})
    with running(root, settings, "neoid-oauth.service"):
        until("the token service is ready", lambda: answers("http://127.0.0.1:26446/readyz"))
        with urllib.request.urlopen(request, timeout=10) as answer:
            print(f"   {name} got a token for: {json.load(answer)['scope']}")


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def check_what_is_kept(root, what):
    names = kubectl(root, "get", "integrationusers", "-A", "-o", "name").stdout.split()
    if len(names) < 2:
        fail(f"{what}: the resources are gone: {names}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deb", type=pathlib.Path, required=True)
    parser.add_argument("--kubectl", type=pathlib.Path, required=True)
    parser.add_argument("--root-cache", type=pathlib.Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        fail("a bare root is made and entered as root: run it with sudo")
    with bare_root(arguments.root_cache) as root, tempfile.TemporaryDirectory() as folder:
        shutil.copy(arguments.kubectl, root.path / "usr/local/bin/kubectl")
        root.run("apt-get", "update", "-qq")
        # What the package depends on comes and goes with apt; only neoid's own files are compared.
        depends = subprocess.run(["dpkg-deb", "--field", arguments.deb, "Depends"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        root.run("apt-get", "install", "-y", "-qq", "--no-install-recommends",
                 *(each.split("|")[0].split("(")[0].strip() for each in depends.split(",")))
        before = root.files()
        size = subprocess.run(["dpkg-deb", "--field", arguments.deb, "Installed-Size"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        say(f"installed: {arguments.deb.name}, {arguments.deb.stat().st_size / 1e6:.1f} MB, {int(size) / 1e3:.1f} MB installed")
        install(root, arguments.deb)
        check_installed(root)
        check_units(root)
        settings = {"NEOID_LISTEN": "127.0.0.1:26443"}
        say("started: the command line of neoid.service as the user neoid")
        with running(root, settings):
            use(root)
            use_token_service(root)
        say("upgraded, and started again")
        install(root, next_version(arguments.deb, pathlib.Path(folder)))
        if NEW_VERSION_SUFFIX not in root.run("dpkg-query", "-W", "-f", "${Version}", "neoid").stdout:
            fail("the upgrade did not happen")
        with running(root, settings):
            until("the API answers", lambda: kubectl(root, "get", "namespaces", check=False).returncode == 0)
            check_what_is_kept(root, "after the upgrade")
        say("removed: the data stays")
        root.run("apt-get", "remove", "-y", "-qq", "neoid")
        if root.exists("/usr/bin/neoid") or not root.exists("/var/lib/neoid/kubeconfig"):
            fail("after the removal the program is there, or the data is not")
        say("purged: nothing stays")
        root.run("apt-get", "purge", "-y", "-qq", "neoid")
        left = sorted(root.files() - before)
        if left:
            fail(f"left behind: {left}")
        if "neoid" in (root.path / "etc/passwd").read_text():
            fail("the user neoid is left behind")
    say("the package holds")


if __name__ == "__main__":
    main()
