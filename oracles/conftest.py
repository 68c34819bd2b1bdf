"""What every group of oracles shares: the command under test and the short form of a run."""

import os
import pathlib
import subprocess
import sys

import pytest


def pytest_addoption(parser):
    parser.addoption("--short", action="store_true", help="leave out tests marked long")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; left out by --short")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--short"):
        return
    skip = pytest.mark.skip(reason="long; run the group without --short")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def short(request):
    """Whether a test should take fewer cases, epochs or samples."""
    return request.config.getoption("--short")


@pytest.fixture(scope="session")
def rhyton_binary():
    """The path of the command under test."""
    name = os.environ.get("RHYTON_BINARY")
    assert name, "RHYTON_BINARY is unset: run `cargo xtask test --oracles`"
    path = pathlib.Path(name)
    assert path.is_file(), f"RHYTON_BINARY names no file: {path}"
    return path.resolve()


# Runs a command and writes the most memory that it used, in KiB, to a file: the limit of a process
# of its own, where `RUSAGE_CHILDREN` of this one knows only the largest of all commands so far.
MEASURE = """
import pathlib, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path(sys.argv[1]).write_text(str(peak))
sys.exit(code)
"""


@pytest.fixture
def rhyton(rhyton_binary, tmp_path):
    """Runs the command in the test's own folder and returns its standard output.

    `rhyton("train", "m.keras", ...)`; `check=False` returns the completed process instead, for
    tests of errors; `measure=True` returns it too, with `memory_bytes_max`. `environment` adds
    variables, e.g. {"RHYTON_BACKEND": "tensorflow"}.
    """

    def run(*arguments, check=True, measure=False, environment=None, timeout=600):
        # The user's own configuration must not decide what is compared.
        variables = {k: v for k, v in os.environ.items() if not k.startswith("RHYTON_")}
        variables["RHYTON_HOME"] = str(tmp_path / "rhyton-home")
        variables.update(environment or {})
        peak = tmp_path / "memory-peak"
        wrapper = [sys.executable, "-c", MEASURE, str(peak)] if measure else []
        completed = subprocess.run(
            [*wrapper, str(rhyton_binary), *map(str, arguments)],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if measure:
            completed.memory_bytes_max = int(peak.read_text()) << 10
        if measure or not check:
            return completed
        assert completed.returncode == 0, (
            f"rhyton {' '.join(map(str, arguments))} ended with {completed.returncode}\n"
            f"{completed.stderr}"
        )
        return completed.stdout

    run.binary = str(rhyton_binary)
    return run
