"""Damaged and hostile files: each loads or is one error, soon, in little memory, and the command
opens no other file and no connection."""

import io
import json
import pathlib
import random
import re
import resource
import shutil
import subprocess
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from test_legacy_h5 import in_tf_keras, save_data

# Of processor time: what a clock says depends on what else runs.
SECONDS_MAX = 10
BYTES_MAX = 1 << 30


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))


def inspect(exchange, path):
    """Shows a file's model: true if it loads; else it must be one error. The system ends a command
    that takes too long or too much memory."""
    completed = subprocess.run(
        [exchange.rhyton.binary, "summary", str(path)], cwd=exchange.folder, preexec_fn=limit,
        env={"RHYTON_HOME": str(exchange.folder / "rhyton-home")}, capture_output=True, text=True,
    )
    assert completed.returncode in (0, 1), completed
    assert "panicked" not in completed.stderr, completed.stderr
    if completed.returncode == 1:
        errors = [line for line in completed.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1 and len(completed.stderr) < 4000, completed.stderr
    return completed.returncode == 0


def small(compiled=True, activation="relu"):
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, activation=activation),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        x = np.linspace(-1, 1, 60, dtype="float32").reshape(10, 6)
        model.fit(x, np.arange(10) % 3, verbose=0)
    return model


def functional():
    x = keras.Input((6,))
    shared = layers.Dense(6, "tanh")
    return keras.Model(x, layers.Dense(2)(shared(x) * 2 + shared(shared(x))))


@pytest.fixture(scope="module")
def keras_files(tmp_path_factory):
    """A folder of six files of Keras 3."""
    folder = tmp_path_factory.mktemp("real")
    # Names count from the beginning, whatever ran before.
    keras.utils.clear_session()
    models = {"trained": small(), "bare": small(False, "gelu"), "functional": functional()}
    for name, model in models.items():
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
    return folder


@pytest.fixture(scope="module")
def real_files(keras_files, tmp_path_factory):
    """Those, and four of tf_keras."""
    old = tmp_path_factory.mktemp("old")
    save_data(old)
    in_tf_keras("write", old, "adam", "branches")
    old_files = [old / f"{name}.{suffix}" for name in ("adam", "branches") for suffix in ("h5", "keras")]
    paths = sorted(keras_files.iterdir()) + old_files
    assert len(paths) == 10
    return paths


@pytest.fixture
def trained(keras_files, tmp_path):
    """The path of a copy of the trained model, to be changed."""

    def copy(suffix):
        return pathlib.Path(shutil.copy(keras_files / f"trained.{suffix}", tmp_path))

    return copy


def repacked(content, change):
    """An archive with a member changed: the checksums of a plain one catch most damage."""
    members = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name)
    change(members)
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return result.getvalue()


def mutated(content, rng):
    content = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        # Structures are at the start of a file and between its arrays.
        limit = rng.choice([256, 4096, len(content)])
        at = rng.randrange(min(limit, len(content)))
        kind = rng.randrange(5)
        if kind == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at : at + 8] = b"\xff" * len(content[at : at + 8])
        elif kind == 2:
            content[at] = rng.randrange(256)
        elif kind == 3:
            start = rng.randrange(len(content))
            piece = content[start : start + rng.randrange(64)]
            content[at : at + len(piece)] = piece
        else:
            content[at : at + 4] = rng.randrange(1 << 32).to_bytes(4, "little")
    if rng.randrange(10) == 0:
        del content[rng.randrange(len(content)) :]
    return bytes(content)


def mutation(content, rng):
    if not content.startswith(b"PK") or rng.randrange(4) == 0:
        return mutated(content, rng)

    def change(members):
        name = rng.choice(sorted(members))
        members[name] = mutated(members[name], rng)

    return repacked(content, change)


def test_mutations(exchange, real_files, short):
    rng = random.Random(20261124)
    loaded = refused = 0
    for path in real_files:
        content = path.read_bytes()
        for _ in range(20 if short else 200):
            target = exchange.folder / f"mutated{path.suffix}"
            target.write_bytes(mutation(content, rng))
            if inspect(exchange, target):
                loaded += 1
            else:
                refused += 1
    assert loaded + refused == len(real_files) * (20 if short else 200)
    assert loaded > 20 and refused > 50, f"{loaded} loaded, {refused} refused: no test"


def h5_with(trained, change):
    target = trained("h5")
    with h5py.File(target, "r+") as file:
        change(file)
    return target


def configured(change):
    def apply(file):
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)

    return apply


def dense(config):
    return next(l for l in config["config"]["layers"] if l["class_name"] == "Dense")


def as_lambda(config):
    dense(config).update(
        class_name="Lambda", config={"name": "evil", "function": ["4wEAAAA=", None, None]}
    )


def other_module(config):
    dense(config).update(module="os", class_name="system", config={"name": "evil", "command": "id"})


def torch_module(config):
    dense(config).update(class_name="TorchModuleWrapper", config={"name": "evil", "module": "gASV"})


