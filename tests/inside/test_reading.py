"""What several layers give, and that nothing after them is computed."""

import pytest
import torch
from torch import nn

from striate.errors import InputError
from striate.inside.reading import layers_of


class Bomb(nn.Module):
    """Must not be reached."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Fails."""
        raise AssertionError


def model() -> nn.Sequential:
    """With a layer in place, dropout, and a bomb behind."""
    torch.manual_seed(0)
    layers = (nn.Conv2d(2, 3, 3), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Conv2d(3, 4, 3), Bomb())
    return nn.Sequential(*layers).train()


def test_values_are_those_of_the_layers_and_gradients_arrive() -> None:
    network, x = model(), torch.randn(1, 2, 8, 8, requires_grad=True)
    values = layers_of(network, x, ["3", "0"])
    first = network[0](x)
    assert list(values) == ["3", "0"]
    torch.testing.assert_close(values["0"], first)
    torch.testing.assert_close(values["3"], network[3](first.relu()))
    values["3"].sum().backward()
    assert x.grad is not None
    assert network.training
    assert not network[3]._forward_hooks


def test_what_can_not_be_read_is_said() -> None:
    with pytest.raises(InputError, match="no layer '9'"):
        layers_of(model(), torch.zeros(1, 2, 8, 8), ["9"])
    with pytest.raises(InputError, match="can't read an input of shape"):
        layers_of(model(), torch.zeros(1, 2, 2, 2), ["0"])
    unused = nn.Sequential(nn.Conv2d(2, 3, 3))
    unused[0].add_module("spare", nn.ReLU())
    with pytest.raises(InputError, match=r"layer '0.spare' is not used"):
        layers_of(unused, torch.zeros(1, 2, 8, 8), ["0", "0.spare"])
