"""The receptive field by gradients: the field by rule, and of modules that have no rules."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate import inside
from striate.building import build
from striate.errors import InputError
from striate.inside import Unit
from striate.notation import measure, read, tree
from striate.zoo import net
from tests.inside.models import foreign
from tests.zoo.small import cut_down


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("lenet5", ["conv1", "conv2", "avgpool2"]),
        ("resnet20", ["basic1.residual1.body.conv2", "first1.residual1.body.conv1"]),
        ("input 3x20x23 -> conv 4@3 stride 2 -> tanh -> maxpool 3 stride 2 pad 1 -> conv 5@3x1 dilate 2", ["conv2"]),
        ("input 1x19x19 -> conv 2@3 pad same -> relu -> maxpool 2 ceil -> conv 2@2", ["maxpool1", "conv2"]),
        ("input 1x12x12 -> maxpool 3 dilate 2 pad 1 -> upconv 2@3 stride 2 -> maxout 2", ["upconv1"]),
        ("input 2x9x9 -> conv 4@3 -> relu6 -> scale[ gap -> fc 4 -> sigmoid ] -> conv 2@1", ["conv1", "conv2"]),
        ("input 1x30 -> conv 2@5 stride 2 -> bn -> relu -> maxpool 3", ["maxpool1"]),
        ("input 1x6x8x9 -> conv 2@3 -> relu -> maxpool 2", ["maxpool1"]),
        ("input 1x10x10 -> conv 4@3 -> relu -> gmp -> fc 3", ["fc1"]),
    ],
)
def test_the_field_by_gradients_is_the_field_by_rule(text: str, layers: list[str]) -> None:
    """At corners, edges and in the middle, whatever the weights are."""
    network = net(text) if "->" not in text else read(text)
    measured, model = measure(network), build(network, "zeros")
    for layer in layers:
        sizes = measured.shape(layer)[1:]
        places = {tuple(size - 1 for size in sizes), tuple(0 for _ in sizes), tuple(size // 3 for size in sizes)}
        for place in places:
            found = inside.receptive_field(model, network.input, Unit(layer, 1, place))
            along = place or (0,) * (len(network.input) - 1)
            expected = [measured.entries(layer, at, axis) for axis, at in enumerate(along)]
            assert [(low, high - 1) for low, high in found.box] == expected, (layer, place)


@pytest.mark.parametrize(
    "name", ["densenet121", "googlenet", "mobilenetv2", "mobilenetv3-large", "alexnet", "se-resnet50"]
)
def test_in_networks_of_the_zoo(name: str) -> None:
    """Convolutions that read all channels, four of each network, with fewer channels than the paper's."""
    network = cut_down(net(name), 8)
    measured, model = measure(network), build(network, seed=0)
    convolutions = {v.name for v in measured.graph.vertices if isinstance(v.node, tree.Conv) and v.node.groups == 1}
    rows = [row for row in measured.rows if row.name in convolutions]
    for row in rows[:: max(1, len(rows) // 4)]:
        height, width = row.output.value[1:]
        for place in {(0, 0), (height // 2, width // 3), (height - 1, width - 1)}:
            found = inside.receptive_field(model, network.input, Unit(row.name, 1, place))
            expected = [measured.entries(row.name, at, axis) for axis, at in enumerate(place)]
            assert [(low, high - 1) for low, high in found.box] == expected, (row.name, place)


def test_the_mask_has_holes_where_a_kernel_steps_over_entries() -> None:
    model = build(read("input 1x9x9 -> conv 1@3 dilate 3"))
    mask = inside.receptive_field(model, (1, 9, 9), Unit("conv1", 0, (1, 2))).mask
    assert mask.nonzero().tolist() == [[row, column] for row in (1, 4, 7) for column in (2, 5, 8)]


def test_the_field_of_a_foreign_module() -> None:
    """The first and the second convolution, the skip and the pool: 2 + 2 + 2 entries; channels in groups are told."""
    found = inside.receptive_field(foreign(), (3, 16, 16), Unit("pool", 0, (4, 0)))
    assert found.box == ((6, 12), (0, 4))
    grouped = nn.Sequential(nn.Conv2d(4, 2, 3, groups=2), nn.ReLU())
    assert inside.receptive_field(grouped, (4, 5, 5), Unit("1", 1)).channels == (2, 3)
    assert inside.receptive_field(grouped, (4, 5, 5), Unit("1", 1)).unit.position == (1, 1)


def test_the_field_of_largest_values_by_function_calls() -> None:
    class Largest(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            x = torch.maximum(x[:, :1], x[:, 1:])
            x = F.adaptive_max_pool2d(x, (4, 2)).max(dim=3).values
            return self.last((-x).relu_())  # of what is negative

    found = inside.receptive_field(Largest(), (2, 8, 8), Unit("last", 0, (1,)))
    assert found.box == ((2, 4), (0, 8))
    assert found.channels == (0, 1)


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        (Unit("pol", 0), "no layer 'pol'; did you mean 'pool'"),
        (Unit("pool", 9), "no unit 9: there are 6"),
        (Unit("pool", 0, (9, 9)), "a position is"),
    ],
)
def test_fields_of_what_is_not_there(unit: Unit, message: str) -> None:
    with pytest.raises(InputError, match=message):
        inside.receptive_field(foreign(), (3, 16, 16), unit)
