"""Mixed images and soft classes: shares are what was mixed, they sum to one, and both engines learn from them alike."""

import pytest
import torch

from striate.augmentation.augment import Augment
from striate.augmentation.chain import Chain
from striate.augmentation.cutout import Cutout
from striate.augmentation.mixing import Cutmix, Mixup, Smoothing
from striate.augmentation.shift import Shift
from striate.augmentation.warp import Warp
from striate.building import build
from striate.native.losses import SOFT
from striate.notation import read
from striate.training.engine import TorchEngine
from striate.training.native_engine import NativeEngine
from striate.training.options import Options
from striate.training.pool import Pool
from tests.learning import goal, pool
from tests.native.needs import needs_compiler

NET = "input 1x12x12 -> conv 3@3 -> relu -> maxpool 2 -> fc 100"


@pytest.mark.parametrize("augment", [Mixup(0.4), Cutmix(1.0)], ids=["mixup", "cutmix"])
def test_a_class_s_share_is_its_share_of_the_image(augment: Augment) -> None:
    """Images of one value each, their class's number: the mean of a mixed image tells the share."""
    count, classes = 60, 7
    labels = torch.arange(count) % classes
    images = labels.float().view(-1, 1, 1, 1).expand(-1, 1, 40, 40)
    drawn, rows = augment.drawn(count, torch.Generator().manual_seed(0)), torch.arange(count)
    shares, mean = drawn.classes(labels, rows, classes), drawn.image(images, rows).mean((1, 2, 3))
    assert torch.allclose(shares.sum(1), torch.ones(count), atol=1e-6)
    assert torch.allclose(shares @ torch.arange(classes).float(), mean, atol=0.3)  # whole pixels of a box
    assert (shares.amax(1) < 0.9).any()


def test_smoothing_leaves_the_class_ahead() -> None:
    shares = Smoothing(0.1).drawn(2, torch.Generator()).classes(torch.tensor([0, 2]), torch.arange(2), 4)
    assert torch.allclose(shares, torch.tensor([[0.925, 0.025, 0.025, 0.025], [0.025, 0.025, 0.925, 0.025]]))
    soft = torch.nn.functional.cross_entropy(torch.eye(4)[:2], torch.tensor([0, 2]), label_smoothing=0.1)
    assert torch.allclose(torch.nn.functional.cross_entropy(torch.eye(4)[:2], shares), soft)


def learned(native: bool, some: Pool, loss: str) -> dict[str, torch.Tensor]:
    network, options = read(NET), Options(epochs=1, batch=16, optimizer="momentum", lr=0.1)
    model = build(network, None, 1)
    engine = (
        NativeEngine(network, model, options, 10, loss) if native else TorchEngine(model, options, 10, goal(), "cpu")
    )
    engine.train()
    for batch in engine.coming(some.epoch(0, 1, 16)):
        engine.learn(batch)
    return engine.weights()


AROUND = (0.3,)
CHAINS: dict[str, Augment] = {
    "warp": Warp(2.0, 15.0, 0.1, 5.0, "chance", AROUND),
    "warp and cutout": Chain((Warp(1.0, 15.0, background=AROUND), Cutout(4, (1.0,)))),
    "shift and cutout": Chain((Shift(1, AROUND), Cutout(5, (-1.0,)))),
    "cutout": Cutout(3, (2.0,)),
    "reflected": Warp(rotate=10.0),  # PyTorch's, made before its turn
    "mixup": Mixup(0.4),
    "all": Chain((Warp(1.0, 9.0, background=AROUND), Cutout(3, (0.0,)), Cutmix(1.0), Smoothing(0.1))),
}


@needs_compiler
@pytest.mark.parametrize("augment", CHAINS.values(), ids=CHAINS)
def test_both_engines_learn_the_same_from_changed_images(augment: Augment) -> None:
    draw = torch.Generator().manual_seed(7)
    images, labels = torch.randn(50, 1, 12, 12, generator=draw), torch.randint(100, (50,), generator=draw)
    some = pool(images, labels, augment=augment)
    plain, native = (learned(engine, some, SOFT if augment.shares else "cross-entropy") for engine in (False, True))
    assert max(float((plain[name] - native[name]).abs().max()) for name in plain) < 1e-5
    assert float((plain["fc1.weight"] - learned(False, pool(images, labels), "")["fc1.weight"]).abs().max()) > 1e-3
