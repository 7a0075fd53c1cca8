#!/usr/bin/env python3
"""Crash tests of the real controller; tests/crash/README.md has the picture.

    cases.py list quick|rest POINT...  the names of the cases that ./dev test runs, or of all others, given the names of
                               controller/base/crash_point.h
    cases.py run CASE          runs one; exit code 0: held, 1: what did not is on standard output

Needs NEOID_BUILD, NEOID_TEST_POSTGRES and NEOID_KUBECTL. NEOID_CRASH_KEEP=yes leaves the folder of a failed case.
"""
import os
import signal
import sys
import traceback

import api_cases
import clock_cases
import kill_cases
import kubectl_cases
import replica_cases
import restore_cases
import rules
import store_cases
import system
import trace_cases

FAMILIES = [kill_cases, restore_cases, store_cases, replica_cases, api_cases, clock_cases, kubectl_cases, trace_cases]
# Beside kill_cases.quick().
QUICK = ["api/start-500", "api/lease-silent", "replicas/an-orderly-hand-over/sqlite",
         "store-cut-off/without-a-store/postgres"]
LIMIT = 200  # seconds; a case takes three to ten where nothing else runs


def all_cases(points):
    """name -> (store form, function of a System and its Rules)."""
    return {name: case for family in FAMILIES for name, case in family.cases(points).items()}


def is_quick(name):
    return name in kill_cases.quick() or any(name == each or name.startswith(each + "/") for each in QUICK)


def run(name, case):
    form, function = case
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(system.Failed(f"not done in {LIMIT} s")))
    signal.alarm(LIMIT)
    failed = True
    one = system.System(form)
    try:
        function(one, rules.Rules(one))
        failed = False
    except (Exception, KeyboardInterrupt):  # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        print(f"{name} failed; in {one.folder}")
        for controller in one.controllers:
            print(f"--- {controller.holder}: ended with {controller.process.poll()}\n{controller.log()[-3000:]}")
    finally:
        signal.alarm(0)
        one.close(keep=failed and os.environ.get("NEOID_CRASH_KEEP") == "yes")
    return 1 if failed else 0


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == "list" and sys.argv[2] in ("quick", "rest"):
        print("\n".join(name for name in all_cases(sys.argv[3:]) if is_quick(name) == (sys.argv[2] == "quick")))
        return 0
    if len(sys.argv) != 3 or sys.argv[1] != "run":
        print(__doc__, file=sys.stderr)
        return 2
    points = os.environ.get("NEOID_CRASH_POINTS", "").split()
    cases = all_cases(points)
    if sys.argv[2] not in cases:
        print(f"cases.py: no case is called {sys.argv[2]}", file=sys.stderr)
        return 2
    return run(sys.argv[2], cases[sys.argv[2]])


if __name__ == "__main__":
    sys.exit(main())
