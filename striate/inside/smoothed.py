"""SmoothGrad: saliency without the noise of a single gradient (Smilkov et al. 2017, equation 2).

>>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
>>> smooth_grad(model, torch.ones(1, 1, 2, 2), 2, samples=3).values.shape
torch.Size([1, 1, 2, 2])
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.aims import Aim, settled
from striate.inside.attribution import Attribution
from striate.inside.gradients import gradient
from striate.inside.watching import batch_of


def smooth_grad(
    model: nn.Module, x: Tensor, aim: Aim = None, *, samples: int = 50, noise: float = 0.15, seed: int = 0
) -> Attribution:
    """The mean gradient at inputs with added noise (Smilkov et al. 2017).

    Args:
        model, x, aim: As for `saliency`.
        samples: How many noisy inputs.
        noise: Its standard deviation, as a share of each example's range from its minimum to its maximum.
        seed: Of the noise; PyTorch's own random state is left unchanged.

    Raises:
        InputError: As `saliency`; or a number that makes no sense.
    """
    x = batch_of(x)
    if samples < 1 or noise < 0:
        raise InputError(f"samples are at least 1 and noise at least 0. Received: {samples}, {noise}")
    sight, generator = settled(model, x, aim), torch.Generator().manual_seed(seed)
    low, high = x.flatten(1).amin(1), x.flatten(1).amax(1)
    spread = (noise * (high - low)).view(-1, *(1,) * (x.dim() - 1))
    total = torch.zeros_like(x)
    for _ in range(samples):
        drawn = torch.randn(x.shape, generator=generator).to(x)
        total += gradient(sight, x + spread * drawn)[0]
    with torch.no_grad():
        scores = sight.scores(x)
    note = f"mean over {samples} inputs with noise of {noise:.0%} of their range"
    return Attribution("SmoothGrad", x, total / samples, scores, sight.explained, note)
