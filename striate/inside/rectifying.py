"""Other ways back through a ReLU: as in a deconvnet, and guided (Springenberg et al. 2015, figure 1).

Every ReLU of a pass is found, of a module or a function call, in place or not, and however often a module is used.

>>> x = torch.tensor([-1.0, 2.0, 3.0], requires_grad=True)
>>> with Rectifying(Guided) as found:
...     y = torch.relu(x) * torch.tensor([1.0, 1.0, -1.0])
>>> torch.autograd.grad(y.sum(), x)[0].tolist(), found.count  # as it comes from above: 1, 1, -1
([0.0, 1.0, 0.0], 1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

IN_PLACE = (torch.relu_, Tensor.relu_)
RECTIFIERS = (F.relu, torch.relu, Tensor.relu, *IN_PLACE)


class Guided(Function):
    """Back go positive gradients, where the forward pass was positive."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """max(0, x)."""
        ctx.save_for_backward(x > 0)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """max(0, gradient), where x > 0."""
        (passed,) = ctx.saved_tensors
        kept: Tensor = gradients[0].clamp(min=0) * passed
        return kept


class Deconvolved(Function):
    """Back go positive gradients, whatever the forward pass was (Zeiler & Fergus 2014, section 2.1)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """max(0, x)."""
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """max(0, gradient)."""
        return gradients[0].clamp(min=0)


class Rectifying(TorchFunctionMode):
    """Inside, every ReLU goes back by this rule.

    Attributes:
        count: How many were met.
    """

    def __init__(self, rule: type[Function]) -> None:
        super().__init__()
        self.rule, self.count = rule, 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """The call itself, unless it is a ReLU's."""
        kwargs = kwargs or {}
        if func not in RECTIFIERS:
            return func(*args, **kwargs)
        self.count += 1
        x, *rest = args or (kwargs["input"],)
        if not (func in IN_PLACE or kwargs.get("inplace") or any(rest)):
            return self.rule.apply(x)  # type: ignore[no-untyped-call]
        return x.copy_(self.rule.apply(x.clone()))  # type: ignore[no-untyped-call]

    def said(self) -> str:
        """How many ReLUs there were, in words."""
        many = f"{self.count or 'no'} ReLU{'s' if self.count != 1 else ''} in the pass"
        return many if self.count else f"{many}: this is the gradient as it is"
