"""Holds OpenLineage events against the JSON schemas of the specification.

Usage: openlineage.py SCHEMAS < EVENTS

SCHEMAS is a folder of the schemas, EVENTS are events in JSON, one a line. Every facet is held against the schema
that it names. Prints what is wrong, and fails if anything is.
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

schemas = [json.loads(path.read_text(encoding="utf-8")) for path in pathlib.Path(sys.argv[1]).glob("*.json")]
registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)


def facets(value):
    """Everything in it that names a schema of its own, but the event itself."""
    if isinstance(value, dict):
        if "_schemaURL" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from facets(part)


def errors(value, schema):
    validator = Draft202012Validator({"$ref": schema}, registry=registry)
    for error in validator.iter_errors(value):
        yield f"{schema} {error.json_path}: {error.message}"


wrong = 0
for number, line in enumerate(sys.stdin, start=1):
    event = json.loads(line)
    found = list(errors(event, event["schemaURL"]))
    for facet in facets(event):
        found += errors(facet, facet["_schemaURL"])
    for message in found:
        print(f"event {number}: {message}")
    wrong += len(found)
sys.exit(1 if wrong else 0)
