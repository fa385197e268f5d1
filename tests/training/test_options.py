"""Options that are refused, each beside one that is not."""

import json
from typing import Any

import pytest

from striate.errors import InputError
from striate.training.optimizers import OPTIMIZERS
from striate.training.options import Options


@pytest.mark.parametrize(
    ("option", "legal", "illegal"),
    [
        ("epochs", 0, -1),
        ("epochs", 10**6, -1),
        ("batch", 0, -1),
        ("lr", 0, -0.1),
        ("lr", 0.5, float("nan")),
        ("l1", 0.0, -1e-9),
        ("l2", None, -1),
        ("patience", 0, -1),
        ("validation", 0.9, 0.91),
        ("validation", 0.001, 0),
        ("seed", 2**31, 2**31 + 1),
        ("seed", 0, -1),
    ],
)
def test_numbers_out_of_range(option: str, legal: Any, illegal: Any) -> None:
    assert getattr(Options(**{option: legal}), option) == legal
    with pytest.raises(InputError, match=f"^{option} must be from .* Received: "):
        Options(**{option: illegal})


@pytest.mark.parametrize(
    ("option", "value"), [("epochs", 2.5), ("epochs", "3"), ("epochs", None), ("batch", True), ("lr", "fast")]
)
def test_what_is_no_such_number(option: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"^{option} must be a (whole )?number. Received: "):
        Options(**{option: value})


@pytest.mark.parametrize(
    ("option", "name", "near"),
    [
        ("optimizer", "adma", "adam"),
        ("schedule", "one_cycle", "one-cycle"),
        ("loss", "cross_entropy", "cross-entropy"),
        ("init", "gloro", "glorot"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(option: str, name: str, near: str) -> None:
    right: dict[str, Any] = {option: near}
    wrong: dict[str, Any] = {option: name}
    assert getattr(Options(**right), option) == near
    with pytest.raises(InputError, match=f"no {option} '{name}'; did you mean '{near}'.; there are"):
        Options(**wrong)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_what_is_not_said_is_the_optimiser_s_own(name: str) -> None:
    options = Options(optimizer=name)
    assert (options.rate, options.decay) == (OPTIMIZERS[name].rate, OPTIMIZERS[name].decay)
    said = Options(optimizer=name, lr=0.0, l2=0.0)
    assert (said.rate, said.decay) == (0.0, 0.0)


def test_json_gives_the_same_back_with_defaults_filled_in() -> None:
    options = Options(epochs=3, optimizer="nesterov", l1=0.1)
    again = Options.from_json(json.loads(json.dumps(options.to_json())))
    assert (again.lr, again.l2) == (0.05, 0.0)
    assert again.to_json() == options.to_json()


def test_an_option_of_another_version_is_passed_over_and_named() -> None:
    value = {**Options(epochs=3).to_json(), "mixup": 0.2}
    assert Options.from_json(value) == Options.from_json(Options(epochs=3).to_json())
    assert Options.foreign(value) == ["mixup"]
    assert Options.from_json({"epochs": 3}) == Options(epochs=3)
