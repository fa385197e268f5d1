"""Modules of one's own: as words in a text, or whole in the place of a network.

>>> import striate as st
>>> class Blend(nn.Module):
...     def __init__(self, channels, share):
...         super().__init__()
...         self.mix, self.share = nn.Conv2d(channels, channels, 1), share
...     def forward(self, x):
...         return (1 - self.share) * x + self.share * self.mix(x)
>>> register("blend", Blend, shape=lambda shape, share: shape)
>>> st.explain("input 3x8x8 -> blend 0.5 -> gap -> fc 2").measure.total_parameters
20
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.notation import Measure, Network, Row, bind, parse
from striate.notation.errors import RuleError
from striate.notation.graph import INPUT, Graph
from striate.notation.lookup import RESERVED
from striate.notation.rules import Axis, Field, Figure, activation_bytes
from striate.notation.rules.shape import shown
from striate.notation.tree import OWN, Identity, Own, Shape

Numbers = tuple[int | float, ...]


def register(word: str, module: Callable[..., nn.Module], shape: Callable[..., Shape] | None = None) -> None:
    """Let a word of Python's texts stand for a module of your own: `register("blend", Blend)`, then `… -> blend 0.5`.

    The word is known in this program only: a text in a file is refused if it uses it, so that no file decides which
    code runs. A network trained with it can be loaded again where the word is registered.

    Args:
        word: Small letters, digits and `_`; a word that was registered before gets the new meaning.
        module: Called as `module(channels, *numbers)`: the channels that come in, and the numbers after the word.
        shape: The shape that comes out, from `(shape, *numbers)`; shapes are (C, *spatial), None for a free axis. By
            default what the module gives for an input of zeros. Either is checked on the first batch.

    Raises:
        InputError: The word is one of the notation's, or is no word; the module is none that can be made.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", str(word)):
        raise InputError(f"a word has small letters, digits and _, such as 'blend'. Received: {word!r}")
    if word in RESERVED:
        raise InputError(f"'{word}' is a word of the notation; choose another name")
    if isinstance(module, nn.Module) or not callable(module):
        rule = f"register takes what makes a module, a class or a function: register('{word}', lambda channels: …)"
        given = f"an instance of {type(module).__name__}" if isinstance(module, nn.Module) else repr(module)
        raise InputError(f"{rule}. Received: {given}")
    if shape is not None and not callable(shape):
        raise InputError(f"a shape rule is a function, from (shape, *numbers) to a shape. Received: {shape!r}")
    run = lru_cache(partial(_run, module))
    made = {
        "make": staticmethod(module),
        "rule": staticmethod(shape or (lambda shape, *numbers: run(shape, numbers)[0])),
        "count": staticmethod(
            lambda shape, numbers: _counted(module, shape, numbers) if None in shape else run(shape, numbers)[1:]
        ),
    }
    OWN[word] = type(word, (Own,), {"word": word, "__doc__": module.__doc__, **made})


def _run(module: Callable[..., nn.Module], shape: Shape, numbers: Numbers) -> tuple[Shape, int, int]:
    """The shape that a module gives, its trainable parameters and the multiply-adds of one example; on no device.

    Raises:
        RuleError: It does not take the shape, or gives no tensor.
    """
    if None in shape:
        raise RuleError("the shape that comes out is not known", "give register a shape rule, or the input a size")
    from torch.utils.flop_counter import FlopCounterMode  # it is large, and most networks have no such words

    made = _made(module, shape, numbers)
    try:
        with torch.device("meta"), FlopCounterMode(display=False) as flops:
            given = made(torch.zeros(1, *(n or 0 for n in shape)))
    except Exception as error:  # a module of the user's own may raise anything
        raise RuleError(f"the module does not take {shown(shape)}", f"{type(error).__name__}: {error}") from error
    if not isinstance(given, Tensor) or given.ndim < 2:
        rule = "a layer gives a tensor (N, C, …)"
        raise RuleError(rule, f"it gave {tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__}")
    return tuple(given.shape[1:]), _trainable(made), flops.get_total_flops() // 2


def _made(module: Callable[..., nn.Module], shape: Shape, numbers: Numbers) -> nn.Module:
    """The module for what comes in, on no device.

    Raises:
        RuleError: It can't be made.
    """
    try:
        with torch.device("meta"):
            return module(shape[0], *numbers).to("meta").eval()
    except Exception as error:  # a module of the user's own may raise anything
        called = ", ".join(map(repr, (shape[0], *numbers)))
        detail = f"it is called with the channels and the numbers, ({called}): {type(error).__name__}: {error}"
        raise RuleError("the module can't be made", detail) from error


def _counted(module: Callable[..., nn.Module], shape: Shape, numbers: Numbers) -> tuple[int, None]:
    """Trainable parameters where an axis is free, and no multiply-adds."""
    return _trainable(_made(module, shape, numbers)), None


