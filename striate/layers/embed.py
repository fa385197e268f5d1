"""Word vectors with channels first, as convolutions read them.

>>> import torch
>>> Embed(20, 5)(torch.zeros(2, 7, dtype=torch.long)).shape
torch.Size([2, 5, 7])
"""

import torch
from torch import Tensor, nn

from striate.notation import tree


class Embed(nn.Embedding):
    """A table of `rows` vectors of `width`: (N, L) whole numbers in, (N, width, L) out (Kim 2014, section 2).

    Vectors begin as even numbers from -0.25 to 0.25; that of row 0, with which sentences are padded, as zeros. Those of
    a `static` table are kept with the weights and do not learn.
    """

    def __init__(self, rows: int, width: int, static: bool = False) -> None:
        super().__init__(rows, width)
        if static:
            values = self.weight.data
            del self.weight
            self.register_buffer("weight", values)

    def reset_parameters(self) -> None:
        """Draw the vectors."""
        nn.init.uniform_(self.weight, -tree.Embed.SPREAD, tree.Embed.SPREAD)
        with torch.no_grad():
            self.weight[0] = 0

    def forward(self, words: Tensor) -> Tensor:
        """Looks each number up; 0 <= number < rows. Numbers may come as floats, like other inputs."""
        return super().forward(words.long()).transpose(1, 2)
