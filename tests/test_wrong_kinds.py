"""What a caller in Python hands over of a wrong kind is said in one line, wherever the package's face takes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import striate as st

NET = "input 1x8x8 -> fc 10"
BENCH: dict[str, Any] = {"engines": ["torch"], "works": ["inference"], "batches": [1], "rounds": 2, "seconds": 0.01}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    return st.train(NET, "digits", epochs=1, out=tmp_path_factory.mktemp("wrong") / "run", quiet=True)


def refused(call: Callable[[], object], said: str) -> None:
    with pytest.raises(st.InputError) as caught:
        call()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", "3"),
        ("lr", "a"),
        ("batch", "x"),
        ("seed", "s"),
        ("l2", "b"),
        ("patience", 1.5),
        ("threads", "x"),
        ("workers", "x"),
        ("out", 3),
        ("device", 3),
        ("engine", 3),
        ("task", 3),
        ("optimizer", 3),
        ("weights", 3),
    ],
)
def test_train(name: str, value: object, tmp_path: Path) -> None:
    choices: Any = {"epochs": 1, "out": tmp_path / "run", "quiet": True, name: value}
    refused(lambda: st.train(NET, "digits", **choices), "int" if name in ("out", "weights") else str(value))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "value"), [("epochs", "x"), ("lr", "a"), ("engine", 3), ("device", 3)])
def test_resume(run: st.Run, name: str, value: Any) -> None:
    choices: Any = {"epochs": 2, "quiet": True, name: value}
    refused(lambda: st.resume(run.path, **choices), f"{value}")


@pytest.mark.parametrize("odd", [3, None, ["a"]])
def test_the_path_of_a_run(odd: Any) -> None:
    refused(lambda: st.Run(odd), f"a run is given by its path. Received: {type(odd).__name__}")
    refused(lambda: st.resume(odd), f"a run is given by its path. Received: {type(odd).__name__}")


def test_a_run(run: st.Run) -> None:
    refused(lambda: st.Run(run.path, device=3), "no device '3'")  # type: ignore[arg-type]
    refused(lambda: st.Run(run.path, engine=3), "no engine '3'")  # type: ignore[arg-type]
    refused(lambda: run.test(engine=3), "no engine '3'")  # type: ignore[arg-type]
    refused(lambda: run.test(report=3), "a report is given by its path")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("engines", 3, "engines is a list"),
        ("engines", "torch", "engines is a list"),
        ("works", ["x"], "no work 'x'; there are training, inference"),
        ("batches", 3, "batches is a list"),
        ("batches", ["x"], "must be a whole number. Received: 'x'"),
        ("rounds", "x", "must be a whole number. Received: 'x'"),
        ("seconds", "x", "seconds must be a number. Received: 'x'"),
        ("device", "x", "no device 'x'"),
        ("threads", "x", "`threads` must be a whole number"),
    ],
)
def test_bench(name: str, value: object, said: str) -> None:
    refused(lambda: st.bench(NET, **{**BENCH, name: value}), said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("classifier", 3, "no classifier '3'"),
        ("seed", "x", "seed must be a whole number"),
        ("validation", "x", "validation must be a number"),
        ("out", 3, "the folder `out` is given by its path"),
        ("features", 3, "no feature '3'"),
        ("data", 3, "Received: int"),
    ],
)
def test_baseline(name: str, value: object, said: str) -> None:
    given: Any = {"features": "raw", "data": "digits", name: value}
    refused(lambda: st.baseline(**given), said)


@pytest.mark.parametrize("odd", [3, None, ["a"]])
@pytest.mark.parametrize("call", [st.net, st.build, st.explain, st.parse, st.measure, st.render, st.bind, st.bench])
def test_what_is_no_network(call: Callable[[Any], object], odd: Any) -> None:
    refused(lambda: call(odd), type(odd).__name__)


def test_weights_seeds_and_words() -> None:
    refused(lambda: st.load_weights(st.build(NET), 3), "Received: int")  # type: ignore[arg-type]
    refused(lambda: st.load_weights(3, "a"), "Received: int")  # type: ignore[arg-type]
    refused(lambda: st.build(NET, seed="x"), "seed must be a whole number")  # type: ignore[arg-type]
    refused(lambda: st.register(3, len), "Received: 3")  # type: ignore[arg-type]
