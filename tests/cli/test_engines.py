"""Which engine works, as a user sees it: a fault of the native one costs one line, never the training."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from striate.native import compiler
from striate.native.target import runnable
from striate.runs.run import Run
from tests.cli.conftest import Ended
from tests.native.needs import needs_compiler

NET = "input 1x8x8 -> conv 3@3 -> relu -> fc 10"
INSTEAD = "engine torch instead of native: "
CC = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), "")
Cli = Callable[..., Ended]
Train = Callable[..., tuple[str, list[str]]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("STRIATE_CC", raising=False)
    monkeypatch.delenv("STRIATE_TARGET", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def trained(cli: Cli, tmp_path: Path) -> Train:
    """Trains for one epoch; returns the engine that the run names, and the lines that were said."""

    def train(*words: str) -> tuple[str, list[str]]:
        run = tmp_path / "run"
        ended = cli("train", NET, "digits", "--epochs", 1, "--out", run, "--overwrite", *words)
        assert ended.status == 0, ended.err
        assert "Traceback" not in ended.err
        assert "epoch   1" in ended.err
        return json.loads((run / "config.json").read_text())["engine"], ended.err.splitlines()

    return train


def about(lines: list[str], *words: str) -> list[str]:
    """The lines that have one of the words in them."""
    return [line for line in lines if any(word in line for word in words)]


@pytest.mark.parametrize("engine", ["native", "auto"])
def test_no_compiler(trained: Train, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    monkeypatch.setenv("STRIATE_CC", "/nonexistent")
    name, lines = trained("--engine", engine)
    assert name == "torch"
    assert about(lines, "instead", "STRIATE_CC") == [f"{INSTEAD}STRIATE_CC=/nonexistent: there is no such command"]
    monkeypatch.delenv("STRIATE_CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    name, lines = trained("--engine", engine)
    assert name == "torch"
    (line,) = about(lines, "instead", "compiler")
    assert line.startswith(f"{INSTEAD}no C compiler (cc, gcc or clang) on this machine; `pip install striate[native]`")


@pytest.mark.parametrize("engine", ["native", "auto"])
@pytest.mark.skipif(os.name != "posix", reason="the compiler is a shell script")
def test_a_compiler_that_fails(trained: Train, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str) -> None:
    failing = tmp_path / "cc"
    failing.write_text("#!/bin/sh\necho 'net.c:1:1: error: I am tired' >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("STRIATE_CC", str(failing))
    name, lines = trained("--engine", engine)
    assert name == "torch"
    found = about(lines, "instead", "tired")
    assert len(found) == 1, found
    (line,) = found
    assert line.startswith(f"{INSTEAD}{failing} failed: net.c:1:1: error: I am tired (all it said, and its source: ")
    assert about(lines, "engine native on") == []
    assert len(about(lines, "engine torch on")) == 1


@needs_compiler
def test_going_on_without_a_compiler_is_said_and_ends_with_it(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    assert cli("train", NET, "digits", "--epochs", 1, "--out", run).status == 0
    monkeypatch.setenv("STRIATE_CC", "/nonexistent")
    assert len(about(cli("resume", run, "--epochs", 2).err.splitlines(), INSTEAD)) == 1
    assert json.loads((run / "config.json").read_text())["engine"] == "torch"
    monkeypatch.delenv("STRIATE_CC")
    lines = cli("resume", run, "--epochs", 3).err.splitlines()
    assert about(lines, INSTEAD) == []
    assert len(about(lines, "engine native on cpu")) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--batch", 5000), "engine torch: the native engine takes batches below 2,048 images"),
        ((), "engine torch: the native engine lacks 'local 2@2x2'"),
    ],
)
def test_auto_says_why_it_takes_torch(cli: Cli, tmp_path: Path, words: tuple[object, ...], why: str) -> None:
    net = NET if words else "input 1x8x8 -> local 2@2 -> fc 10"
    ended = cli("train", net, "digits", "--epochs", 1, "--out", tmp_path / "run", *words)
    assert len(about(ended.err.splitlines(), why)) == 1, ended.err


@needs_compiler
def test_the_whole_set_as_one_batch(trained: Train) -> None:
    assert trained("--engine", "native", "--batch", "all")[0] == "native"


@needs_compiler
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the cache folder is told by an XDG variable")
def test_a_cache_that_cannot_be_written(trained: Train, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    home.write_text("no folder")
    name, lines = trained("--engine", "native")
    assert name == "native"
    (line,) = about(lines, "cache")
    assert line.startswith(f"the cache folder cannot be written ({home}")
    assert line.endswith("compiled for this run only")


@needs_compiler
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the cache folder is told by an XDG variable")
def test_entries_cut_short(trained: Train, home: Path) -> None:
    assert trained("--engine", "native")[0] == "native"
    libraries = list(home.rglob("library.so"))
    assert libraries
    for library in libraries:  # in their place another file: this process has the old one in use
        library.rename(library.with_suffix(".old"))
        library.write_bytes(library.with_suffix(".old").read_bytes()[:1000])
    name, lines = trained("--engine", "native")
    assert name == "native"
    assert about(lines, "whole") == [f"{library.parent} was not whole: compiling it again" for library in libraries]
    assert about(trained("--engine", "native")[1], "whole") == []


@needs_compiler
@pytest.mark.parametrize("name", runnable())
def test_narrower_vector_units(trained: Train, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("STRIATE_TARGET", name)
    assert trained("--engine", "native")[0] == "native"


@pytest.mark.parametrize("engine", ["native", "auto"])
@pytest.mark.parametrize("name", ["zork", next(n for n in ("neon", "avx2") if n not in runnable())])
def test_vector_units_of_another_machine(
    trained: Train, monkeypatch: pytest.MonkeyPatch, name: str, engine: str
) -> None:
    monkeypatch.setenv("STRIATE_TARGET", name)
    done_by, lines = trained("--engine", engine)
    assert done_by == "torch"
    (line,) = about(lines, "instead", name)
    assert re.match(f"{INSTEAD}(no vector units '{name}'|STRIATE_TARGET={name}: this machine cannot run it)", line)


@needs_compiler
def test_a_residual_network_of_several_norms(cli: Cli, tmp_path: Path) -> None:
    ended = cli(
        "train", "resnet20", "digits", "--epochs", 1, "--batch", 256, "--engine", "native", "--out", tmp_path / "r"
    )
    assert ended.status == 0, ended.err
    assert json.loads((tmp_path / "r" / "config.json").read_text())["engine"] == "native"
    found = [json.loads(cli("test", tmp_path / "r", "--engine", name, "--json").out) for name in ("native", "torch")]
    assert found[0]["loss"] == pytest.approx(found[1]["loss"], rel=1e-4)


@needs_compiler
def test_two_processes_compile_the_same_and_learn_the_same(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "striate", "train", NET, "digits", "--epochs", "1", "--engine", "native", "--out"]
    both = [
        subprocess.Popen([*words, str(tmp_path / name)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    one, two = Run(tmp_path / "one"), Run(tmp_path / "two")
    assert one.config["engine"] == two.config["engine"] == "native"
    assert all(torch.equal(tensor, two.state.weights[name]) for name, tensor in one.state.weights.items())


LACKED = "input 1x8x8 -> local 2@3 -> fc 10"


def test_what_the_native_engine_lacks(cli: Cli, tmp_path: Path) -> None:
    words = ("digits", "--epochs", 1, "--out", tmp_path / "run")
    ended = cli("train", LACKED, *words, "--engine", "native")
    assert ended.status == 2
    assert ended.error == "striate: the native engine lacks 'local 2@3x3'; take --engine torch\n"
    ended = cli("train", LACKED, *words)
    assert ended.status == 0
    assert json.loads((tmp_path / "run" / "config.json").read_text())["engine"] == "torch"
    ended = cli("test", tmp_path / "run", "--engine", "native")
    assert ended.status == 2
    assert ended.error == "striate: the native engine lacks 'local 2@3x3'; take --engine torch\n"


@needs_compiler
def test_a_rate_that_is_far_too_large_is_said(cli: Cli, tmp_path: Path) -> None:
    words = ("--engine", "native", "--lr", "1e9", "--optimizer", "sgd", "--epochs", 3, "--out", tmp_path / "run")
    ended = cli("train", "input 1x8x8 -> fc 20 -> relu -> fc 20 -> relu -> fc 10", "digits", *words)
    assert ended.status == 1
    assert re.search(
        r"the loss is (nan|inf) at epoch 1, batch \d+ of \d+: the weights .*; try a tenth of it", ended.error
    )


@needs_compiler
@pytest.mark.parametrize("first", ["torch", "native"])
@pytest.mark.parametrize("then", ["torch", "native"])
def test_a_run_of_one_engine_goes_on_in_the_other(cli: Cli, tmp_path: Path, first: str, then: str) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    assert cli("train", NET, "digits", "--epochs", 1, "--engine", first, "--out", run).status == 0
    assert cli("resume", run, "--epochs", 2, "--engine", then).status == 0
    config = json.loads((run / "config.json").read_text())
    assert config["engine"] == then
    assert config["command"].endswith(f"resume {run} --epochs 2 --engine {then}")
    results = [cli("test", run, "--json", "--engine", engine).json for engine in ("torch", "native", "auto")]
    assert results[0] == results[2]
    assert results[1]["confusion"] == results[0]["confusion"]
    assert results[1]["loss"] == pytest.approx(results[0]["loss"], rel=1e-5)
    assert cli("train", NET, "digits", "--epochs", 1, "--engine", "torch", "--out", whole).status == 0
    assert cli("resume", whole, "--epochs", 2).status == 0
    ours, theirs = (cli("test", path, "--json").json["loss"] for path in (run, whole))
    assert ours == pytest.approx(theirs, rel=1e-3)


@needs_compiler
def test_both_engines_predict_the_same(cli: Cli, run: Path, tmp_path: Path) -> None:
    from PIL import Image

    from striate import data

    Image.fromarray(data.load("digits").train.images[0, 0].numpy()).save(tmp_path / "zero.png")
    one, other = (cli("predict", run, tmp_path / "zero.png", "--json", "--engine", e).json for e in ("torch", "native"))
    assert one[0]["class"] == other[0]["class"]
    assert one[0]["probability"] == pytest.approx(other[0]["probability"], rel=1e-5)


def test_testing_goes_on_without_a_compiler(cli: Cli, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_CC", "/nonexistent")
    ended = cli("test", run, "--engine", "native")
    assert ended.status == 0
    assert about(ended.err.splitlines(), "instead") == [f"{INSTEAD}STRIATE_CC=/nonexistent: there is no such command"]
