"""Gradients at every value, beside PyTorch's own backward pass."""

import pytest
import torch
from torch.nn import functional as F

import striate as st
from striate.inside import traced
from striate.inside.flowing import flowing

NETS = [("lenet5", 32), ("resnet20", 32), ("googlenet", 64), ("se-resnet50", 64), ("densenet121", 64)]


@pytest.mark.parametrize(("name", "side"), [*NETS, ("shufflenetv2", 64)])
def test_gradients_of_every_layer_are_pytorchs(name: str, side: int) -> None:
    model = st.build(name, seed=0).eval()
    x = torch.rand(1, st.net(name).input[0] or 1, side, side)
    trace = traced(model, x)
    found = flowing(trace, lambda outputs: F.cross_entropy(outputs, torch.tensor([1])))
    kept: dict[str, torch.Tensor] = {}

    def keep(path: str, y: torch.Tensor) -> torch.Tensor:
        kept[path] = y
        y.retain_grad()
        return y.clone()  # an in-place ReLU may follow

    for path, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, a, y, path=path: keep(path, y))
    leaf = x.clone().requires_grad_()
    F.cross_entropy(model(leaf), torch.tensor([1])).backward()
    compared = 0
    for call in trace.calls:
        if call.name in kept:
            true = kept[call.name].grad
            assert true is not None
            largest = float(true.abs().max())
            torch.testing.assert_close(found[call.gives[0]], true, rtol=1e-5, atol=1e-5 * max(largest, 1e-8))
            compared += 1
    assert compared == len(kept)
    assert leaf.grad is not None
    torch.testing.assert_close(found[0], leaf.grad, rtol=1e-5, atol=1e-5 * float(leaf.grad.abs().max()))


def test_what_the_loss_does_not_depend_on_has_none() -> None:
    trace = traced(st.build("lenet5", seed=0), torch.rand(1, 1, 32, 32))
    with pytest.raises(st.InputError, match="no gradient"):
        flowing(trace, lambda outputs: torch.tensor(1.0))
