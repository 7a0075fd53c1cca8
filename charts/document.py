#!/usr/bin/env python3
"""Writes the table of values in charts/neoid/README.md from the comments of values.yaml.

    document.py           writes it
    document.py --check   says what differs, and which value has no comment or is unknown to values.schema.json
"""
import json
import pathlib
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parent / "neoid"
BEGIN, END = "<!-- values: charts/document.py -->\n", "<!-- end of values -->\n"


def comments(text):
    """{path: the comment that stands right above it}"""
    found, path, comment = {}, [], []
    for line in text.split("\n"):
        words = line.strip()
        if words.startswith("#"):
            comment.append(words[1:].strip())
            continue
        if ":" in words and not words.startswith("-"):
            depth = (len(line) - len(line.lstrip())) // 2
            path = [*path[:depth], words.split(":", 1)[0]]
            if comment:
                found[".".join(path)] = " ".join(comment)
        comment = []
    return found


def documented(values, notes, path=""):
    """(path, default, comment) of every value, in the file's order. What has a comment is one value, else its parts are."""
    for name, value in values.items():
        inner = f"{path}.{name}" if path else name
        if inner in notes or not isinstance(value, dict):
            yield inner, value, notes.get(inner, "")
        else:
            yield from documented(value, notes, inner)


def unknown_to_schema(path, schema):
    for name in path.split("."):
        if name not in schema.get("properties", {}):
            return True
        schema = schema["properties"][name]
    return False


def table(rows):
    lines = ["| value | default | what it does |", "| --- | --- | --- |"]
    for path, default, comment in rows:
        lines.append(f"| `{path}` | `{json.dumps(default)}` | {comment.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def main():
    text = (CHART / "values.yaml").read_text()
    rows = list(documented(yaml.safe_load(text), comments(text)))
    schema = json.loads((CHART / "values.schema.json").read_text())
    problems = [f"{path} has no comment in values.yaml" for path, _, comment in rows if not comment]
    problems += [f"{path} is unknown to values.schema.json" for path, _, _ in rows if unknown_to_schema(path, schema)]
    readme = CHART / "README.md"
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = before + BEGIN + table(rows) + END + after
    if "--check" in sys.argv:
        if wanted != text:
            problems.append("the table in charts/neoid/README.md is old: run charts/document.py")
    else:
        readme.write_text(wanted)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
