"""Learning from a teacher: the loss of the paper, the very image the pupil sees, and runs that go on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from striate.errors import InputError
from striate.runs.feeding import feed_of
from striate.runs.planning import Request, planned
from striate.runs.rating import rate
from striate.runs.resuming import resume
from striate.runs.run import Run
from striate.runs.teaching import Lessons
from striate.runs.training import train
from striate.tasks.classify import Classify
from striate.tasks.distilling import TEACHER, Distilling
from striate.tasks.labelled import LABEL
from striate.tasks.pictures import IMAGE
from striate.training.fields import OUTPUT
from striate.training.options import Options
from tests.native.needs import needs_compiler
from tests.runs.test_resume import interrupted, same

SMALL = "input 1x8x8 -> fc 12 -> relu -> fc 10"
TASK = Classify(("a", "b", "c"))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A larger network, which knows the digits well."""
    root = tmp_path_factory.mktemp("teacher") / "run"
    text = "input 1x8x8 -> conv 16@3 pad 1 -> relu -> maxpool 2 -> fc 32 -> relu -> fc 10"
    return train(text, "digits", epochs=8, seed=3, engine="torch", out=root, quiet=True)


def by_hand(outputs: Tensor, labels: Tensor, answers: list[Tensor], share: float, heat: float) -> Tensor:
    """Hinton et al.'s loss, up to what does not depend on the outputs."""
    said = torch.stack([(one / heat).softmax(1) for one in answers]).mean(0)
    apart = F.kl_div((outputs / heat).log_softmax(1), said, reduction="batchmean")
    return (1 - share) * F.cross_entropy(outputs, labels) + share * heat**2 * apart


@pytest.mark.parametrize("heat", [1.0, 4.0, 0.5])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("teachers", [1, 3])
def test_the_gradient_is_that_of_the_paper(heat: float, share: float, teachers: int) -> None:
    drawing = torch.Generator().manual_seed(0)
    answers = [3 * torch.randn(5, 3, generator=drawing) for _ in range(teachers)]
    labels = torch.tensor([0, 2, 1, 1, 0])
    how = Distilling(share, heat)
    targets = how.taught({LABEL: labels}, [{OUTPUT: one} for one in answers])
    ours, theirs = (torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2))
    sum(how.objective(TASK, TASK.objective(None)).loss({OUTPUT: ours}, targets).values()).backward()  # type: ignore[union-attr]
    by_hand(theirs, labels, answers, share, heat).backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("heat", [1.0, 4.0])
def test_weights_of_classes_weigh_what_a_teacher_says_too(heat: float) -> None:
    weighed = torch.tensor([[0.0, 3.0, 0.0], [0.5, 0.0, 0.0]])
    targets = Distilling(0.4, heat).taught({LABEL: weighed}, [{OUTPUT: torch.zeros(2, 3)}])
    sums = targets[TEACHER if heat != 1 else LABEL].sum(1)
    torch.testing.assert_close(sums, torch.tensor([3.0, 0.5]))


def test_validation_knows_no_teacher() -> None:
    outputs, targets = {OUTPUT: torch.randn(4, 3)}, {LABEL: torch.tensor([0, 1, 2, 0])}
    plain = TASK.objective(None)
    assert Distilling(0.9, 4).objective(TASK, plain).loss(outputs, targets) == plain.loss(outputs, targets)


def test_a_teacher_sees_the_image_of_its_pupil_scaled_as_it_learned_them(teacher: Run) -> None:
    """Other training images have another mean; the teacher's outputs are those for the image itself."""
    asked = Request(SMALL, "digits", Options(teacher=str(teacher.path), taught=1.0, seed=0, augment="none"))
    plan, parts, _ = planned(asked)
    assert plan.recipe
    assert teacher.recipe
    assert plan.recipe.mean != teacher.recipe.mean
    images = parts.training.columns[IMAGE][:7]  # type: ignore[attr-defined]
    ready = plan.teachers.taught(Given({IMAGE: plan.recipe(images)}, {LABEL: torch.arange(7)}))  # type: ignore[union-attr]
    torch.testing.assert_close(ready.targets[LABEL], teacher.outputs(images).softmax(1), atol=1e-5, rtol=1e-4)


class Given:
    """A batch."""

    def __init__(self, inputs: Any, targets: Any) -> None:
        self.inputs, self.targets = inputs, targets

    def __len__(self) -> int:
        return len(self.targets[LABEL])


