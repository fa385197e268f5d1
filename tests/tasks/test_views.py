"""Test-time augmentation: the mean of probabilities over views, in one place for all tasks that have classes."""

from typing import Any

import pytest
import torch
from torch import Tensor

import striate as st
from striate.errors import InputError
from striate.tasks.classify import Classify
from striate.tasks.instances import Instances
from striate.tasks.multilabel import Multilabel
from striate.tasks.segment import Segment
from striate.tasks.text import Text
from striate.tasks.views import viewed, views_of
from striate.training.fields import OUTPUT, Fields

MASKS = Segment(("no", "yes"), ((0, 0, 0), (255, 0, 0)), (1.0, 1.0), channels=1, tile=(8, 8), margin=2, stride=2)


def images(count: int = 5) -> Tensor:
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(3))


def answered(inputs: Fields) -> Fields:
    """A network that sees left and right differently."""
    (x,) = inputs.values()
    weights = torch.linspace(-1, 1, 8 * 8 * 3).view(64, 3)
    return {OUTPUT: x.flatten(1) @ weights}


def test_classes_have_the_mean_of_the_probabilities() -> None:
    x, task = images(), Classify(("a", "b", "c"))
    found = viewed(task, None, "mirror,crop:2", (1, 8, 8)).through(answered, {"image": x})[OUTPUT].softmax(1)
    each = [answered({"image": one})[OUTPUT].softmax(1) for one in (x, x.flip(-1))]
    torch.testing.assert_close(found, sum(each) / 2)


def test_labels_have_the_mean_of_each_probability() -> None:
    x, task = images(), Multilabel(("a", "b", "c"))
    found = viewed(task, None, "alternate", (1, 8, 8)).through(answered, {"image": x})[OUTPUT].sigmoid()
    each = [answered({"image": one})[OUTPUT].sigmoid() for one in (x, x.flip(-1))]
    torch.testing.assert_close(found, sum(each) / 2)


@pytest.mark.parametrize("maps", [1, 2])
def test_masks_are_put_back_in_their_places(maps: int) -> None:
    def pixels(inputs: Fields) -> Fields:
        (x,) = inputs.values()
        lit = x + torch.arange(8) / 8  # the same image is answered otherwise on the right
        return {OUTPUT: torch.cat([lit, -lit], 1)[:, :maps]}

    x = images()
    found = viewed(MASKS, None, "mirror", (1, 8, 8)).through(pixels, {"image": x})[OUTPUT]
    each = [pixels({"image": x})[OUTPUT], pixels({"image": x.flip(-1)})[OUTPUT].flip(-1)]
    shares = [one.sigmoid() if maps == 1 else one.softmax(1) for one in each]
    torch.testing.assert_close(found.sigmoid() if maps == 1 else found.softmax(1), sum(shares) / 2)


def test_drawings_are_moved_and_edges_repeated() -> None:
    x = images(1)
    same, down, up, right, left = (view.there(x) for view in views_of("shift:2", (1, 8, 8)))
    assert torch.equal(same, x)
    assert torch.equal(down[..., 1:, :], x[..., :-1, :])
    assert torch.equal(up[..., :-1, :], x[..., 1:, :])
    assert torch.equal(right[..., 1:], x[..., :-1])
    assert torch.equal(left[..., -1], x[..., -1])


@pytest.mark.parametrize(
    ("task", "augment", "axes", "why"),
    [
        (MASKS, "none", 3, "the run was trained without such ones; train with augment='mirror'"),
        (Text(("a", "b"), ("c",), True, 4), "none", 0, "or of their pixels, not for text; leave out `tta`"),
        (Classify(("a", "b")), "none", 2, "or of their pixels, not for classify"),
    ],
)
def test_what_has_no_views_is_refused(task: Any, augment: str, axes: int, why: str) -> None:
    with pytest.raises(InputError, match=why):
        viewed(task, None, augment, (1, 8, 8)[3 - axes :])


def test_a_run_is_tested_and_asked_over_views_and_says_how_it_does_without(tmp_path: Any) -> None:
    how = {"epochs": 2, "out": tmp_path / "run", "quiet": True, "engine": "torch"}
    run = st.train("input 1x8x8 -> conv 6@3 -> relu -> fc 10", "digits", **how)
    alone, run_again = run.test(), st.Run(run.path)
    over = run_again.test(tta=True)
    (note,) = (line for line in run_again.notes if "test-time" in line)
    assert note.startswith("test-time augmentation: the mean of 5 views of each image, moved by a pixel too; without")
    assert f"without it accuracy {alone.accuracy:.2%}" in note
    assert over.examples == alone.examples
    assert over.loss != alone.loss
    given, model = torch.arange(64).view(8, 8) / 64, run.model()
    (answer,) = run.predict(given, tta=True)
    read = run.read(given)
    mean = torch.stack([model(view.there(read)).flatten(1).softmax(1) for view in views_of("none", (1, 8, 8))]).mean(0)
    assert answer.probability == pytest.approx(float(mean.detach().max()), rel=1e-5)


@pytest.mark.parametrize(("augment", "sides", "count"), [("mirror,turn", (8, 8), 8), ("turn:1,mirror", (8, 6), 4)])
def test_what_was_turned_is_turned_and_put_back(augment: str, sides: tuple[int, int], count: int) -> None:
    x = torch.randn(2, 1, *sides, generator=torch.Generator().manual_seed(3))
    views = views_of(augment, (1, *sides))
    seen = [view.there(x) for view in views]
    assert len({tuple(one.flatten().tolist()) for one in seen}) == count  # all of them differ
    assert all(one.shape == x.shape for one in seen)
    for view, one in zip(views, seen, strict=True):
        assert view.back
        assert torch.equal(view.back(one), x)
    objects = Instances(classes=("cell",), channels=1, tile=sides, margin=2, stride=2)
    bright = viewed(objects, None, augment, (1, *sides))
    found = bright.through(lambda inputs: {OUTPUT: torch.cat([inputs["image"], -inputs["image"]], 1)}, {"image": x})
    torch.testing.assert_close(found[OUTPUT], torch.cat([x, -x], 1))  # it answers the same from every side
    assert bright.said().endswith(f"the mean of {count} views of each image, mirrored, turned, mirrored and turned too")
