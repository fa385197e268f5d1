"""Recipes: what they choose, what they leave to who chose, and that they are told in full."""

import re
from typing import Any

import numpy as np
import pytest

from striate.runs.plan import Plan
from striate.runs.planning import Request, planned
from striate.training.options import RECIPE_NAMES, Options
from striate.training.recipes import RECIPES
from tests.data.test_ink import drawings
from tests.native.needs import needs_compiler

DATA = ""
FLAT, CONV = "input 1x28x28 -> fc 10", "input 1x28x28 -> conv 4@3 -> relu -> fc 10"


@pytest.fixture(scope="module", autouse=True)
def drawn(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Centred drawings, which training moves by itself."""
    path = tmp_path_factory.mktemp("drawn") / "drawn.npz"
    np.savez(path, x=(255 * drawings()).astype(np.uint8), y=np.arange(200) % 10)
    global DATA
    DATA = str(path)


def plan_of(net: str = CONV, **options: Any) -> Plan:
    return planned(Request(net, DATA, Options(**options)))[0]


def test_each_name_has_a_recipe_and_none_is_as_ever() -> None:
    assert tuple(RECIPES) == RECIPE_NAMES
    plan = plan_of(epochs=3)
    assert (plan.options.rate, plan.options.ema, plan.options.smoothing) == (0.003, 0.0, 0.0)
    assert not any("recipe" in line for line in plan.notes)


def test_fast_has_fewer_epochs_at_a_higher_rate() -> None:
    plan, usual = plan_of(recipe="fast"), plan_of()
    assert plan.options.epochs == round(0.4 * usual.options.epochs)
    assert plan.options.rate == 2 * usual.options.rate
    assert plan.options.augment == usual.options.augment


def test_accurate_has_more_of_everything_that_helps_and_says_so() -> None:
    plan, usual = plan_of(recipe="accurate"), plan_of()
    assert plan.options.epochs == 3 * usual.options.epochs
    assert (plan.options.ema, plan.options.smoothing) == (0.99, 0.1)
    assert RECIPES["accurate"].ema(plan.options, 10**6) == 0.99, "what was chosen"
    assert RECIPES["accurate"].ema(Options(), 10**6) == 0.999
    assert re.match(r"shift:1,rotate:15,scale:0\.15,shear:10$", plan.options.augment)
    (line,) = (line for line in plan.notes if line.startswith("recipe accurate: "))
    for name in ("epochs", "ema", "smoothing", "augment", "lr", "schedule"):
        assert f"--{name} {plan.options.to_json()[name]}" in line


@needs_compiler
def test_what_was_chosen_stays_and_what_does_not_suit_is_left_out() -> None:
    chosen = plan_of(recipe="accurate", epochs=2, ema=0.0, smoothing=0.0, lr=0.1, augment="none").options
    assert (chosen.epochs, chosen.ema, chosen.smoothing, chosen.lr, chosen.augment) == (2, 0.0, 0.0, 0.1, "none")
    assert plan_of(recipe="accurate", loss="hinge").options.smoothing in (None, 0.0)
    assert plan_of(FLAT, recipe="accurate").options.augment == "none", "which learns each position separately"
    assert plan_of(recipe="accurate").engine.name == "native"


def test_the_options_of_a_run_bring_nothing_new_when_it_goes_on() -> None:
    first = plan_of(recipe="accurate", epochs=2)
    again = plan_of(**Options.from_json(first.to_json()["options"]).to_json())
    assert again.to_json()["options"] == first.to_json()["options"]


@pytest.mark.parametrize("recipe", ["fast", "accurate"])
def test_the_command_repeats_it(recipe: str) -> None:
    assert plan_of(recipe=recipe, epochs=2).command.endswith(f"drawn.npz --recipe {recipe} --epochs 2")
