"""Modules that do unusual things get a result or one clear line, and pictures take names of any kind."""

from pathlib import Path

import pytest
import torch
from matplotlib.text import Text
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from striate import inside
from striate.errors import InputError
from striate.page.live import Live
from striate.page.overlays import backpropagated, overlay
from striate.page.seeing import of_module
from tests.inside.models import Words

X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
NAMES = ("$\\frac", "_under", "<script>", "x" * 300, "of $5$")


class Base(nn.Module):
    """A convolution and a fully connected layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 5)


class WritesOver(Base):
    """Changes in place what the gradient of a ReLU needs."""

    def forward(self, x: Tensor) -> Tensor:
        maps = F.relu(self.conv(x))
        maps += 1
        maps.mul_(2)
        return self.fc(maps.mean((2, 3)))


class Detached(Base):
    """No gradient comes through."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).detach().mean((2, 3)))


class Doubles(Base):
    """Computes in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.relu(self.conv(x.double())).mean((2, 3)))


class Named(Base):
    """Several outputs, of which one is no tensor."""

    def forward(self, x: Tensor) -> dict[str, Tensor | None]:
        maps = F.relu(self.conv(x))
        return {"class": self.fc(maps.mean((2, 3))), "maps": maps, "loss": None}


class Tokens(Base):
    """Reads patches as a sequence: what it gives to each has one axis, the image has two."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.attention = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.out = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.attention(self.patches(x).flatten(2).transpose(1, 2)).mean(1))


class Spectrum(Base):
    """Complex numbers on the way, which a trace does not follow."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.fft.rfft2(x).abs().flatten(1)[:, :4])


def looked_at(model: nn.Module) -> tuple[Live, int]:
    """A module on the live page with a frame of a red image, and the frame's number."""
    live = of_module(model, (3, 8, 8), (), None)
    return live, live.look(Image.new("RGB", (9, 9), "red"), range(50)).number


@pytest.mark.parametrize("kind", [WritesOver, Detached, Doubles, Named, Tokens])
def test_every_value_of_an_odd_module_is_spelled_out(kind: type[Base]) -> None:
    live, frame = looked_at(kind())
    for number, call in enumerate(live.seen(frame).calls):
        value = live.seen(frame).values[call.gives[0]]
        at = (0,) * (value.dim() - 1)
        assert live.work(frame, number, at)["value"] == float(value[(0, *at)])
        assert live.links(frame, call.gives[0], at, range(50))
    assert backpropagated(live, frame, 0, range(50))


@pytest.mark.parametrize("kind", [Doubles, Named, Tokens])
def test_the_page_explains_the_first_output(kind: type[Base]) -> None:
    live, frame = looked_at(kind())
    for method in ("gradcam", "saliency", "deconvnet"):
        assert overlay(live, frame, method, ()) == overlay(live, frame, method, (_best(live, frame),))


def _best(live: Live, frame: int) -> int:
    trace = live.seen(frame)
    return int(trace.values[trace.outputs[0]][0].argmax())


def test_maps_lie_on_the_axes_of_the_input() -> None:
    heat = inside.grad_cam(Tokens(), X, 1)
    assert heat.layer == "patches"
    assert heat.large.shape == (2, 8, 8)
    with pytest.raises(InputError, match="has no maps on the input's axes"):
        inside.grad_cam(Tokens(), X, 1, layer="attention")


def test_of_words_there_is_a_value_for_each() -> None:
    heat = inside.grad_cam(Words().eval(), torch.tensor([[1, 4, 2, 7, 3]]), 0)
    assert heat.large.shape == (1, 5)
    assert heat.picture().axes


def test_what_is_written_over_has_no_gradient() -> None:
    with pytest.raises(InputError, match="modified by an inplace operation"):
        inside.saliency(WritesOver(), X, 0)


def test_what_cannot_be_followed_back_is_not_shown() -> None:
    with pytest.raises(InputError, match="can't be followed back to the image"):
        of_module(Spectrum(), (3, 8, 8), (), None)


def test_a_scripted_module_is_refused_in_a_line() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)))
    for work in (lambda: inside.grad_cam(scripted, X, 0), lambda: inside.feature_maps(scripted, X, "0")):
        with pytest.raises(InputError, match=r"torch\.jit\.script"):
            work()
    with pytest.raises(InputError, match=r"torch\.jit\.script"):
        of_module(scripted, (3, 8, 8), (), None)


def test_what_a_layer_makes_of_weights_is_no_value_of_examples() -> None:
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), nn.Flatten(), nn.Linear(144, 5))
    with pytest.raises(InputError, match="for 2 examples"):
        inside.unit_classes(model, [(X, torch.tensor([0, 1]))], "0.parametrizations.weight.0")


def test_examples_of_several_sizes_are_points_by_their_means() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 1))
    sizes = [X, torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(1))]
    found = inside.embedding(model, sizes, "0")
    means = torch.cat([model[0](x).detach().double().mean((2, 3)) for x in sizes])
    assert torch.allclose(torch.cdist(found.points, found.points).max(), torch.pdist(means).max(), rtol=0.1)
    assert found.points.shape == (3, 2)
    assert found.note.endswith("means of maps of several sizes")
    with pytest.raises(InputError, match="several sizes"):
        inside.embedding(nn.Sequential(nn.Flatten(), nn.Identity()), sizes, "0")


def test_names_are_drawn_as_they_are_written(tmp_path: Path) -> None:
    """No formula begins with a dollar sign, no name is left out for its first letter, none takes all the space."""
    labels = torch.arange(10) % 5
    points = inside.Embedding("conv1", "pca", torch.rand(10, 2), labels, NAMES).picture()
    table = inside.UnitClasses("conv1", torch.rand(3, 5), torch.ones(5), NAMES).picture()
    heat = inside.Heat("CAM", X[:1], torch.ones(1, 2, 2), torch.zeros(1), (f"class 0 ({NAMES[0]})",)).picture()
    words = inside.WordScores(
        torch.zeros(1, 5), torch.rand(1, 5), torch.zeros(1), (NAMES[4],), (tuple(NAMES),)
    ).picture()
    for number, figure in enumerate((points, table, heat, words)):
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert any(NAMES[0] in text or NAMES[4] in text for text in texts)
        figure.savefig(tmp_path / f"{number}.png")
    names = [text.get_text() for text in points.axes[0].get_legend().get_texts()]
    assert names[:3] == list(NAMES[:3])
    assert names[3] == "x" * 31 + "…"


def test_many_classes_and_long_sentences_fit_a_picture(tmp_path: Path) -> None:
    many = tuple(f"class number {number}" for number in range(3000))
    table = inside.UnitClasses("fc1", torch.rand(2, 3000), torch.ones(3000), many)
    table.save(tmp_path / "table.png")
    long = tuple(f"word{number}" for number in range(8000))
    values = torch.zeros(1, 8000)
    values[0, ::200] = 1
    said = inside.WordScores(torch.zeros(1, 8000), values, torch.zeros(1), ("class 0",), (long,))
    said.save(tmp_path / "words.png")
    shown = [text.get_text() for text in said.picture().axes[0].get_yticklabels()]
    assert {"word0", "word200", "word7800"} <= set(shown)
