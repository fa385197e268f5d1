"""What is recorded of a module's work: its graph, its values, and nothing left behind."""

import pytest
import torch
from torch import nn

import striate as st
from striate.inside.tracing import traced


def test_every_value_is_the_modules_own() -> None:
    model = st.build("resnet20", seed=0).eval()
    seen: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, a, y, name=name: seen.update({name: y.clone()}))
    x = torch.randn(2, 3, 32, 32)
    trace = traced(model, x)
    for call in trace.calls:
        if call.layer is not None:
            assert torch.equal(trace.values[call.gives[0]], seen[call.name])
    assert torch.equal(trace.values[trace.outputs[0]], model(x))


def test_calls_can_be_made_again() -> None:
    model = st.build("googlenet", seed=0).eval()
    trace = traced(model, torch.randn(1, 3, 224, 224))
    with torch.no_grad():
        for call in trace.calls:
            made = call.again([trace.values[number] for number in call.reads])
            assert torch.equal(made, trace.values[call.gives[0]]), call.name


def test_each_value_is_read_after_it_is_made() -> None:
    trace = traced(st.build("densenet121", seed=0).eval(), torch.randn(1, 3, 64, 64))
    made = set(range(trace.inputs))
    for call in trace.calls:
        assert set(call.reads) <= made
        made |= set(call.gives)


def test_layers_that_write_over_their_input_leave_its_value() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True))
    x = torch.randn(1, 1, 3, 3)
    trace = traced(model, x)
    assert (trace.values[1] < 0).any()
    assert torch.equal(trace.values[2], trace.values[1].relu())


def test_a_layer_used_twice_has_two_names() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(self.layer(x))

    trace = traced(Twice(), torch.randn(1, 2))
    assert [call.name for call in trace.calls] == ["layer", "layer#2"]
    assert trace.maker(0) is None
    assert trace.maker(2) is trace.calls[1]


def test_a_list_that_grows_after_a_call_is_seen_as_it_was() -> None:
    class Growing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            parts = [x, self.layer(x)]
            parts.append(torch.cat(parts))
            return torch.cat(parts)

    trace = traced(Growing(), torch.randn(2, 2))
    assert len(trace.calls) == 3
    for call in trace.calls:
        assert torch.equal(call.again([trace.values[one] for one in call.reads]), trace.values[call.gives[0]])


def test_nothing_stays_on_the_module() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    traced(model, torch.randn(1, 2))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert model[0].weight.grad is None
    assert model.training


class Rectified(nn.Module):
    """Writes over what it reads, and does not say so."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.relu_()


@pytest.mark.parametrize("relu", [nn.ReLU(), nn.ReLU(inplace=True), Rectified()])
def test_values_that_are_written_over_are_as_they_were(relu: nn.Module) -> None:
    """By layers, by operations, and through a view."""

    class Over(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu = nn.Linear(4, 4), relu

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.relu(self.first(x))
            z = y * 2
            z.add_(1)
            z.view(-1)[0] = 7.0
            return z - 3

    model, x = Over(), torch.randn(1, 4)
    trace = traced(model, x)
    first = model.first(x)
    given = {call.name: trace.values[call.gives[0]] for call in trace.calls}
    torch.testing.assert_close(given["first"], first)
    torch.testing.assert_close(given["relu"], first.relu())
    torch.testing.assert_close(given["mul"], first.relu() * 2)
