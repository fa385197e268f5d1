"""Binary cross-entropy of several labels against its equation in float64."""

import numpy as np
import pytest
import torch

from striate.losses import binary_cross_entropy


def test_it_is_its_equation() -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = 5 * torch.randn(7, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(2, (7, 4), generator=generator, dtype=torch.uint8)
    p, t = 1 / (1 + np.exp(-outputs.numpy())), targets.numpy().astype(float)
    assert float(binary_cross_entropy(outputs, targets)) == pytest.approx(
        -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
    )
    assert torch.autograd.gradcheck(lambda x: binary_cross_entropy(x, targets), outputs.requires_grad_())


def test_outputs_that_are_sure_are_no_infinite_loss() -> None:
    outputs, targets = torch.tensor([[1e4, -1e4]]), torch.tensor([[0, 1]], dtype=torch.uint8)
    assert float(binary_cross_entropy(outputs, targets)) == 1e4
