"""The command that torchrun starts again: it goes on as if nothing had happened, or says what is another run."""

import dataclasses
from pathlib import Path

import pytest

from striate.errors import InputError
from striate.runs.launching import launched
from striate.runs.planning import Request, planned
from striate.runs.run import Run
from striate.runs.training import train
from striate.tasks.saying import silent
from striate.training.options import Options
from striate.training.processes import Processes
from striate.training.saved import SavedRun
from tests.runs.test_resume import same

DEEP = "input 1x8x8 -> fc 16 -> relu -> fc 12 -> relu -> fc 10"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of which the first layer fits."""
    out = tmp_path_factory.mktemp("before") / "run"
    return train("input 1x8x8 -> fc 16 -> relu -> fc 10", "digits", epochs=2, out=out, quiet=True)


def asked(epochs: int, weights: Path | None, **options: object) -> Request:
    chosen = Options(epochs=epochs, schedule="constant", **options)  # type: ignore[arg-type]
    return Request(DEEP, "digits", chosen, engine="torch", weights=weights, processes=Processes(launched=True))


def test_a_restart_with_weights_of_others_is_the_unbroken_training(before: Run, tmp_path: Path) -> None:
    launched(asked(2, before.path), tmp_path / "whole", say=silent)
    for epochs in (1, 2):
        launched(asked(epochs, before.path), tmp_path / "parts", say=silent)
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    assert same(whole.saved.last().weights, parts.saved.last().weights)
    assert whole.saved.config()["weights"] == parts.saved.config()["weights"]


def test_what_was_killed_before_its_first_state_begins_again(tmp_path: Path) -> None:
    request = asked(1, None)
    plan, *_ = planned(request)
    SavedRun.create(tmp_path / "run", plan.text, plan.to_json())
    launched(request, tmp_path / "run", say=silent)
    assert len(Run(tmp_path / "run").history) == 1


def test_another_command_is_told_from_the_same(before: Run, tmp_path: Path) -> None:
    other = train("input 1x8x8 -> fc 16 -> relu -> fc 10", "digits", epochs=1, out=tmp_path / "other", quiet=True)
    launched(asked(1, before.path), tmp_path / "run", say=silent)
    for request in (asked(2, other.path), asked(2, None)):
        with pytest.raises(InputError, match="begun with another beginning"):
            launched(request, tmp_path / "run", say=silent)
    with pytest.raises(InputError, match="begun with another l2"):
        launched(asked(2, before.path, l2=0.3), tmp_path / "run", say=silent)
    with pytest.raises(InputError, match="has its 1 epochs"):
        launched(asked(1, before.path), tmp_path / "run", say=silent)
    taught = dataclasses.replace(asked(2, before.path).options, teacher=str(before.path))
    with pytest.raises(InputError, match="begun with another teacher"):
        launched(dataclasses.replace(asked(2, before.path), options=taught), tmp_path / "run", say=silent)
