import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from striate.building import build
from striate.errors import InputError
from striate.notation import read
from striate.training.max_norm import last_layer, limit_norm

TEXT = "input 9\nembed 20x4\nconcat[ conv 3@2 -> relu -> gmp | conv 3@3 -> relu -> gmp ]\nfc 5 -> relu -> fc 3"


@settings(deadline=None)
@given(scale=st.floats(0, 50), most=st.floats(0.01, 20), seed=st.integers(0, 99))
def test_no_row_is_longer_and_none_turns(scale: float, most: float, seed: int) -> None:
    layer = nn.Linear(4, 3)
    before = torch.randn(3, 4, generator=torch.Generator().manual_seed(seed)) * scale
    layer.weight.data = before.clone()
    limit_norm(layer, most)
    after = layer.weight.detach()
    for old, new in zip(before, after, strict=True):
        length = float(old.norm())
        assert float(new.norm()) == pytest.approx(min(length, most), rel=1e-5)
        assert torch.allclose(new * length, old * min(length, most), atol=1e-4 * max(1.0, scale) * most)


def test_a_row_of_zeros_stays() -> None:
    layer = nn.Linear(4, 3)
    layer.weight.data.zero_()
    limit_norm(layer, 3.0)
    assert not layer.weight.detach().any()


def test_only_the_last_layer_is_limited_and_its_bias_is_not() -> None:
    net = build(read(TEXT), seed=0)
    for parameter in net.parameters():
        parameter.data.fill_(7.0)
    limit_norm(net, 1.5)
    kept = {name: bool((value == 7).all()) for name, value in net.state_dict().items()}
    assert [name for name, same in kept.items() if not same] == ["fc2.weight"]
    assert torch.allclose(last_layer(net).weight.norm(dim=1), torch.full((3,), 1.5))


def test_it_holds_after_steps_that_would_break_it() -> None:
    net = build(read(TEXT), seed=0)
    optimizer = torch.optim.SGD(net.parameters(), lr=30.0)
    words = torch.randint(20, (8, 9), generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        nn.functional.cross_entropy(net(words), torch.arange(8) % 3).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        limit_norm(net, 0.5)
        assert float(last_layer(net).weight.detach().norm(dim=1).max()) <= 0.5 + 1e-6


def test_nothing_to_limit_is_an_error() -> None:
    with pytest.raises(InputError, match="no layer is fully connected; add one"):
        limit_norm(nn.Conv1d(2, 2, 1), 3.0)
