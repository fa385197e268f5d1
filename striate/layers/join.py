"""How branches join: each `forward` is its paper's equation.

>>> import torch
>>> Residual(torch.nn.ReLU())(torch.tensor([[-1.0, 2.0]]))
tensor([[-1.,  4.]])
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, cat, nn

from striate.layers.wired import Values, through


class Residual(nn.Module):
    """y = F(x) + S(x); without a shortcut S(x) = x (He et al. 2015, equations 1 and 2)."""

    is_wired = True

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut if shortcut is not None else nn.Identity()

    def forward(self, x: Tensor, values: Values | None = None) -> Tensor:
        """(N, C, …) in, what the body gives out."""
        out: Tensor = through(self.body, x, values) + through(self.shortcut, x, values)
        return out


class Dense(nn.Module):
    """y = [x, F(x)]: the input followed by the body's new maps (Huang et al. 2016, equation 2)."""

    is_wired = True

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor, values: Values | None = None) -> Tensor:
        """(N, C, …) in, (N, C + growth, …) out."""
        return cat([x, through(self.body, x, values)], dim=1)


class Scale(nn.Module):
    """y = x · g(x), a factor per channel (Hu et al. 2017, equation 4), per position (Woo et al. 2018), or per entry."""

    is_wired = True

    def __init__(self, gate: nn.Module) -> None:
        super().__init__()
        self.gate = gate

    def forward(self, x: Tensor, values: Values | None = None) -> Tensor:
        """(N, C, …) in and out; the gate gives (N, C), (N, C, 1, …), (N, 1, *spatial) or (N, C, *spatial)."""
        factor: Tensor = through(self.gate, x, values)
        return x * factor.reshape(*factor.shape, *[1] * (x.ndim - factor.ndim))


class _Branches(nn.Module):
    """Branches named `branch1`, `branch2`, … that all see the same input."""

    is_wired = True

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for number, branch in enumerate(branches, start=1):
            self.add_module(f"branch{number}", branch)


class Concat(_Branches):
    """y = [a(x), b(x), …]: the branches' maps one after another (Szegedy et al. 2014, figure 2)."""

    def forward(self, x: Tensor, values: Values | None = None) -> Tensor:
        """(N, C, …) in, as many maps as the branches have together out."""
        return cat([through(branch, x, values) for branch in self.children()], dim=1)


class Sum(_Branches):
    """y = a(x) + b(x) + …"""

    def forward(self, x: Tensor, values: Values | None = None) -> Tensor:
        """(N, C, …) in, the branches' common shape out."""
        first, *others = [through(branch, x, values) for branch in self.children()]
        out: Tensor = sum(others, start=first)
        return out


class Heads(nn.Module):
    """The outputs of a network by name; those of heads in a head are named `roi.class`.

    Args:
        names: Of the outputs.
        heads: Each under the name of its module.
    """

    is_wired = True

    def __init__(self, names: Sequence[str], heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.names = tuple(names)
        for name, head in heads.items():
            self.add_module(name, head)

    def forward(self, x: Tensor, values: Values | None = None) -> dict[str, Tensor]:
        """(N, C, …) in, what each head gives out."""
        out: dict[str, Tensor] = {}
        for name, head in zip(self.names, self.children(), strict=True):
            y = through(head, x, values)
            out |= {f"{name}.{inner}": z for inner, z in y.items()} if isinstance(y, dict) else {name: y}
        return out
