"""A network that slides gives what it gives for each window that is cut out."""

import pytest
import torch
from torch import Tensor, nn

import striate as st
from striate.inside.sliding import Slider, fully_convolutional


def cut(model: nn.Module, slider: Slider, x: Tensor) -> Tensor:
    """The scores, window by window."""
    (height, width), (down, right) = slider.window, slider.stride
    rows, columns = (x.shape[2] - height) // down + 1, (x.shape[3] - width) // right + 1
    windows = [
        x[:, :, row * down : row * down + height, column * right : column * right + width]
        for row in range(rows)
        for column in range(columns)
    ]
    with torch.no_grad():
        scores = torch.cat([model(window).flatten(1) for window in windows])
    return scores.T.reshape(1, -1, rows, columns)


class Foreign(nn.Module):
    """As people write them: `view`, a functional ReLU and dropout in its head; maybe batch norm too."""

    def __init__(self, normed: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3))
        self.first, self.last = nn.Linear(8 * 5 * 5, 20), nn.Linear(20, 4)
        self.norm = nn.BatchNorm1d(20) if normed else nn.Identity()
        self.drop = nn.Dropout()

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = x.view(x.size(0), -1)
        return self.last(self.drop(torch.relu(self.norm(self.first(x)))))


class Mean(nn.Module):
    """A mean over all places, as in many networks of today."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(1, 5, 3, stride=2), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.conv(x)).mean((2, 3)))


GAP = "input 2x20x24 -> conv 6@3 -> relu -> maxpool 2 -> gap -> fc 5"
GMP = "input 1x21x21 -> conv 6@3 stride 3 -> relu -> gmp -> fc 5"
JOINED = {
    "lenet5": (lambda: st.build("lenet5", seed=0), (1, 32, 32), (4, 4)),
    "lenet1": (lambda: st.build("lenet1", seed=0), (1, 28, 28), (4, 4)),
    "fully connected": (lambda: st.build("lenet300", seed=0), (1, 28, 28), (4, 4)),
    "gap": (lambda: st.build(GAP, seed=0), (2, 20, 24), (2, 2)),
    "gmp": (lambda: st.build(GMP, seed=0), (1, 21, 21), (3, 3)),
    "foreign": (Foreign, (3, 18, 18), (2, 2)),
    "mean": (Mean, (1, 17, 25), (2, 4)),
}
CUT = {
    "zeros are padded": (lambda: st.build("input 1x16x16 -> conv 4@3 pad 1 -> fc 3", seed=0), (1, 16, 16)),
    "residual": (lambda: st.build("resnet20", seed=0), (3, 32, 32)),
    "batch norm of rows": (lambda: Foreign(normed=True), (3, 18, 18)),
    "distances": (lambda: st.build("lenet5-1998", seed=0), (1, 32, 32)),
}


@pytest.mark.parametrize("name", JOINED)
def test_all_windows_together_are_each_by_itself(name: str) -> None:
    make, shape, stride = JOINED[name]
    model = make().eval()
    slider = fully_convolutional(model, shape)
    assert slider.joined
    assert slider.stride == stride
    x = torch.randn(1, shape[0], shape[1] + 13, shape[2] + 22, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(slider(x), cut(model, slider, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CUT)
def test_where_that_is_not_the_same_windows_are_cut_out(name: str) -> None:
    make, shape = CUT[name]
    model = make().eval()
    slider = fully_convolutional(model, shape)
    assert not slider.joined
    x = torch.randn(1, shape[0], shape[1] + 9, shape[2] + 5, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(slider(x), cut(model, slider, x), rtol=1e-5, atol=1e-5)
    wanted = torch.zeros(slider(x).shape[2:], dtype=torch.bool)
    wanted[1, 0] = True
    some = slider(x, wanted)
    torch.testing.assert_close(some[:, :, 1, 0], slider(x)[:, :, 1, 0], rtol=1e-5, atol=1e-5)
    assert not some[:, :, 0].any()


def test_the_module_is_left_as_it_was() -> None:
    model = Foreign().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fully_convolutional(model, (3, 18, 18))(torch.zeros(1, 3, 30, 30))
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(("size", "why"), [((1, 3, 10, 30), "at least"), ((2, 3, 30, 30), "one image")])
def test_what_can_not_be_slid_over_is_refused(size: tuple[int, ...], why: str) -> None:
    with pytest.raises(st.InputError, match=why):
        fully_convolutional(Foreign().eval(), (3, 18, 18))(torch.zeros(size))


def test_what_gives_no_scores_is_refused() -> None:
    with pytest.raises(st.InputError, match="scores of classes"):
        fully_convolutional(nn.Conv2d(1, 2, 3), (1, 8, 8))
