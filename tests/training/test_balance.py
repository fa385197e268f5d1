"""Classes that count alike: weights and draws against their definitions, both engines, and a whole training."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor
from torch.nn import functional as F

import striate as st
from striate.augmentation.balance import balanced, weights_of
from striate.augmentation.chain import Chain
from striate.augmentation.mixing import Smoothing
from striate.augmentation.shift import Shift
from striate.augmentation.weighing import Weighing
from striate.data.kinds import Image, Label
from striate.errors import InputError
from striate.notation import read
from striate.training.feed import shuffled
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.pool import Pool
from striate.training.stream import Stream
from tests.learning import goal, pool, taken
from tests.native.needs import needs_compiler
from tests.training.test_native_engine import TOLERANCE, apart, engines, losses

TEXT = "input 1x6x6 -> conv 4@3 -> relu -> fc 3"
LABELS = torch.tensor([0] * 60 + [1] * 9 + [2] * 2)


def few(count: int = 71) -> Tensor:
    return torch.randn(count, 1, 6, 6, generator=torch.Generator().manual_seed(2))


def test_weights_are_scikit_learn_s_and_a_class_without_examples_has_none() -> None:
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=LABELS.numpy())
    torch.testing.assert_close(weights_of(LABELS, 3), torch.tensor(wanted).float())
    assert weights_of(LABELS, 4)[3] == 0
    torch.testing.assert_close(weights_of(LABELS, 4)[LABELS].mean(), torch.tensor(1.0))


@pytest.mark.parametrize("softer", [0.0, 0.2])
def test_the_loss_is_pytorch_s_weighted_cross_entropy_over_the_examples(softer: float) -> None:
    weights, outputs = weights_of(LABELS, 3), torch.randn(71, 3, generator=torch.Generator().manual_seed(1))
    weighing = Weighing(tuple(weights.tolist()))
    some = pool(few(), LABELS, augment=Chain((Smoothing(softer), weighing)) if softer else weighing)
    labels = F.one_hot(LABELS, 3) * (1 - softer) + softer / 3
    wanted = F.cross_entropy(outputs, labels, weight=weights, reduction="sum") / 71
    shares = weights * labels
    drawn = some.augment.drawn(71, torch.Generator(), 1) if some.augment else None
    assert drawn is not None
    ours = drawn.classes(LABELS, torch.arange(71), 3)
    torch.testing.assert_close(ours, shares)
    torch.testing.assert_close(sum(goal().loss({"output": outputs}, {"label": ours}).values()), wanted)


def test_a_draw_takes_all_of_a_class_before_one_comes_again() -> None:
    order = balanced(LABELS, torch.Generator().manual_seed(4))
    counts, times = LABELS[order].bincount(), order.bincount(minlength=71)
    assert sorted(counts.tolist()) == [23, 24, 24]
    for label, count in enumerate(counts.tolist()):
        of_class = times[label == LABELS]
        assert int(of_class.sum()) == count
        assert int(of_class.max() - of_class.min()) <= 1


def test_an_epoch_of_balanced_classes_is_a_function_of_seed_and_epoch() -> None:
    first = shuffled(71, 8, 0, 1, LABELS)
    assert all(map(torch.equal, first, shuffled(71, 8, 0, 1, LABELS)))
    assert not torch.equal(torch.cat(first), torch.cat(shuffled(71, 8, 0, 2, LABELS)))
    some = pool(few(), LABELS, groups=LABELS)
    assert torch.equal(torch.cat([batch.targets["label"] for batch in some.epoch(0, 1, 8)]), LABELS[torch.cat(first)])


@needs_compiler
def test_both_engines_weigh_alike_and_the_native_one_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    from striate.native.losses import SOFT

    torch_engine, _ = engines(read(TEXT), batch=32)
    native = NativeEngine(read(TEXT), torch_engine.model, Options(batch=32), 5000, SOFT)
    weighing = Weighing(tuple(weights_of(LABELS, 3).tolist()))
    kinds = {"image": Image(), "label": Label(3)}
    some = Pool({"image": few()}, {"label": LABELS}, kinds=kinds, augment=Chain((Smoothing(0.1), weighing)))
    theirs = losses(torch_engine, some, 20, epoch=1)
    monkeypatch.setattr(native, "step", None)  # which takes images that PyTorch has copied
    assert apart(losses(native, some, 20, epoch=1), theirs) <= TOLERANCE
    assert len(taken(some, torch.arange(3), epoch=1).targets["label"]) == 3


Trained = Callable[..., st.Run]


@pytest.fixture
def rare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Digits, of which the first class is kept whole and of others a few are left, as an archive."""
    from sklearn.datasets import load_digits

    found = load_digits()
    kept = [row for row, label in enumerate(found.target) if label == 0 or (label < 3 and row % 9 == 0)]
    path = tmp_path_factory.mktemp("rare") / "rare.npz"
    x = (found.images[kept] * 15).astype(np.uint8)
    np.savez(path, x=x, y=found.target[kept])
    return str(path)


@pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=needs_compiler)])
@pytest.mark.parametrize("balance", ["weights", "sampling"])
def test_a_training_says_how_classes_count_and_goes_on_exactly(
    rare: str, tmp_path: object, engine: str, balance: str, capsys: pytest.CaptureFixture[str]
) -> None:
    how = {"engine": engine, "balance": balance, "lr": 0.01, "batch": 16, "schedule": "constant"}
    whole = st.train("input 1x8x8 -> fc 3", rare, epochs=2, out=f"{tmp_path}/whole", **how)  # type: ignore[arg-type]
    said = capsys.readouterr().err.replace("\n", " ")
    assert "classes: " in said
    assert "times (0, of " in said
    assert whole.config["options"]["balance"] == balance
    part = st.train("input 1x8x8 -> fc 3", rare, epochs=1, out=f"{tmp_path}/part", quiet=True, **how)  # type: ignore[arg-type]
    again = st.resume(part.path, epochs=2, quiet=True)
    for name, tensor in whole.saved.last().weights.items():
        assert torch.equal(again.saved.last().weights[name], tensor)


def test_what_has_no_classes_or_a_loss_without_shares_is_refused(rare: str) -> None:
    with pytest.raises(InputError, match="balance 'weights' is for the loss cross-entropy; for hinge take"):
        st.train("input 1x8x8 -> fc 3", rare, balance="weights", loss="hinge", quiet=True)


def test_an_example_that_comes_again_is_changed_in_another_way() -> None:
    """The rare one of two classes is drawn many times in an epoch, and is another image each time."""
    images, labels = torch.rand(41, 1, 12, 12), torch.tensor([0] * 40 + [1])
    some = pool(images, labels, augment=Shift(3, (0.0,)), groups=labels)
    taken = list(some.epoch(0, 1, 8))
    rare = torch.cat([batch.inputs["image"][batch.targets["label"] == 1] for batch in taken])
    assert len(rare) in (20, 21)
    assert len({image.numpy().tobytes() for image in rare}) > 10
    columns = ({"image": images}, {"label": labels})
    stream = Stream(*columns, {}, {"image": (1, 12, 12)}, kinds=some.kinds, augment=some.augment, groups=labels)
    for one, other in zip(taken, stream.epoch(0, 1, 8), strict=True):
        assert torch.equal(one.inputs["image"], other.inputs["image"])
