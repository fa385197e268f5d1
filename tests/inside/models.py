"""Models to look into: of the notation, and modules that know nothing of it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.building import build
from striate.notation import read
from striate.zoo import net

GAP = "input 3x16x16 -> conv 6@3 pad 1 -> bn -> relu -> maxpool 2 -> conv 8@3 -> relu -> gap -> fc 5"


class Foreign(nn.Module):
    """One ReLU used three times, all in place; a function call; a skip; a max pool."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.out = nn.Linear(6 * 8 * 8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.first(x))
        x = self.act(self.second(x) + x)
        return self.out(self.act(self.pool(x)).flatten(1))


class Separate(Foreign):
    """The same numbers, with a ReLU of its own at each place, none in place, as Captum needs them."""

    def __init__(self) -> None:
        super().__init__()
        self.act1, self.act2, self.act3 = nn.ReLU(), nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act1(self.first(x))
        x = self.act2(self.second(x) + x)
        return self.out(self.act3(self.pool(x)).flatten(1))


class Several(nn.Module):
    """Gives its outputs as `form` makes them of classes and maps; its ReLU is a function call."""

    def __init__(self, form: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.form = form
        self.conv, self.maps, self.fc = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 2, 1), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Any:
        x = F.relu(self.conv(x), inplace=True)
        return self.form(self.fc(x.mean((2, 3))), self.maps(x))


class Words(nn.Module):
    """A table of words and one of positions, and a linear layer of their sum's mean."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.places, self.fc = nn.Embedding(20, 6), nn.Embedding(9, 6), nn.Linear(6, 3)

    def forward(self, words: Tensor) -> Tensor:
        vectors = self.table(words) + self.places(torch.arange(words.shape[1]))
        out: Tensor = self.fc(vectors.tanh().mean(1))
        return out


def randomised(model: nn.Module, seed: int = 0) -> nn.Module:
    """With moments of batch norms and biases that are no zeros and ones, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if name.endswith(("running_mean", "bias")):
            value.copy_(0.2 * torch.randn(value.shape, generator=generator))
        if name.endswith("running_var"):
            value.copy_(0.5 + torch.rand(value.shape, generator=generator))
    return model.eval()


def lenet5() -> nn.Module:
    return randomised(build(net("lenet5"), seed=1))


def resnet20() -> nn.Module:
    return randomised(build(net("resnet20"), seed=1))


def gap() -> nn.Module:
    return randomised(build(read(GAP), seed=1))


def foreign() -> nn.Module:
    torch.manual_seed(1)
    return Foreign().eval()


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "lenet5": (lenet5, (1, 32, 32)),
    "resnet20": (resnet20, (3, 32, 32)),
    "gap": (gap, (3, 16, 16)),
    "foreign": (foreign, (3, 16, 16)),
}


def close(ours: Tensor, theirs: Tensor, most: float = 1e-4) -> bool:
    """Whether the relative difference, in the largest norm, is small, and there is something to compare."""
    size = float(theirs.abs().max())
    assert size > 0
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max()) <= most * size