def _trainable(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def checked_once(module: nn.Module, layer: Own) -> nn.Module:
    """The module with a check of its first batch: what comes out is what the shape rule says."""
    holder: list[Any] = []
    holder.append(module.register_forward_hook(partial(_check, holder, layer.word, layer.numbers)))
    return module


def _check(
    holder: list[Any], word: str, numbers: Numbers, module: nn.Module, inputs: tuple[Tensor, ...], given: object
) -> None:
    if not isinstance(given, Tensor):
        raise InputError(f"'{word}' gave {type(given).__name__}; a layer gives a tensor (N, C, …)")
    shape = tuple(inputs[0].shape[1:])
    said = tuple(OWN[word].rule(shape, *numbers))
    if tuple(given.shape[1:]) != said:
        found = f"it gave {shown(tuple(given.shape[1:]))}"
        raise InputError(
            f"the shape rule of '{word}' says {shown(said)} for {shown(shape)}, and {found}; mend the rule"
        )
    holder.pop().remove()


def whole(module: nn.Module, shape: Shape) -> Network:
    """A network that consists of a module, as a word of its class's name; it starts from the weights the module has.

    Args:
        module: From (N, *shape) to the network's output.
        shape: (C, *spatial) that comes in.

    Raises:
        InputError: The module does not take the shape.
    """
    word = re.sub(r"[^a-z0-9_]", "", type(module).__name__.lower())
    word = f"own_{word}" if word in RESERVED or not word else word
    try:
        _run(lambda channels: deepcopy(module), shape, ())
    except RuleError as error:
        raise InputError(f"{error.headline}: {error.detail}") from None
    register(word, lambda channels: deepcopy(module))
    return bind(parse(f"input {shown(shape)}\n{word}"), name=word)


def measured(module: nn.Module, shape: Shape) -> Measure:
    """The figures of each layer of a module as they are called: shapes, parameters, multiply-adds, memory.

    What lies between the layers (functions, sums) is not seen, so fields are not known.

    Raises:
        InputError: The module does not take the shape.

    >>> found = measured(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (3, 8, 8))
    >>> [(row.name, row.parameters.value) for row in found.rows]
    [('0', 112), ('1', 0)]
    """
    from torch.utils.flop_counter import FlopCounterMode

    rows: list[Row] = []
    twin = deepcopy(module).to("meta").eval()
    seen = Field(tuple(Axis(phases=None) for _ in shape[1:]))
    for path, leaf in twin.named_modules():
        if not [*leaf.children()]:
            leaf.register_forward_hook(partial(_note, rows, path, seen))
    flops = FlopCounterMode(display=False)
    try:
        with flops:
            twin(torch.zeros(1, *(n or 0 for n in shape), device="meta"))
    except Exception as error:  # a module of the user's own may raise anything
        without = f"; leave out the number of examples: {shown(shape[1:])}" if _takes(module, shape[1:]) else ""
        said = f"the module does not take {shown(shape)}{without or f': {type(error).__name__}: {error}'}"
        raise InputError(said) from error
    counts = {path.partition(".")[2]: sum(by.values()) // 2 for path, by in flops.get_flop_counts().items()}
    calls = Counter(row.name for row in rows)
    rows = [replace(row, macs=Figure(counts.get(row.name, 0) // calls[row.name])) for row in rows]
    flat = Graph({INPUT: shape}, (), {"": rows[-1].name if rows else INPUT}, {}, {})
    return Measure(Network(shape, (), type(module).__name__), flat, tuple(rows))


def _takes(module: nn.Module, shape: Shape) -> bool:
    """Whether a module takes an example of this shape."""
    try:
        _run(lambda channels: deepcopy(module), shape, ())
    except (RuleError, IndexError):
        return False
    return len(shape) > 1


def _is_view(leaf: nn.Module, x: Tensor, given: Tensor) -> bool:
    """Whether a layer gives what came in, in another shape at most; dropout does so in evaluation alone."""
    kept = isinstance(leaf, nn.modules.dropout._DropoutNd)
    return not kept and given.untyped_storage()._cdata == x.untyped_storage()._cdata


def _note(rows: list[Row], path: str, seen: Field, leaf: nn.Module, inputs: tuple[Any, ...], given: Any) -> None:
    if not isinstance(given, Tensor) or not inputs or not isinstance(inputs[0], Tensor):
        return
    again = any(row.name == path for row in rows)
    count = 0 if again else _trainable(leaf)
    entry, shape = tuple(inputs[0].shape[1:]), tuple(given.shape[1:])
    text = f"{type(leaf).__name__}({leaf.extra_repr()})"
    memory = Figure[int | None](0, "that of its input") if _is_view(leaf, inputs[0], given) else activation_bytes(shape)
    node = Identity(label=path)
    rows.append(Row(path, text, node, entry, Figure(shape), Figure(count), Figure(0), memory, {INPUT: seen}))
