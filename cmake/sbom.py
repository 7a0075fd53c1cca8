#!/usr/bin/env python3
"""The bill of materials of a built program: what is linked into it and loaded by it, with versions and licences.

    sbom.py --program PROGRAM --version VERSION --spdx FILE --copyright FILE

Asks the dynamic loader which libraries the program loads, dpkg which package each is of, and those packages' copyright
files for licences; header-only libraries are named here. Writes SPDX 2.3 JSON and a Debian copyright file.
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

# Compiled in, so that no loader tells of them.
LINKED_IN = ["nlohmann-json3-dev", "libcli11-dev", "libexpected-dev", "libpqxx-dev"]


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def owner_of(library):
    """The package of a shared library; dpkg may know it by its path before /usr was merged."""
    real = os.path.realpath(library)
    for path in dict.fromkeys([real, library, real.removeprefix("/usr"), library.removeprefix("/usr")]):
        found = subprocess.run(["dpkg-query", "-S", path], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    sys.exit(f"sbom.py: no Debian package owns {library}; is it a library that was built by hand?")


def packages_of(program):
    """Of what it loads at its start, of libpq, which it loads when a PostgreSQL store is opened, and of what is linked in."""
    on_demand = re.search(r"libpq\.so\.5 .*=> (/\S+)", output("/sbin/ldconfig", "-p"))
    if on_demand is None:
        sys.exit("sbom.py: libpq.so.5 is not known to ldconfig; install the package libpq5")
    libraries = [library for binary in (program, on_demand[1])
                 for library in re.findall(r"(/\S+) \(0x", output("ldd", binary))]
    return sorted({owner_of(library) for library in [*libraries, on_demand[1]]} | set(LINKED_IN))


def licences_of(package):
    """The short names of licences in its copyright file, or NOASSERTION where the file is free text."""
    path = pathlib.Path("/usr/share/doc") / package / "copyright"
    if not path.exists():
        return []
    text = path.read_text(errors="replace")
    if not text.startswith("Format:"):
        return []
    return sorted({line.split(":", 1)[1].strip() for line in text.splitlines()
                   if line.startswith("License:") and line.split(":", 1)[1].strip()})


def describe(package):
    version, source, home = output(
        "dpkg-query", "-W", "-f", "${Version}\t${source:Package}\t${Homepage}", package).split("\t")
    return {"name": package, "version": version, "source": source, "home": home, "licences": licences_of(package)}


def spdx(arguments, found):
    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or
                                              pathlib.Path(arguments.program).stat().st_mtime, datetime.timezone.utc)
    digest = hashlib.sha256(pathlib.Path(arguments.program).read_bytes()).hexdigest()
    packages = [{
        "SPDXID": "SPDXRef-neoid", "name": "neoid", "versionInfo": arguments.version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
    }]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": "SPDXRef-neoid"}]
    for each in found:
        reference = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", each["name"])
        packages.append({
            "SPDXID": reference, "name": each["name"], "versionInfo": each["version"],
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
            "homepage": each["home"] or "NOASSERTION",
            "licenseComments": "licences in Debian's copyright file: " + (", ".join(each["licences"]) or "free text"),
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{each['name']}@{each['version']}"}],
        })
        kind = "STATIC_LINK" if each["name"] in LINKED_IN else "DYNAMIC_LINK"
        relations.append({"spdxElementId": "SPDXRef-neoid", "relationshipType": kind, "relatedSpdxElement": reference})
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"neoid-{arguments.version}", "documentNamespace": f"https://neostella.com/spdx/neoid-{digest}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: neoid-sbom"]},
        "packages": packages, "relationships": relations,
    }


def copyright_text(found):
    lines = ["Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/", "Upstream-Name: neoid", "",
             "Files: *", "Copyright: Neostella", "License: proprietary", " All rights reserved.", "",
             "Comment:", " The program is linked with these Debian packages, each under the licences of its own copyright",
             " file in /usr/share/doc:"]
    lines += [f"  {each['name']} {each['version']}: {', '.join(each['licences']) or 'see its file'}" for each in found]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "version", "spdx", "copyright"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    found = [describe(package) for package in packages_of(arguments.program)]
    pathlib.Path(arguments.spdx).write_text(json.dumps(spdx(arguments, found), indent=2) + "\n")
    pathlib.Path(arguments.copyright).write_text(copyright_text(found))


if __name__ == "__main__":
    main()
