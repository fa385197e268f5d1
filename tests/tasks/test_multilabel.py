"""Several labels an image: which data, its loss, its answers and pages."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from striate.data.examples import Table
from striate.errors import InputError, WorkError
from striate.tasks import known
from striate.tasks.classify import Classify
from striate.tasks.multilabel import ONE_EACH, Multilabel
from striate.tasks.ranked import LABELS, JudgedMultilabel
from striate.tasks.task import Asked, Wish
from striate.training.fields import OUTPUT
from striate.training.history import Epoch

TASK = Multilabel(("cat", "dog", "eel"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of eight images."""
    for number in range(8):
        Image.fromarray(np.full((4, 4), 20 * number, np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


def listed(root: Path, *labels: str, name: str = "labels.csv") -> Path:
    (root / name).write_text("path,labels\n" + "".join(f"{row}.png,{text}\n" for row, text in enumerate(labels)))
    return root / name


def judged(outputs: Any, targets: Any, **columns: Any) -> JudgedMultilabel:
    rows = {OUTPUT: torch.tensor(outputs), LABELS: torch.tensor(targets)}
    examples = Table({**columns, LABELS: rows[LABELS]})
    made = TASK.judged("the test set", examples, rows, {"loss": 0.5, **TASK.figures(rows)})
    assert isinstance(made, JudgedMultilabel)
    return made


# which data


def test_a_table_is_not_read_as_sentences(root: Path) -> None:
    file = listed(root, "cat dog", "dog", "", "cat", "cat dog", "dog", "cat", "dog")
    for source in (file, root):
        task, opened = known.opened(source, Wish())
        assert task == Multilabel(("cat", "dog"))
        assert (len(opened.train), len(opened.test or ())) == (6, 2)


def test_one_label_each_is_classification(root: Path) -> None:
    file = listed(root, *["cat", "dog"] * 4)
    for source in (root, file):
        task, _ = known.opened(source, Wish())
        assert task == Classify(("cat", "dog"))
        _, opened = known.opened(source, Wish(), "multilabel")
        assert any(ONE_EACH in note for note in opened.notes)


def test_an_archive_of_one_label_each_is_told_the_task(tmp_path: Path) -> None:
    images = np.arange(40 * 16, dtype=np.int64).reshape(40, 4, 4).astype(np.uint8)
    np.savez(tmp_path / "some.npz", x_train=images, y_train=np.eye(4)[np.arange(40) % 4])
    with pytest.raises(InputError, match=r"y_train has the shape \(40, 4\); .* position .* `task='multilabel'`$"):
        known.opened(tmp_path / "some.npz", Wish())
    _, opened = known.opened(tmp_path / "some.npz", Wish(), "multilabel")
    assert any(ONE_EACH in note for note in opened.notes)
    np.savez(tmp_path / "some.npz", x_train=images, y_train=np.full((40, 4), 2))
    with pytest.raises(InputError, match=r"labels are \(N,\), one number or name for each image$"):
        known.opened(tmp_path / "some.npz", Wish())


def test_validation_images_without_any_label_are_refused(root: Path) -> None:
    train = listed(root, "cat dog", "dog", "", "cat", name="train.csv")
    (root / "val.csv").write_text("path,labels\n4.png,\n5.png,\n")
    with pytest.raises(InputError, match=r"no validation image has a label, .*; give more images with labels$"):
        known.opened(train, Wish())
    (root / "val.csv").write_text("path,labels\n4.png,\n5.png,cat\n")
    _, opened = known.opened(train, Wish())
    assert opened.validation is not None


@pytest.mark.parametrize("seed", range(5))
def test_a_share_for_validation_has_a_label_or_is_refused(root: Path, seed: int) -> None:
    few = listed(root, "cat dog", "cat dog", "", "", "", "", "")
    with pytest.raises(InputError, match="no validation image has a label"):
        known.opened(few, Wish())
    enough = listed(root, "cat dog", "cat dog", "cat dog", "", "", "", "")
    _, opened = known.opened(enough, Wish())
    _, validation = opened.split(0.1, seed)
    assert validation.take(range(len(validation)))[LABELS].any()


def test_data_without_labels_are_refused_where_the_task_is_named(root: Path) -> None:
    (root / "labels.csv").write_text("name,what\nx,yes\n")
    with pytest.raises(InputError, match=r"labels\.csv' has no column of image files"):
        known.opened(root, Wish(), "multilabel")
    (root / "labels.csv").unlink()
    with pytest.raises(InputError, match="holds nothing for the task multilabel, which reads a CSV"):
        known.opened(root, Wish(), "multilabel")
    with pytest.raises(InputError, match="no data set 'digit'"):
        known.opened("digit", Wish())


def test_a_run_reads_its_labels_in_its_own_order(root: Path) -> None:
    listed(root, "eel cat", "eel")
    found = Multilabel.open(root, Wish(hold_out=False), TASK)
    assert found is not None
    task, opened = found
    assert task is TASK
    assert opened.train.take([0, 1])[LABELS].tolist() == [[1, 0, 1], [0, 0, 1]]


def test_a_share_of_each_label_is_kept_for_validation(root: Path) -> None:
    listed(root, "cat", "cat", "cat dog", "cat dog", "dog", "dog", "", "")
    found = Multilabel.open(root, Wish(hold_out=False))
    assert found is not None
    rest, part = found[1].split(0.3, seed=0)
    assert len(rest) + len(part) == 8
    for examples in (rest, part):
        assert (examples.take(range(len(examples)))[LABELS].sum(0) > 0).all()


# the network and the loss


def test_the_network_has_an_output_for_each_label() -> None:
    assert TASK.fits((3,), "pets") == ""
    assert TASK.fits((3, 1, 1), "pets") == ""
    assert TASK.fits((2,), "pets") == "gives 2 outputs and pets has 3 labels; end the network with fc 3"


def test_its_loss_is_binary_cross_entropy_or_ones_own() -> None:
    outputs, targets = {OUTPUT: torch.zeros(2, 3, 1, 1)}, {LABELS: torch.ones(2, 3, dtype=torch.uint8)}
    for name in (None, "binary-cross-entropy"):
        assert TASK.objective(name).loss(outputs, targets) == {"binary-cross-entropy": pytest.approx(math.log(2))}
    own = TASK.objective(lambda given, true: (given - true).square().mean())
    assert {name: float(part) for name, part in own.loss(outputs, targets).items()} == {"own": 1.0}
    with pytest.raises(InputError, match="multilabel has one loss, binary-cross-entropy; leave `loss` out"):
        TASK.objective("hinge")


def test_what_is_right_while_training_is_the_label_accuracy() -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = {OUTPUT: torch.randn(9, 3, generator=generator)}
    targets = {LABELS: torch.randint(2, (9, 3), generator=generator, dtype=torch.uint8)}
    right, of = TASK.right(outputs, targets)
    assert of == 27
    assert int(right) / of == pytest.approx(TASK.figures(TASK.rows(outputs, targets))["label_accuracy"])


# what is told


def test_answers_name_the_labels_that_are_likelier_than_not() -> None:
    outputs = {OUTPUT: torch.tensor([[2.0, -2.0, 0.0], [-1.0, -2.0, -3.0]])}
    some, none = TASK.answers(outputs, Asked(("a.png", "b.png"), ()), lambda inputs: {})
    assert some.said == "cat 88.1%, eel 50.0%"
    assert [one["label"] for one in some.values["labels"]] == ["cat", "eel"]
    assert [one["label"] for one in some.values["top"]] == ["cat", "eel", "dog"]
    assert none.said == "none above 50%   (cat 26.9%, dog 11.9%, eel 4.7%)"
    assert none.to_json()["labels"] == []
    assert none.values["top"][0] == {"label": "cat", "probability": pytest.approx(0.2689, abs=1e-4)}


def test_the_worst_images_are_those_with_the_largest_loss() -> None:
    found = judged([[4.0, -4.0, -4.0], [-4.0, 4.0, 1.0], [4.0, 1.0, -4.0]], [[1, 0, 0], [1, 0, 0], [1, 0, 0]])
    assert found.worst == [1, 2], "the first is right"
    assert [(name, there) for name, _, there in found.mistakes(1)] == [("cat", True), ("dog", False), ("eel", False)]
    told = json.loads(json.dumps(found.to_json()))
    assert told["worst"][0] == {"image": "1", "labels": ["cat"], "missed": ["cat"], "wrong": ["dog", "eel"]}
    assert told["map"] == told["chance_map"] == 1
    lines = [line for line in found.printed() if isinstance(line, str)]
    assert lines[2].startswith("worst: 1: missed cat (1.80%), not there: dog (98.20%)")


def test_the_page_shows_labels_and_images_and_escapes_their_names() -> None:
    task = Multilabel(("<b>", "dog"))
    rows = {OUTPUT: torch.tensor([[1.0, -1.0], [1.0, 1.0]]), LABELS: torch.tensor([[0, 0], [1, 1]])}
    examples = Table({"image": torch.zeros(2, 1, 4, 4, dtype=torch.uint8), LABELS: rows[LABELS]})
    found = task.judged("the test set", examples, rows, {"loss": 0.5})
    table, worst = found.sections("", {})
    assert "the test set (2 images)" in found.headline()
    assert "&lt;b&gt;" in table.body
    assert worst.body.count("<img") == 1
    assert "<b>" not in table.body + worst.body


def test_outputs_that_are_not_finite_are_an_error() -> None:
    with pytest.raises(WorkError, match="the outputs for image 1 of the test set are not finite"):
        judged([[0.0] * 3, [math.inf] * 3], [[1, 0, 0], [0, 1, 1]]).said()


def test_how_it_stands() -> None:
    last = Epoch(1, {"train_label_accuracy": 0.99, "train_loss": 0.1, "validation_loss": 0.1}, 0.1, 1.0, 1.0)
    good = judged([[3.0, -3.0, -3.0], [-3.0, 3.0, -3.0]] * 20, [[1, 0, 0], [0, 1, 0]] * 20)
    standing = TASK.standing(last, 1000, good)
    assert not standing.guessing
    assert "mAP 100.0% on 40 validation images" in standing.said
    flat = TASK.standing(last, 1000, judged([[0.0] * 3] * 40, [[1, 0, 0], [0, 1, 0]] * 20))
    assert flat.guessing == "No better than a ranking by chance, which gets 50.00%."
    assert flat.gap > 0.3
    assert flat.often
    nothing = TASK.standing(last, 1000, judged([[0.0] * 3] * 4, [[0] * 3] * 4))
    assert nothing.unjudged


def test_labels_that_cannot_be_judged_are_told() -> None:
    def part(*rows: list[int]) -> Table:
        return Table({LABELS: torch.tensor(rows)})

    said = TASK.doubts({"training": part([1, 1, 0], [1, 1, 1]), "test": part([1, 0, 0])}, "pets")
    assert said == ["labels of a single image: eel", "labels without an image in the test set: dog, eel"]


def test_a_label_is_disputed_as_surely_as_others_are_named() -> None:
    task = Multilabel(("cat", "dog"))
    shares = torch.tensor([[0.9, 0.1], [0.8, 0.05], [0.85, 0.1], [0.1, 0.9], [0.6, 0.1]])
    true = torch.tensor([[1, 0], [1, 0], [0, 0], [0, 1], [0, 0]])
    found = task.disputed({"output": shares.logit(), "labels": true})
    assert found.tolist() == [False, False, True, False, False], "the last is wrong, but less sure than cats are"
    missed = task.disputed({"output": shares.logit(), "labels": torch.tensor([[1, 0], [1, 1], [1, 0], [0, 1], [1, 0]])})
    assert missed.tolist() == [False, True, False, False, False], "no image without a dog is surer to have none"


def test_a_label_that_no_image_has_disputes_nothing() -> None:
    rows = {"output": torch.tensor([[5.0], [4.0]]), "labels": torch.tensor([[0], [0]])}
    assert Multilabel(("cat",)).disputed(rows).tolist() == [False, False]
