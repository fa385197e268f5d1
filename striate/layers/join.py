"""How branches end: joined, or as the outputs of a network.

>>> import torch
>>> residual = Joined("residual", lambda x, body: added(x, body), body=torch.nn.ReLU())
>>> residual(torch.tensor([[-1.0, 2.0]]))
tensor([[-1.,  4.]])
"""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, cat, nn

from striate.layers.wired import MADE, Values, through


def added(first: Tensor, *others: Tensor) -> Tensor:
    """The sum of values of one shape: in a residual F(x) + S(x) (He et al. 2015, equations 1 and 2)."""
    total: Tensor = sum(others, start=first)
    return total


def concatenated(*values: Tensor) -> Tensor:
    """The maps (N, C, …) of all, one after another (Szegedy et al. 2014, figure 2; Huang et al. 2016, equation 2)."""
    return cat(values, dim=1)


def scaled(x: Tensor, factor: Tensor) -> Tensor:
    """x · g, a factor per channel (Hu et al. 2017, equation 4), per position (Woo et al. 2018), or per entry.

    Args:
        x: (N, C, …).
        factor: (N, C), (N, C, 1, …), (N, 1, *spatial) or (N, C, *spatial).
    """
    return x * factor.reshape(*factor.shape, *[1] * (x.ndim - factor.ndim))


class Joined(nn.Module):
    """Branches that see the same input and whose ends meet.

    Args:
        kind: The block's name in the notation.
        meet: The value, from the input and the ends of the branches.
        branches: By name, in order.
    """

    is_wired = True

    def __init__(self, kind: str, meet: Callable[..., Tensor], **branches: nn.Module) -> None:
        super().__init__()
        self.kind, self.meet = kind, meet
        for name, branch in branches.items():
            self.add_module(name, branch)

    def forward(self, x: Tensor, values: Values | None = None) -> Tensor:
        """(N, C, …) in, what the ends of the branches make together out."""
        return self.meet(x, *(through(branch, x, values) for branch in self.children()))

    def _get_name(self) -> str:
        return self.kind.capitalize()


class Heads(nn.Module):
    """The outputs of a network by name; those of heads in a head are named `roi.class`.

    Args:
        names: Of the outputs.
        heads: Each under the name of its module.
    """

    is_wired = True

    def __init__(self, names: Sequence[str], heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.output_names = tuple(names)
        for name, head in heads.items():
            self.add_module(name, head)

    def forward(self, x: Tensor, values: Values | None = None) -> dict[str, Tensor]:
        """(N, C, …) in, what each head gives out."""
        out: dict[str, Tensor] = {}
        for name, head in zip(self.output_names, self.children(), strict=True):
            if values is not None:
                values[MADE] = out  # from which boxes may be proposed
            y = through(head, x, values)
            out |= {f"{name}.{inner}": z for inner, z in y.items()} if isinstance(y, dict) else {name: y}
        return out
