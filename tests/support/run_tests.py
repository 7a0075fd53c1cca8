#!/usr/bin/env python3
"""Runs every test binary of a build folder, and the tests in Python (tests/*/*_e2etest.py), and counts what ran.

    run_tests.py --build BUILD [--all] [--jobs N] [--stack MB] [NAME...]

What stands in ON_REQUEST, and the rest of what stands in IN_PART, runs with --all, or where a NAME asks for it. Starts a
private PostgreSQL server for those that need one (NEOID_TEST_POSTGRES names another one), runs N binaries at a time (2,
where there are two cores: many wait more than they work), prints a line for each, the output of those that failed, and
closes with `N passed, N failed, N skipped`. --stack is for sanitized builds, whose frames are many times as large. Exit
code 0: all passed, 1: some failed or nothing ran.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import private_postgres  # noqa: E402

TESTS = pathlib.Path(__file__).resolve().parent.parent
# What `./dev test` leaves to `./dev check --all`, and why.
ON_REQUEST = {
    "test_deploy_upgrade": "a deployment is upgraded under load, by two programs",
    "test_deploy_cannot_work": "a deployment is broken in many ways, one after the other",
}
# ... and of which it runs a part: the filter, and why.
IN_PART = {"test_crash": ("Quick/*", "hundreds of real processes are killed and started again")}

# What takes longest.
LONG = ["test_controller_reconcilers", "test_controller_apiserver", "test_deploy_applied", "test_controller_store",
        "test_crash", "test_e2e", "test_docs_docs"]


def programs(build, names):
    """(name, command) of everything that is to run."""
    found = [(path.name, [str(path)]) for path in (build / "tests").glob("test_*")
             if os.access(path, os.X_OK) and path.is_file()]
    for path in TESTS.glob("*/*_e2etest.py"):
        found.append((f"test_{path.parent.name}_{path.stem.removesuffix('_e2etest')}", ["/usr/bin/python3", str(path)]))
    return sorted(item for item in found if not names or any(name in item[0] for name in names))


def cases(report):
    """(passed, [names of failed], [(name, why) of skipped]) of one gtest report."""
    passed, failed, skipped = 0, [], []
    for suite in report.get("testsuites", []):
        for case in suite.get("testsuite", []):
            name = suite["name"] + "." + case["name"]
            if case.get("failures"):
                failed.append(name)
            elif case.get("result") == "SKIPPED":
                reasons = [skip.get("message", "") for skip in case.get("skipped", [])]
                skipped.append((name, " ".join(reasons).split("\n")[-1].strip()))
            elif case.get("result") == "COMPLETED":
                passed += 1
    return passed, failed, skipped


def run(name, command, folder, environment):
    report = folder / (name + ".json")
    started = time.monotonic()
    result = subprocess.run(
        [*command, "--gtest_brief=1", f"--gtest_output=json:{report}"], env=environment, text=True,
        errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    try:
        passed, failed, skipped = cases(json.loads(report.read_text()))
    except (OSError, ValueError):
        passed, failed, skipped = 0, [], []
    if result.returncode != 0 and not failed:
        failed = [f"{name} (exit {result.returncode})"]
    return passed, failed, skipped, seconds, result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--stack", type=int)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if arguments.stack:
        resource.setrlimit(resource.RLIMIT_STACK, (arguments.stack << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    names = [name for name in arguments.names if name]
    chosen = programs(arguments.build.resolve(), names)
    if not arguments.all and not names:
        for name, why in ON_REQUEST.items():
            print(f"     {name} is left to ./dev check --all: {why}")
        chosen = [item for item in chosen if item[0] not in ON_REQUEST]
        for name, (part, why) in IN_PART.items():
            print(f"     {name}: all but {part} is left to ./dev check --all: {why}")
        chosen = [(name, [*command, "--gtest_filter=" + IN_PART[name][0]] if name in IN_PART else command)
                  for name, command in chosen]
    environment = dict(os.environ, NEOID_PROGRAM=str(arguments.build.resolve() / "neoid"),
                       LSAN_OPTIONS=f"suppressions={TESTS / 'support' / 'leaks.supp'}:print_suppressions=0",
                       TSAN_OPTIONS=f"suppressions={TESTS / 'support' / 'races.supp'}:print_suppressions=0")
    totals = [0, 0, 0]
    with tempfile.TemporaryDirectory() as folder, private_postgres.server() as url:
        environment["NEOID_TEST_POSTGRES"] = url
        pool = concurrent.futures.ThreadPoolExecutor(arguments.jobs)
        # The longest first, so that none of them is left over at the end.
        chosen.sort(key=lambda item: next((i for i, name in enumerate(LONG) if item[0] == name), len(LONG)))
        running = {pool.submit(run, program, command, pathlib.Path(folder), environment): program
                   for program, command in chosen}
        for done in concurrent.futures.as_completed(running):
            program = running[done]
            passed, failed, skipped, seconds, output = done.result()
            totals = [totals[0] + passed, totals[1] + len(failed), totals[2] + len(skipped)]
            print(f"{'FAIL' if failed else 'ok  '} {program}: {passed} passed, {len(failed)} failed, "
                  f"{len(skipped)} skipped in {seconds:.1f} s", flush=True)
            for name, why in skipped:
                print(f"     skipped {name}: {why or 'no reason given'}")
            if failed:
                print(output)
                for name in failed:
                    print(f"     failed {name}")
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped", flush=True)
    return 0 if totals[1] == 0 and totals[0] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