def lambda_activation(config):
    dense(config)["config"]["activation"] = {
        "class_name": "__lambda__", "config": {"value": "4wEAAAA=", "defaults": None, "closure": None}
    }


def vocabulary(config):
    dense(config).update(
        class_name="StringLookup", config={"name": "evil", "vocabulary": "/etc/hostname"}
    )


def wide(config):
    dense(config)["config"]["units"] = 2**40


CONFIGURATIONS = [as_lambda, other_module, torch_module, lambda_activation, vocabulary, wide]


@pytest.mark.parametrize("change", CONFIGURATIONS, ids=lambda change: change.__name__)
def test_configuration_of_h5(exchange, trained, change):
    assert not inspect(exchange, h5_with(trained, configured(change)))


def replace_kernel(file, make):
    group = file["model_weights/dense"]
    name = group.attrs["weight_names"][0]
    del group[name]
    make(group, name)


def virtual(group, name):
    layout = h5py.VirtualLayout((6, 5), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", (6, 5))
    group.create_virtual_dataset(name, layout)


KERNELS = {
    "soft link": lambda g, n: g.__setitem__(n, h5py.SoftLink("/model_weights/dense_1")),
    "external link": lambda g, n: g.__setitem__(n, h5py.ExternalLink("/etc/hostname", "/")),
    "external data": lambda g, n: g.create_dataset(n, (6, 5), "f4", external=[("/etc/hostname", 0, 120)]),
    "virtual": virtual,
    "shape bomb": lambda g, n: g.create_dataset(n, (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip"),
    "zeros": lambda g, n: g.create_dataset(n, (1 << 29,), "u1", chunks=(1 << 26,), compression="gzip"),
    "text": lambda g, n: g.create_dataset(n, data=["a"] * 30),
    "a group": lambda g, n: g.create_group(n),
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_of_h5(exchange, trained, name):
    assert not inspect(exchange, h5_with(trained, lambda file: replace_kernel(file, KERNELS[name])))


def test_names_without_end(exchange, trained):
    def change(file):
        for part in range(400):
            file["model_weights"].attrs[f"layer_names{part}"] = np.array([b"dense"] * 4000)
        del file["model_weights"].attrs["layer_names"]

    assert not inspect(exchange, h5_with(trained, change))


ARCHIVES = {
    "path": ["assets/../../x"],
    "absolute": ["/etc/x"],
    "nul": ["assets/a\0b"],
    "twice": ["config.json"],
    "backslash": ["assets\\..\\x"],
}


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_an_archive(exchange, trained, name):
    path = trained("keras")
    with zipfile.ZipFile(path, "a") as archive:
        for member in ARCHIVES[name]:
            info = zipfile.ZipInfo("x")
            info.filename = member
            archive.writestr(info, b"x")
    assert not inspect(exchange, path)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_symlink_in_an_archive_is_no_link(exchange, trained):
    path = trained("keras")
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("assets/link")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/hostname")
    assert_stays_within(exchange, path)


def test_weights_as_pickle(exchange, trained):
    model = trained("keras")
    np.savez(exchange.folder / "w.npz", **{"dense.kernel": np.array([print], dtype=object)})
    completed = exchange.rhyton("convert", "w.npz", "out.keras", "--model", model, check=False)
    assert completed.returncode == 1 and "dense.kernel" in completed.stderr


def test_zip_bomb(exchange):
    path = exchange.folder / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w") as member:
            for _ in range(320):
                member.write(bytes(1 << 20))
    assert not inspect(exchange, path)


def opened(trace):
    """The files that a trace of system calls opens, without what every process does."""
    system = ("/etc/ld.so", "/lib", "/usr/lib", "/proc/", "/sys/", "/dev/")
    for line in trace.splitlines():
        found = re.search(r'open(?:at)?\((?:[^,]*, )?"([^"]*)"', line)
        if found and not found[1].startswith(system):
            yield found[1]


def assert_stays_within(exchange, path):
    """The command opens the model, its own configuration, and nothing else; it connects nowhere."""
    trace = exchange.folder / "trace.txt"
    binary = exchange.rhyton.binary
    home = str(exchange.folder / "rhyton-home")
    subprocess.run(
        ["strace", "-f", "-o", trace, "-e", "trace=open,openat,connect,execve", binary, "summary", path],
        cwd=exchange.folder, env={"RHYTON_HOME": home}, capture_output=True, timeout=60,
    )
    text = trace.read_text()
    assert "connect(" not in text
    assert text.count("execve(") == 1
    allowed = (str(path), home, "rhyton.toml", "./rhyton.toml", str(exchange.folder / "rhyton.toml"))
    others = [name for name in opened(text) if not name.startswith(allowed)]
    assert not others, others
    assert str(path) in text


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_nothing_else_is_opened(exchange, real_files, trained):
    for path in real_files:
        assert_stays_within(exchange, path)
    for change in CONFIGURATIONS:
        assert_stays_within(exchange, h5_with(trained, configured(change)))
    for make in KERNELS.values():
        assert_stays_within(exchange, h5_with(trained, lambda file: replace_kernel(file, make)))
