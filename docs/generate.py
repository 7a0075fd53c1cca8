#!/usr/bin/env python3
"""Writes docs/reference from what it describes: the CRDs, the program's own help, its table of metrics.

    generate.py --neoid PROGRAM [--check]

--check writes nothing and fails where a page differs from what would be written.
"""
import argparse
import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
MADE = "<!-- Made by docs/generate.py; do not edit. -->\n\n"


# --- resources -----------------------------------------------------------------------------------

def limits(schema):
    words = []
    if "enum" in schema:
        words.append("one of " + ", ".join(f"`{each}`" for each in schema["enum"]))
    for key, text in (("minLength", "at least {} characters"), ("maxLength", "at most {} characters"),
                      ("maxItems", "at most {} items"), ("pattern", "matches `{}`")):
        if key in schema and not (key == "minLength" and schema[key] == 1):
            words.append(text.format(str(schema[key]).replace("|", "\\|")))
    if "default" in schema and not isinstance(schema["default"], dict):
        words.append(f"default `{schema['default']}`".replace("True", "true").replace("False", "false"))
    return "; ".join(words)


def rows(schema, path, required):
    for name, part in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        if here in ("apiVersion", "kind", "metadata"):
            continue
        kind = part.get("type", "any")
        inner = part
        if kind == "array":
            inner = part["items"]
            kind = f"list of {inner.get('type', 'any')}s"
        needed = "required; " if name in required else ""
        told = " ".join(part.get("description", "").split()).replace("|", "\\|")
        yield f"| `{here}` | {kind} | {told} | {(needed + limits(part)).rstrip('; ')} |"
        yield from rows(inner, here + ("[]" if inner is not part else ""), inner.get("required", []))


def rules(schema, path):
    for rule in schema.get("x-kubernetes-validations", []):
        yield f"- `{path or 'the resource'}`: {rule['message']}"
    for name, part in schema.get("properties", {}).items():
        yield from rules(part, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from rules(schema["items"], path + "[]")


def resources():
    text = MADE + "# Resources\n\nGroup `identity.neostella.com`, version `v1`. The CRDs in `crd/` are the contract.\n"
    for file in ("integrationusers", "systemintegrationusers", "scopes"):
        crd = yaml.safe_load((ROOT / "crd" / f"{file}.yaml").read_text())
        names = crd["spec"]["names"]
        version = crd["spec"]["versions"][0]
        schema = version["schema"]["openAPIV3Schema"]
        text += (f"\n## {names['kind']}\n\n{' '.join(schema['description'].split())}\n\n"
                 f"{crd['spec']['scope']}; short name `{', '.join(names['shortNames'])}`.\n\n"
                 "| field | type | what it is | limits |\n| --- | --- | --- | --- |\n")
        text += "\n".join(rows(schema, "", schema.get("required", []))) + "\n"
        told = list(dict.fromkeys(rules(schema, "")))
        if told:
            text += "\nRules across fields and over time:\n\n" + "\n".join(told) + "\n"
        text += "\nColumns of `kubectl get`:\n\n" + "\n".join(
            f"- {column['name']}{' (with `-o wide`)' if column.get('priority') else ''}: {column['description']}"
            for column in version["additionalPrinterColumns"]) + "\n"
    return text


# --- flags ---------------------------------------------------------------------------------------

def subcommands(help_text):
    found = re.search(r"(?ms)^Subcommands:\n(.*?)(?:\n\n|\Z)", help_text)
    return re.findall(r"(?m)^  ([a-z][a-z-]*)", found.group(1)) if found else []


def flags(program):
    def help_of(words):
        return subprocess.run([program, *words, "--help"], check=True, text=True, stdout=subprocess.PIPE).stdout

    text = MADE + "# Commands and flags\n"

    def page(words):
        nonlocal text
        told = help_of(words)
        text += f"\n{'#' * min(len(words) + 2, 4)} neoid {' '.join(words)}".rstrip() + f"\n\n```text\n{told.strip()}\n```\n"
        for name in subcommands(told):
            page([*words, name])

    page([])
    return text


# --- metrics -------------------------------------------------------------------------------------

def metrics():
    table = (ROOT / "controller/base/metric_table.h").read_text()
    table = re.sub(r"//[^\n]*", "", table)
    text = (MADE + "# Metrics\n\nServed at `/metrics` of `--health-listen`, in Prometheus' text form.\n\n"
            "| metric | type | what it tells | labels |\n| --- | --- | --- | --- |\n")
    for body in re.findall(r"MetricInfo\s+k\w+\{(.*?)\};", table, flags=re.S):
        name, kind, rest = re.match(r'\s*"([^"]+)",\s*MetricType::(\w+),\s*(.*)', body, flags=re.S).groups()
        told, _, labels = rest.partition("{")
        told = "".join(re.findall(r'"([^"]*)"', told)).replace("|", "\\|")
        labels = ", ".join(f"`{label}`" for label in re.findall(r'"([^"]+)"', labels))
        text += f"| `{name}` | {kind.lower()} | {told} | {labels} |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neoid", required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    pages = {"resources.md": resources(), "flags.md": flags(arguments.neoid), "metrics.md": metrics()}
    (ROOT / "docs/reference").mkdir(exist_ok=True)
    stale = []
    for name, text in pages.items():
        path = ROOT / "docs/reference" / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if not arguments.check:
                path.write_text(text)
    if arguments.check and stale:
        sys.exit(f"docs/reference is not what the sources say ({', '.join(stale)}): run docs/generate.py --neoid build/neoid")


if __name__ == "__main__":
    main()
