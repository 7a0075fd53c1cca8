"""Rights as (verb, group, resource, namespace, name), an empty namespace or name being any: as they are rendered, asked for,
and told in docs/rbac.md."""
import re

import render
from render import ROOT


def rendered(things):
    """What the bindings of the ServiceAccount neoid grant."""
    by_key, found = render.by_key(things), set()
    for thing in things:
        if not thing["kind"].endswith("RoleBinding") or not any(
                subject["kind"] == "ServiceAccount" and subject["name"] == "neoid" for subject in thing["subjects"]):
            continue
        namespace = thing["metadata"].get("namespace", "")
        role = by_key[("rbac.authorization.k8s.io/v1", thing["roleRef"]["kind"],
                       namespace if thing["roleRef"]["kind"] == "Role" else "", thing["roleRef"]["name"])]
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for name in rule["resources"]:
                    for verb in rule["verbs"]:
                        found |= {(verb, group, name, namespace, one) for one in rule.get("resourceNames", [""])}
    return found


def covers(right, seen):
    return right[:3] == seen[:3] and right[3] in ("", seen[3]) and right[4] in ("", seen[4])


def spoken(right):
    """`get secrets neoid-webhook-tls in neoid-system`, as docs/rbac.md writes it."""
    verb, group, resource_name, namespace, name = right
    full = resource_name if not group else resource_name.replace("/", f".{group}/", 1) if "/" in resource_name else f"{resource_name}.{group}"
    return f"{verb} {full}" + (f" {name}" if name else "") + (f" in {namespace}" if namespace else "")


def table():
    """(every right in docs/rbac.md, {those that no run uses: the reason})"""
    told, reasons = set(), {}
    for line in (ROOT / "docs/rbac.md").read_text().split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for right in re.findall(r"`([a-z, ]+ [a-z./0-9]+[^`]*)`", cells[0]) if line.startswith("| `") else []:
            verbs, rest = re.match(r"((?:[a-z]+, )*[a-z]+) (.*)", right).groups()
            for verb in verbs.split(", "):
                told.add(f"{verb} {rest}")
                if cells[2].startswith("not used by the run:"):
                    reasons[f"{verb} {rest}"] = cells[2]
    return told, reasons
