"""Long short-term memory along a row (Hochreiter & Schmidhuber 1997; the forget gate: Gers et al. 2000).

>>> import torch
>>> LSTM(3, 5)(torch.zeros(2, 3, 7)).shape
torch.Size([2, 5, 7])
"""

from collections.abc import Callable

from torch import Tensor, nn


class LSTM(nn.LSTM):
    """PyTorch's own, one layer in one direction, which begins with zeros, with channels before positions.

    Args:
        channels: That come in.
        units: That go out.
        bias: Whether both matrices of each gate have one.
    """

    def __init__(self, channels: int, units: int, bias: bool = True) -> None:
        super().__init__(channels, units, bias=bias, batch_first=True)

    def draw(self, initialise: Callable[[Tensor], None]) -> None:
        """Draw the weights of each gate by itself, and set biases to 0."""
        for name, values in self.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(values)
            else:
                for gate in values.chunk(4):
                    initialise(gate)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """(N, channels, P) in, (N, units, P) out."""
        y: Tensor = super().forward(x.mT.contiguous())[0]
        return y.mT
