#!/usr/bin/env python3
"""Runs the stages of the Dockerfile where no builder of images is at hand, and proves what comes out.

    image.py [--root-cache TAR]

Needs root and mmdebstrap. `FROM debian` is a bare root (with systemd in it, which the package's proof wants), a later
stage goes on in the root of the one that it names, and `FROM scratch` begins with nothing. Then the program is run in the
image as its user, with nothing else around it. An instruction that is not known here is an error. Exit code 0: it holds.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from bare_root import bare_root, fail, say

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Stage:
    """One FROM and what follows it."""

    def __init__(self, base, name):
        self.base, self.name, self.steps = base, name, []


def stages(text):
    found = []
    for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).split("\n"):
        if not line.strip():
            continue
        word, rest = line.split(None, 1)
        if word == "FROM":
            base = rest.split()
            found.append(Stage(base[0], base[2] if len(base) == 3 else ""))
        else:
            found[-1].steps.append((word, rest.strip()))
    return found


def copy_sources(target):
    """`COPY . .`: what is committed or would be, without what .dockerignore names."""
    names = subprocess.run(["git", "-c", f"safe.directory={SOURCE}", "-C", SOURCE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                           stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in filter(None, names):
        if (SOURCE / name).exists():  # else it is deleted, and the deletion not committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, target / name, follow_symlinks=False)


def run_in_root(stage, root, folder):
    """The steps of a stage that has a shell."""
    for word, rest in stage.steps:
        print(f"   {word} {rest[:100]}", flush=True)
        if word == "RUN":
            root.run("sh", "-c", f"cd {folder} && {rest}")
        elif word == "WORKDIR":
            folder = rest
            (root.path / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif (word, rest) == ("COPY", ". ."):
            copy_sources(root.path / folder.lstrip("/"))
        else:
            fail(f"{word} {rest}: not known here")
    return folder


def assemble(stage, roots, image):
    """The steps of the last stage; its user and its entry point."""
    user = entry = None
    for word, rest in stage.steps:
        if word == "COPY":
            (name, source), = re.findall(r"^--from=(\w+) (/\S+)/ /$", rest)
            shutil.copytree(roots[name].path / source.lstrip("/"), image, symlinks=True, dirs_exist_ok=True)
        elif word == "USER":
            user = rest
        elif word == "ENTRYPOINT":
            (entry,) = json.loads(rest)
        elif word not in ("ARG", "LABEL"):
            fail(f"{word} {rest}: not known here")
    return user, entry


def prove(image, user, entry):
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user or ""):
        fail(f"the image runs as {user}, which no kubelet takes for a user without rights")

    def neoid(*arguments):
        return subprocess.run(["chroot", f"--userspec={user}", "--groups=", image, entry, *arguments], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": "/usr/sbin:/usr/bin"})
    done = neoid("version")
    if done.returncode != 0:
        fail(f"the image's program does not run: {done.stdout}")
    asked = neoid("store", "status", "--store", "postgres://127.0.0.1:1/none").stdout
    if "Connection refused" not in asked:  # said by libpq, which is loaded on demand
        fail(f"the image cannot ask PostgreSQL: {asked}")
    if any((image / shell).exists() for shell in ("bin/sh", "usr/bin/sh")):
        fail("the image has a shell")
    files = [path for path in image.rglob("*") if path.is_file() and not path.is_symlink()]
    print(f"   {done.stdout.strip()}: {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root-cache", type=pathlib.Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        fail("a bare root is made and entered as root: run it with sudo")
    roots, folders = {}, {}
    with contextlib.ExitStack() as stack:
        image = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="neoid-image-")))
        image.chmod(0o755)
        for stage in stages((SOURCE / "Dockerfile").read_text()):
            say(f"the image: FROM {stage.base} {stage.name}")
            if stage.base == "scratch":
                prove(image, *assemble(stage, roots, image))
                continue
            if stage.base in roots:
                roots[stage.name] = roots[stage.base]
            elif stage.base.startswith("debian:12"):
                roots[stage.name] = stack.enter_context(bare_root(arguments.root_cache))
            else:
                fail(f"FROM {stage.base}: not known here")
            folders[stage.name] = run_in_root(stage, roots[stage.name], folders.get(stage.base, "/"))
    say("the image holds")


if __name__ == "__main__":
    main()
