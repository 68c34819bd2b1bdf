"""Writes what real Keras makes of every case of losses, metrics, optimizers and other small things,
a file for each kind: losses.json, metrics.json, … The cases come from the catalogue that Rhyton
prints; adding an object does not touch Python. A kind is a file in `kinds` with a function
`case(class_name, configuration)` that returns a record.

    cargo run -p rhyton-conformance --example catalogue > catalogue.json
    KERAS_BACKEND=tensorflow python objects.py catalogue.json [kind …]
"""

import importlib
import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import tensorflow as tf

HERE = pathlib.Path(__file__).resolve().parent


def records(kind, entries):
    case = importlib.import_module(f"kinds.{kind}").case
    for entry in entries:
        for config in entry["cases"]:
            # Keras' constructors may change what they are given.
            record = case(entry["name"], json.loads(json.dumps(config)))
            yield {"class_name": entry["name"], "case": config, **record}


def main(catalogue, kinds):
    shelves = json.loads(pathlib.Path(catalogue).read_text())
    for kind, entries in shelves.items():
        if not (HERE / "kinds" / f"{kind}.py").exists() or (kinds and kind not in kinds):
            continue
        versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
        found = {**versions, "cases": list(records(kind, entries))}
        text = json.dumps(found, separators=(",", ":"))
        (HERE / f"{kind}.json").write_text(text.replace('{"class_name"', '\n{"class_name"') + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
