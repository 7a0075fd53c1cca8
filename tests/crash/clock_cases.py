"""A clock that jumps: the controller's wall clock is moved by hours (libfaketime), or the database's is.

With PostgreSQL the controller's clock decides nothing; an overlap ends by the database's, whoever is awake. SQLite's
clock is the machine's, so there the whole machine is moved.
"""
import glob

import system as world
from scenarios import require
from system import Failed, eventually, value_of

ROTATION = {"credentials": {"rotation": {"interval": "2h", "overlap": "1h"}}}


def library():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise Failed("libfaketime is not installed; ./dev setup test installs it (package faketime)")
    return found[0]


class Clock:
    """The wall clock of processes with this environment; monotonic clocks go on as they are."""

    def __init__(self, system, offset="+0"):
        self.file = system.folder / "clock"
        self.set(offset)
        self.environment = {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(self.file),
                            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                            "DONT_FAKE_MONOTONIC": "1"}

    def set(self, offset):
        self.file.write_text(offset + "\n")


def moved(offset):
    """From the start: hours before or after the database's clock."""
    def case(system, rules):
        system.start(environment=Clock(system, offset).environment)
        system.make_user("billing", **ROTATION)
        rules.settle()
        system.rotate("billing", "please")
        rules.settle()
        rules.check()
        require(len(rules.witness.values("apps/billing-oauth")) == 2, "the controller's clock made it rotate")
    return case


def jumps(offsets):
    """While it runs and leads."""
    def case(system, rules):
        clock = Clock(system)
        controller = system.start(environment=clock.environment)
        system.make_user("billing", **ROTATION)
        rules.settle()
        for number, offset in enumerate(offsets):
            clock.set(offset)
            system.rotate("billing", f"request-{number}")
            rules.settle()
            rules.check()
            require(len(rules.witness.values("apps/billing-oauth")) == 2 + number, "it was not rotated once a request")
        require(controller.log().count('"leading"') == 1, "the jump cost it the right to write")
    return case


def move_database(system, hours):
    system.store.outside("CREATE OR REPLACE FUNCTION neoid.neoid_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                         f"$$ SELECT clock_timestamp() + interval '{hours} hours' $$")


def overlap_ends_by_the_database(system, rules):
    """... also when nobody is running, and whatever the controller's clock says."""
    clock = Clock(system, "-5h")
    controller = system.start(environment=clock.environment)
    system.make_user("billing", credentials={"rotation": {"overlap": "1h"}})
    rules.settle()
    old = value_of(system.secret("billing-oauth"))
    client_id = value_of(system.secret("billing-oauth"), "client_id")
    system.rotate("billing", "please")
    rules.settle()
    rules.check()
    controller.stop()
    require(rules.accepts(client_id, old)[0], "the overlap ended early")
    move_database(system, 2)
    require(not rules.accepts(client_id, old)[0], "the overlap did not end while nobody ran")
    rules.ended.add(old)
    system.start(environment=clock.environment)
    eventually("status lists one version",
               lambda: len(system.user("billing")["status"]["credentials"]["versions"]) == 1)
    rules.settle()
    rules.check()


def rotation_by_the_database(system, rules):
    controller = system.start()
    system.make_user("billing", **ROTATION)
    rules.settle()
    move_database(system, 2.5)
    eventually("it is rotated on schedule", lambda: len(rules.witness.values("apps/billing-oauth")) == 2)
    rules.settle()
    rules.check()
    require(controller.process.poll() is None, "the controller ended")


def machine_jumps_forward(system, rules):
    """SQLite: the clock of the machine is the database's."""
    clock = Clock(system)
    system.environment = clock.environment
    system.start(environment=clock.environment)
    system.make_user("billing", **ROTATION)
    rules.settle()
    first = value_of(system.secret("billing-oauth"))
    clock.set("+3h")
    eventually("it is rotated on schedule", lambda: len(rules.witness.values("apps/billing-oauth")) == 2)
    rules.settle()
    rules.check()
    clock.set("+4.5h")
    rules.ended.add(first)
    eventually("status lists one version",
               lambda: len(system.user("billing")["status"]["credentials"]["versions"]) == 1)
    rules.settle()
    rules.check()
    require(len(rules.witness.values("apps/billing-oauth")) == 2, "it was rotated again")


def cases(_points):
    return {
        "clock/five-hours-ahead/postgres": ("postgres", moved("+5h")),
        "clock/five-hours-behind/postgres": ("postgres", moved("-5h")),
        "clock/jumps/postgres": ("postgres", jumps(["+5h", "-5h", "+0", "+400d"])),
        "clock/overlap-ends-by-the-database/postgres": ("postgres", overlap_ends_by_the_database),
        "clock/rotation-by-the-database/postgres": ("postgres", rotation_by_the_database),
        "clock/machine-jumps-forward/sqlite": ("sqlite", machine_jumps_forward),
    }
