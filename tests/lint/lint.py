#!/usr/bin/env python3
"""Rules of the tree that a compiler does not know. Prints `file:line: what is wrong` and exits 1, or says nothing.

- Includes follow the arrows of the root CMakeLists.txt (its DEPS, transitively), and the arrows themselves keep to
  what DESIGN.md forbids.
- Every folder of the table has a README.md of at most 20 lines.
- Every rule and lesson of DESIGN.md has a test of its name.
- Nothing in the tree looks like a live secret or a path of somebody's machine.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# "never" arrows of DESIGN.md: (folder, what it must not reach).
FORBIDDEN = [
    ("reconcile/", "controller/"),
    ("controller/http", "controller/kube"),
    ("controller/kube", "controller/runtime"),
    ("controller/runtime", "reconcile/api"),
    ("controller/store", "controller/kube"),
    ("controller/store", "controller/http"),
    ("controller/store", "controller/runtime"),
    ("controller/admission", "controller/store"),
]
# The embedded API and the client side must not share a reading of the protocol.
APART = ("controller/apiserver", ["controller/kube", "controller/runtime", "controller/reconcilers", "controller/store"])


def table():
    """folder -> the folders that its CMake line names."""
    text = re.sub(r"#.*", "", (ROOT / "CMakeLists.txt").read_text())
    arrows = {}
    for call in re.findall(r"neoid_(?:folder|program)\(([^)]*)\)", text):
        words = call.split()
        deps, collecting = [], False
        for word in words[1:]:
            if word in ("LIBS", "NAME", "DEPS"):
                collecting = word == "DEPS"
            elif collecting and word != '""':
                deps.append(word)
        arrows[words[0]] = deps
    return arrows


def reach(arrows, folder, seen=None):
    seen = set() if seen is None else seen
    for dep in arrows.get(folder, []):
        if dep not in seen:
            seen.add(dep)
            reach(arrows, dep, seen)
    return seen


def folder_of(path, arrows):
    parts = pathlib.PurePosixPath(path).parent.parts
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in arrows:
            return name
    return None


def check_arrows(arrows, say):
    for folder in arrows:
        reached = reach(arrows, folder)
        for start, end in FORBIDDEN:
            if folder.startswith(start):
                for bad in sorted(dep for dep in reached if dep.startswith(end)):
                    say("CMakeLists.txt", 1, f"{folder} must not reach {bad}")
        server, others = APART
        if folder.startswith(server):
            for bad in sorted(dep for dep in reached if any(dep.startswith(other) for other in others)):
                say("CMakeLists.txt", 1, f"{folder} must not reach {bad}")
        if any(folder.startswith(other) for other in others):
            for bad in sorted(dep for dep in reached if dep.startswith(server)):
                say("CMakeLists.txt", 1, f"{folder} must not reach {bad}")


def check_includes(arrows, files, say):
    for file in files:
        if not re.match(r"(reconcile|controller)/.*\.(h|cc)$", file):
            continue
        folder = folder_of(file, arrows)
        if folder is None:
            say(file, 1, "its folder is not in the table of CMakeLists.txt")
            continue
        allowed = reach(arrows, folder) | {folder}
        for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
            match = re.match(r'#include "((?:reconcile|controller)/[^"]+)"', line)
            if match and folder_of(match.group(1), arrows) not in allowed:
                say(file, number, f"{folder} may not include {match.group(1)}")


def check_readmes(arrows, say):
    for folder in arrows:
        if not any((ROOT / folder).glob("*.cc")):
            continue
        readme = ROOT / folder / "README.md"
        if not readme.exists():
            say(folder, 1, "has no README.md")
        elif len(readme.read_text().splitlines()) > 20:
            say(f"{folder}/README.md", 21, "is longer than 20 lines")


def letters(text):
    return re.sub(r"[^a-z0-9]", "", text.lower())


def check_titles(files, say):
    """Every rule and every lesson of DESIGN.md has a test whose name begins with its title."""
    names = set()
    for file in files:
        if file.startswith("tests/") and file.endswith((".cc", ".py")) and (ROOT / file).exists():
            text = (ROOT / file).read_text()
            names.update(re.findall(r"^TEST(?:_[FP])?\(\w+,\s*(\w+)\)", text, re.M))
            names.update(re.findall(r"^    def test_(\w+)", text, re.M))
    tests = {letters(name) for name in names}
    for number, line in enumerate((ROOT / "DESIGN.md").read_text().splitlines(), 1):
        title = re.match(r"(?:\d+\.|-) \*([^*]+)\*", line)
        if title and not any(test.startswith(letters(title[1])) for test in tests):
            say("DESIGN.md", number, f"no test's name begins with the words of '{title[1]}'")


SECRETS = re.compile(r"-----BEGIN (?:EC |RSA )?PRIVATE KEY-----|\bneoid_[0-9A-Za-z]{49}\b|\bAKIA[0-9A-Z]{16}\b")
PLACES = re.compile(r"/home/[a-z]+/|/root/[a-z.]|/work/(?:main|shared)")


def check_texts(files, say):
    for file in files:
        if file.startswith("tests/golden/") or file == "tests/lint/lint.py":
            continue
        try:
            lines = (ROOT / file).read_text().splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(lines, 1):
            if SECRETS.search(line):
                say(file, number, "looks like a live secret")
            if PLACES.search(line):
                say(file, number, "names a path of somebody's machine")


def main():
    problems = []

    def say(file, line, what):
        problems.append(f"{file}:{line}: {what}")

    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.splitlines()
    arrows = table()
    check_arrows(arrows, say)
    check_includes(arrows, listed, say)
    check_readmes(arrows, say)
    check_texts(listed, say)
    check_titles(listed, say)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
