#!/usr/bin/python3
"""validate.py SCHEMA FILE: every line of FILE is a document that the schema allows. Says how many."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
count = 0
with open(sys.argv[2], encoding="utf-8", errors="strict", newline="\n") as f:
    for line in f:
        for error in validator.iter_errors(json.loads(line)):
            sys.exit(f"line {count + 1}: {'/'.join(map(str, error.absolute_path))}: {error.message}\n{line}")
        count += 1
print(count)
