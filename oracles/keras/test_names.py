"""The committed list of Keras' names is that of the Keras installed here."""

import importlib.util
import json
import pathlib

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "crates/rhyton-conformance/goldens"


def test_names_are_those_of_keras():
    spec = importlib.util.spec_from_file_location("keras_names", GOLDENS / "keras_names.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    committed = json.loads((GOLDENS / "keras_names.json").read_text())
    assert committed.pop("keras") == maker.keras.__version__
    assert committed == {kind: maker.names(module) for kind, module in maker.MODULES.items()}
