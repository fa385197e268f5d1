"""One class an example: the losses by their names, the metrics, what a network must give, and what is told."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from striate import data
from striate.data.examples import Opened, Schema, Table
from striate.data.kinds import Image, Label
from striate.errors import InputError
from striate.losses import LOSSES, loss_named
from striate.metrics import ClassScore
from striate.native.losses import GIVEN
from striate.tasks.classify import Classify
from striate.tasks.judging import JudgedLabels
from striate.tasks.labelled import USUAL
from striate.tasks.task import OWN, Wish
from striate.training.fields import OUTPUT, joined
from striate.training.history import Epoch

PETS = Classify(("cat", "dog", "fox"))
OUTPUTS = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 1.0], [0.0, 2.0, 1.0], [1.0, 0.0, 0.5]])
LABELS = torch.tensor([0, 1, 2, 0])


def own(outputs: Tensor, labels: Tensor) -> Tensor:
    return (outputs**2).mean()


# losses


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_the_one_of_its_name_and_is_kept_under_it(name: str) -> None:
    goal = PETS.objective(name)
    assert {part: float(value) for part, value in goal.loss({OUTPUT: OUTPUTS}, {"label": LABELS}).items()} == {
        name: pytest.approx(float(loss_named(name)(OUTPUTS, LABELS)))
    }
    assert PETS.loss_name(name) == PETS.native(name) == name
    assert PETS.loss_of_guessing(name) == float(loss_named(name)(torch.zeros(1, 3), torch.tensor([0])))


def test_the_usual_loss_is_cross_entropy() -> None:
    assert PETS.loss_name(None) == PETS.native(None) == USUAL == "cross-entropy"
    assert PETS.loss_of_guessing(None) == pytest.approx(math.log(3))
    usual = PETS.loss({OUTPUT: OUTPUTS}, {"label": LABELS})
    assert usual == PETS.objective("cross-entropy").loss({OUTPUT: OUTPUTS}, {"label": LABELS})


def test_a_loss_of_one_s_own_has_no_name_and_is_computed_by_pytorch() -> None:
    assert (PETS.loss_name(own), PETS.native(own)) == (OWN, GIVEN)
    assert PETS.loss_of_guessing(own) == math.inf
    (value,) = PETS.objective(own).loss({OUTPUT: OUTPUTS}, {"label": LABELS}).values()
    assert float(value) == float((OUTPUTS**2).mean())


def test_a_loss_that_is_misspelt_is_told_the_one_that_was_meant() -> None:
    with pytest.raises(InputError, match=r"^classify has no loss 'hinged'; did you mean 'hinge'\?; there are "):
        PETS.objective("hinged")


# metrics


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 1, 1)], ids=["rows", "maps of one entry"])
def test_what_is_right_is_the_largest_output(shape: tuple[int, ...]) -> None:
    outputs, targets = {OUTPUT: OUTPUTS.reshape(shape)}, {"label": LABELS}
    right, decided = PETS.right(outputs, targets)
    assert (int(right), decided) == (3, 4)
    assert PETS.figures(PETS.rows(outputs, targets)) == {"accuracy": 0.75}


def test_figures_are_those_of_all_batches() -> None:
    goal = PETS.objective(None)
    rows = joined(
        [
            goal.rows({OUTPUT: OUTPUTS[part]}, {"label": LABELS[part]})
            for part in (slice(0, 1), slice(1, 3), slice(3, 4))
        ]
    )
    assert goal.figures(rows) == {"accuracy": 0.75}
    assert (goal.metrics, goal.unit, goal.decides) == (PETS.metrics, "images", "accuracy")


def test_its_history_is_of_its_metrics_and_its_unit() -> None:
    history = PETS.history()
    assert (history.metric.name, history.unit, len(history)) == ("accuracy", "images", 0)


# networks


@pytest.mark.parametrize(("output", "fits"), [((3,), True), ((3, 1, 1), True), ((2,), False), ((3, 2, 2), False)])
def test_a_network_gives_one_number_a_class(output: tuple[int, ...], fits: bool) -> None:
    why = PETS.fits(output, "pets")
    assert (not why) is fits
    if not fits:
        assert why.endswith("outputs and pets has 3 classes; end the network with fc 3")
    assert PETS.letters() == {"classes": 3}


# what is told


def judged(outputs: Tensor = OUTPUTS, labels: Tensor = LABELS) -> JudgedLabels:
    rows = {OUTPUT: outputs, "label": labels}
    found: JudgedLabels = PETS.judged("the test set", Table({"label": labels}), rows, {"loss": 0.5, "accuracy": 0.75})
    return found


def test_what_is_judged_says_its_figures_once() -> None:
    found = judged()
    assert found.said().startswith("accuracy 75.00%")
    assert found.in_short().startswith("75.00%")
    result = found.result()
    assert (result.accuracy, result.error, result.loss, result.examples) == (0.75, 0.25, 0.5, 4)
    assert result.confusion == ((2, 0, 0), (0, 1, 0), (0, 1, 0))
    assert [type(one) for one in result.per_class] == [ClassScore] * 3
    assert [(one.image, one.true_class, one.label) for one in result.most_wrong] == [("2", "fox", "dog")]
    assert found.to_json()["accuracy"] == result.to_json()["accuracy"] == 0.75


def test_its_parts_of_the_report_need_no_pictures() -> None:
    counts = {"training": Table({"label": torch.tensor([0, 0, 2])})}
    sections = list(judged().sections("", counts))
    assert [section.anchor for section in sections] == ["confusion", "classes", "calibration"], "none is most wrong"
    assert '<th scope="row">cat</th><td class="n">2</td>' in sections[1].body
    assert "75.00%" in judged().headline()


def standing(outputs: Tensor, labels: Tensor, learned: float, trained_on: int = 1000) -> Any:
    last = Epoch(1, {"train_loss": 0.5, "train_accuracy": learned, "validation_loss": 0.5}, 0.1, 1.0, 1.0)
    return PETS.standing(last, trained_on, judged(outputs, labels))


def many(right: int, wrong: int) -> tuple[Tensor, Tensor]:
    """Examples of all classes in turn; the wrong ones are called the next class."""
    labels = torch.arange(right + wrong) % 3
    called = torch.where(torch.arange(right + wrong) < right, labels, (labels + 1) % 3)
    return torch.nn.functional.one_hot(called, 3).float() * 5, labels


def test_the_standing_is_about_right_decisions() -> None:
    well = standing(*many(285, 15), learned=0.96)
    assert well.said.startswith("96.0% right on 1,000 training images, 95.0% on 300 validation images (")
    assert (well.gap < 0, well.often, well.wrong, well.guessing) == (True, False, 15, "")
    assert not well.lost
    assert not well.weak
    overfit = standing(*many(240, 60), learned=1.0)
    assert overfit.gap > 0.1
    assert overfit.often
    weak = standing(*many(200, 100), learned=0.65)
    assert weak.weak
    assert not weak.guessing
    assert not standing(*many(285, 15), learned=0.6).weak  # images of the training were mixed
    guess = standing(*many(100, 200), learned=0.33)
    assert guess.lost
    assert guess.guessing.startswith("No better than always saying 'cat', which 33.3% of the validation images are")


def test_validation_examples_of_one_class_are_not_judged() -> None:
    found = standing(OUTPUTS, torch.zeros(4, dtype=torch.int64), learned=1.0)
    assert found.unjudged == (
        "Not judged: all validation images are 'cat'.",
        "Give images of at least two classes to validate on.",
    )


def test_classes_that_can_t_be_judged_are_named() -> None:
    parts = {"training": Table({"label": torch.tensor([0, 0, 1, 1])}), "test": Table({"label": torch.tensor([0, 1])})}
    assert PETS.doubts(parts, "pets")
    assert any("fox" in line for line in PETS.doubts(parts, "pets"))


def test_data_of_other_classes_keep_the_run_s_order() -> None:
    """A test set of some of the classes, in another order."""
    images = np.zeros((4, 1, 2, 2), np.uint8)
    split = data.Split(torch.from_numpy(images), torch.tensor([0, 0, 1, 1]))
    mine = data.Dataset("mine", "", split, None, ("fox", "cat"))
    found = Classify.open(mine, Wish(hold_out=False), PETS)
    assert found is not None
    task, opened = found
    assert task == PETS
    assert isinstance(opened, Opened)
    assert opened.schema == Schema({"image": Image()}, {"label": Label(3)})
    assert opened.train.take(range(4))["label"].tolist() == [2, 2, 0, 0]


def test_pairs_of_pictures_are_no_classes() -> None:
    told = Classify(("input", "target")).fits((3, 8, 8), "pairs")
    assert told.endswith("or name the task restore, which learns one picture of each pair from the other")
    assert "restore" not in Classify(("cat", "target")).fits((3, 8, 8), "pets")
