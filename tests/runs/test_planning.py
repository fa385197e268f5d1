"""What is decided before a training: one value, from what a user asks for and what the data are."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from striate.augmentation.chain import Chain
from striate.augmentation.photo import Photo
from striate.augmentation.shift import Shift
from striate.data.recipe import Recipe
from striate.errors import InputError
from striate.runs.command import FROM_PYTHON
from striate.runs.plan import Parts, Plan
from striate.runs.planning import Again, Request, planned
from striate.tasks.classify import Classify
from striate.training.options import Options

NET = "input 1x8x8 -> fc 10"


def plan_of(net: Any = NET, data: Any = "digits", asked: dict[str, Any] | None = None, **options: Any) -> Plan:
    return planned(Request(net, data, Options(**options), **(asked or {})))[0]


def test_a_plan_says_all_that_is_decided() -> None:
    plan = plan_of(epochs=3)
    assert plan.task == Classify(tuple("0123456789"))
    assert (plan.data.name, plan.data.source) == ("digits", "digits")
    assert (plan.examples, plan.num_steps) == (1295, 3 * 21)
    assert plan.options.augment == "none", "what `auto` was"
    assert plan.augment is None
    assert plan.command == "striate train 'input 1x8x8 -> fc 10' digits --epochs 3"
    assert plan.how().startswith("training: 3 epochs, adamw, one-cycle up to 0.003, batch 64; engine ")
    assert plan.said() == [*plan.notes, plan.how()]


def test_the_parts_are_apart_and_nothing_of_validation_is_in_the_plan() -> None:
    plan, parts, beginning = planned(Request(NET, "digits", Options(epochs=1, seed=5)))
    assert isinstance(parts, Parts)
    assert beginning is None
    assert {name: len(part) for name, part in parts.each.items()} == {"training": 1295, "validation": 143, "test": 359}
    other = planned(Request(NET, "digits", Options(epochs=1, seed=6)))
    assert plan.data == other[0].data, "the seed chooses validation examples, and changes no data"
    assert plan.recipe != other[0].recipe, "which are left out of the mean"


def test_the_configuration_is_json_and_holds_the_decisions() -> None:
    plan = plan_of(epochs=2)
    config = json.loads(json.dumps(plan.to_json()))
    assert config["task"] == {"word": "classify", "classes": list("0123456789")}
    accuracy = {"name": "accuracy", "up": True, "share": True, "counted": True, "unit": "", "wavers": False}
    assert config["metrics"] == [accuracy]
    assert config["unit"] == "images"
    assert Recipe.from_json(config["recipe"]) == plan.recipe
    assert Options.from_json(config["options"]) == dataclasses.replace(
        plan.options, lr=0.003, l2=plan.options.decay, batch=64, loss="cross-entropy"
    )
    assert config["decisions"] == plan.said()
    assert "weights" not in config


@pytest.mark.parametrize(
    ("options", "augment", "kept"),
    [
        ({"augment": "shift"}, Shift, "shift:1"),
        ({"augment": "mirror,crop"}, Photo, "mirror,crop:4"),
        ({"augment": "rotate,cutout:3", "smoothing": 0.1}, Chain, "rotate:15,cutout:3"),
        ({"augment": "none"}, type(None), "none"),
    ],
)
def test_what_changes_the_examples_is_in_the_plan(options: dict[str, Any], augment: type, kept: str) -> None:
    plan = plan_of("lenet5", epochs=1, **options)
    assert type(plan.augment) is augment
    assert plan.options.augment == kept
    assert any(line.startswith("augmentation") for line in plan.notes) is (plan.augment is not None)


def test_a_training_with_a_loss_of_one_s_own_can_t_be_typed() -> None:
    def own(outputs: Any, labels: Any) -> Any:
        return outputs.sum()

    plan, parts, _ = planned(Request(NET, "digits", Options(epochs=1), own_loss=own))
    assert plan.command == FROM_PYTHON
    assert plan.to_json(parts.own_loss)["options"]["loss"] == "own"
    assert plan.to_json()["options"]["loss"] == "cross-entropy"


def test_what_was_asked_for_is_in_the_command() -> None:
    asked = {"engine": "torch", "device": "cpu", "threads": 2, "bad": "refuse", "task": "classify"}
    words = plan_of(asked=asked, epochs=1).command.split(" digits ")[1]
    assert words == "--epochs 1 --task classify --engine torch --device cpu --threads 2 --bad-files refuse"


def test_who_goes_on_keeps_what_was_decided(archive: Callable[..., Path]) -> None:
    net, data = "input 2x30 -> fc 3", archive(2, 30)
    first = plan_of(net, data, epochs=1)
    assert first.recipe is not None
    recipe = dataclasses.replace(first.recipe, mean=(9.0, 9.0))
    again = Again(recipe, {"said": "weights: kept"}, tuple(first.said()))
    plan = plan_of(net, data, {"again": again}, epochs=2)
    assert plan.recipe == recipe
    assert plan.begun == {"said": "weights: kept"}
    assert plan.said()[: len(first.said())] == first.said()
    assert plan.said().count(first.notes[0]) == 1, "what is decided again is told once"
    assert plan.how() in plan.said()


def test_few_examples_get_more_passes_and_a_line_says_so(archive: Callable[..., Path]) -> None:
    plan = plan_of("input 2x30 -> fc 3", archive(2, 30))
    assert plan.options.epochs > 10
    assert f"{plan.options.epochs} epochs (so few images need more than ten passes)" in plan.how()
    assert "so few" not in plan_of("input 2x30 -> fc 3", archive(2, 30), epochs=99).how(), "they were asked for"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"task": "clasify"}, "no task 'clasify'; did you mean 'classify'"),
        ({"task": "segment"}, r"'digits' holds nothing for the task segment, which reads a folder"),
        ({"device": "cpuu"}, "no device 'cpuu'"),
        ({"engine": "torhc"}, "no engine 'torhc'"),
        ({"weights": 3}, "weights come from a run or a file"),
    ],
)
def test_words_that_are_wrong_are_told_before_anything_is_made(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_of(asked=asked)


def test_a_network_without_parameters_is_no_plan(archive: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"^net has no parameters to train; give it a layer that has some, such as fc"):
        plan_of("input 3x4x4 -> gap", archive(3, 4, 4))
