"""Some of the maps: what one filter of a partly connected layer sees (LeCun et al. 1998, table I).

>>> import torch
>>> Maps((0, 2))(torch.tensor([[5.0, 6.0, 7.0]]))
tensor([[5., 7.]])
"""

from torch import Tensor, nn, stack


class Maps(nn.Module):
    """The channels of these numbers, in the order given, counted from 0."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        super().__init__()
        self.numbers = numbers

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) in, (N, len(numbers), …) out."""
        first, last = self.numbers[0], self.numbers[-1]
        if self.numbers == tuple(range(first, last + 1)):
            return x[:, first : last + 1]
        return stack([x[:, number] for number in self.numbers], dim=1)