@pytest.mark.parametrize(
    ("engine", "heat"), [("torch", 1.0), ("torch", 3.0), pytest.param("native", 1.0, marks=needs_compiler)]
)
def test_a_pupil_that_goes_on_is_the_one_that_never_stopped(
    engine: str, heat: float, teacher: Run, tmp_path: Path
) -> None:
    how: dict[str, Any] = {"teacher": str(teacher.path), "temperature": heat, "engine": engine, "epochs": 3}
    whole = train(SMALL, "digits", out=tmp_path / "whole", quiet=True, **how)
    interrupted(SMALL, tmp_path / "parts", 1, **how)
    parts = resume(tmp_path / "parts", quiet=True)
    assert same(whole.saved.last().weights, parts.saved.last().weights)
    alone = train(SMALL, "digits", out=tmp_path / "alone", quiet=True, engine=engine, epochs=3)
    assert not same(whole.saved.last().weights, alone.saved.last().weights)
    assert whole.config["engine"] == engine


@needs_compiler
def test_both_engines_learn_alike_at_a_temperature(teacher: Run, tmp_path: Path) -> None:
    """The second term of the loss is PyTorch's in both."""
    how: dict[str, Any] = {"teacher": teacher.path, "temperature": 2, "epochs": 2, "augment": "none", "quiet": True}
    ours, theirs = (train(SMALL, "digits", engine=name, out=tmp_path / name, **how) for name in ("native", "torch"))
    assert [ours.config["engine"], theirs.config["engine"]] == ["native", "torch"]
    for one, other in zip(ours.history.epochs, theirs.history.epochs, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-2)


def test_several_teachers_are_said_and_kept(teacher: Run, tmp_path: Path) -> None:
    other = train(SMALL, "digits", epochs=1, out=tmp_path / "other", quiet=True)
    run = train(SMALL, "digits", epochs=1, teacher=f"{teacher.path}, {other.path}", out=tmp_path / "run", quiet=True)
    assert [one["source"] for one in run.config["teachers"]] == [str(teacher.path.resolve()), str(other.path.resolve())]
    assert any(f"learns 90% from what {teacher.path}" in line for line in run.config["decisions"])


def test_a_teacher_that_was_trained_again_is_told(tmp_path: Path) -> None:
    train(SMALL, "digits", epochs=1, out=tmp_path / "teacher", quiet=True)
    train(SMALL, "digits", epochs=1, teacher=tmp_path / "teacher", out=tmp_path / "run", quiet=True)
    train(SMALL, "digits", epochs=2, out=tmp_path / "teacher", overwrite=True, quiet=True)
    with pytest.raises(InputError, match="have changed since they began to teach"):
        resume(tmp_path / "run", epochs=2, quiet=True)


@pytest.mark.parametrize(
    ("net", "options", "message"),
    [
        ("input 1x12x12 -> fc 10", {}, "reads 1x8x8, as is, and this network 1x12x12, pad"),
        (SMALL, {"loss": "hinge"}, "takes no shares of classes"),
        (SMALL, {"taught": 1.5}, "taught"),
        (SMALL, {"temperature": 0}, "temperature"),
    ],
)
def test_what_no_teacher_can_teach(
    net: str, options: dict[str, Any], message: str, teacher: Run, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        train(net, "digits", teacher=teacher.path, out=tmp_path / "run", epochs=1, quiet=True, **options)
    assert not (tmp_path / "run").exists()


def test_a_teacher_of_other_classes_or_that_is_no_run(teacher: Run, tmp_path: Path) -> None:
    archive = tmp_path / "three.npz"
    images = np.random.default_rng(0).integers(0, 255, (60, 8, 8), np.uint8)
    np.savez(archive, x_train=images, y_train=np.arange(60) % 3)
    with pytest.raises(InputError, match="stand for other things"):
        train("input 1x8x8 -> fc 3", archive, teacher=teacher.path, out=tmp_path / "run", epochs=1, quiet=True)
    with pytest.raises(InputError, match="nowhere"):
        train(SMALL, "digits", teacher=tmp_path / "nowhere", out=tmp_path / "run", epochs=1, quiet=True)


def test_lessons_are_a_feed(teacher: Run) -> None:
    plan, parts, _ = planned(Request(SMALL, "digits", Options(teacher=str(teacher.path), augment="none")))
    assert plan.teachers
    plain = feed_of(parts.training, parts.schema, plan.recipe)
    lessons = Lessons(plain, plan.teachers)
    assert (len(lessons), lessons.entries) == (len(plain), 64)
    assert next(lessons.in_order(3)).targets[LABEL].ndim == 1
    for one, other in zip(lessons.epoch(0, 1, 500, begin=1), plain.epoch(0, 1, 500, begin=1), strict=True):
        assert torch.equal(one.inputs[IMAGE], other.inputs[IMAGE])
        assert one.targets[LABEL].shape == (len(one), 10)


@pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=needs_compiler)])
def test_the_finder_of_a_rate_learns_from_the_teacher_too(engine: str, teacher: Run) -> None:
    how: dict[str, Any] = {"steps": 20, "engine": engine, "quiet": True}
    alone, taught = (rate(SMALL, "digits", **how, **more) for more in ({}, {"teacher": teacher.path}))
    assert len(taught.losses) == len(alone.losses) == 20
    assert taught.losses != alone.losses
