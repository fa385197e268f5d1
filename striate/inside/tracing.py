"""What a module really computes for an input: every layer and every operation between them, with the values it gives.

The calls are recorded while the module runs, by hooks on its layers and by PyTorch's own mode for functions, so any
module will do, from the notation or not, with branches, skips and loops.

>>> class Net(nn.Module):
...     def __init__(self):
...         super().__init__()
...         self.conv = nn.Conv2d(1, 1, 3, padding=1)
...     def forward(self, x):
...         return torch.relu(x + self.conv(x))
>>> for call in traced(Net(), torch.zeros(1, 1, 4, 4)).calls:
...     print(call.name, call.kind, "reads", *call.reads)
conv Conv2d reads 0
add add reads 0 1
relu relu reads 2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves, tree_map

from striate.inside.watching import called, hookable, looking, outputs_of


@dataclass(frozen=True, eq=False)
class Call:
    """A layer's or an operation's work.

    Attributes:
        name: The layer's path in the module, or `path: operation`; `#2` after it where it is used once more.
        kind: The layer's class or the operation.
        path: The layer's path; of an operation, that of the module in whose code it stands.
        layer: The layer; None for an operation.
        reads: The values that it reads, by number: first the module's inputs, then what the calls gave, in order.
        gives: The numbers of the values that it gives.
        redone: Computes from such inputs as it reads what it gives.
    """

    name: str
    kind: str
    path: str
    layer: nn.Module | None
    reads: tuple[int, ...]
    gives: tuple[int, ...]
    redone: Callable[[Sequence[Tensor]], Sequence[Tensor]] = field(repr=False)

    def again(self, inputs: Sequence[Tensor]) -> Tensor:
        """What it gives for other inputs; of several, the first."""
        return self.redone(inputs)[0]


@dataclass(frozen=True, eq=False)
class Trace:
    """A module's work on one input.

    Attributes:
        values: All values in the order in which they were made, as they were then; the module's inputs come first.
        inputs: How many of them are inputs.
        calls: What was computed.
        outputs: The numbers of the values that the module gives.
        made: All tensors that it gives, by name or by place; one alone has no name.
    """

    values: tuple[Tensor, ...]
    inputs: int
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]
    made: Mapping[str, Tensor] = field(default_factory=dict)

    def maker(self, value: int) -> Call | None:
        """The call that gave a value; None for an input."""
        return next((call for call in self.calls if value in call.gives), None)


def traced(model: nn.Module, *inputs: Tensor) -> Trace:
    """Run a module in evaluation and record it. The module is left as it was; the record has no gradients.

    Args:
        model: Any module.
        inputs: What it is called with.

    Raises:
        InputError: It can't read them.
    """
    in_place = any(getattr(module, "inplace", False) for module in model.modules())
    found = _recorded(model, inputs, in_place) or _recorded(model, inputs, copying=True)
    assert found
    return found


def _recorded(model: nn.Module, inputs: Sequence[Tensor], copying: bool) -> Trace | None:
    """The record; None where a layer has written over a value, which is then to be copied before.

    Copies take as long as the small layers do: they are made only where they are needed.
    """
    recorder, copies = _Recorder(model, copying), [value.detach().clone() for value in inputs]
    with torch.no_grad(), looking(model), recorder.hooked(), recorder:
        for value in copies:
            recorder.number(value)
        made = called(model, *copies)
    if not copying and recorder.is_written_over():
        return None
    outputs = tuple(number for one in _tensors(made) if (number := recorder.known(one)) is not None)
    named = outputs_of(made) if isinstance(made, Tensor | Mapping | tuple | list) else {}
    return Trace(tuple(recorder.values), len(inputs), tuple(recorder.calls), outputs, named)


@dataclass(eq=False)
class _Recorder(TorchFunctionMode):
    """Numbers every tensor that depends on the inputs, and writes down what made it."""

    model: nn.Module
    copying: bool
    values: list[Tensor] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no two tensors have one id
        self._paths: list[str] = []  # of the modules whose code runs
        self._layers = 0  # how many of them are layers
        self._uses = Counter[str]()
        self._versions: list[int] = []  # of values that were not copied: each change of one counts

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if not self._layers:
            name = getattr(func, "__name__", None) or resolve_name(func) or "operation"
            self._write(name.strip("_"), None, func, (args, kwargs or {}), made)
        return made

    def number(self, value: Tensor) -> int:
        """A new number for a tensor."""
        self.values.append(value.detach().clone() if self.copying else value.detach())
        self._versions.append(value._version)
        self._alive.append(value)
        self._numbers[id(value)] = len(self.values) - 1
        return len(self.values) - 1

    def is_written_over(self) -> bool:
        """Whether one of the values is not any more what it was."""
        return any(one._version != before for one, before in zip(self._alive, self._versions, strict=True))

    def known(self, value: Tensor) -> int | None:
        """The number of a tensor that depends on the inputs."""
        return self._numbers.get(id(value))

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Inside, modules tell when they begin and end."""
        handles = [
            handle
            for path, module in self.model.named_modules()
            for handle in (
                hookable(module).register_forward_pre_hook(self._enter(path, module)),
                module.register_forward_hook(self._leave(path, module), with_kwargs=True),
            )
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, path: str, module: nn.Module) -> Callable[..., None]:
        def enter(*_: Any) -> None:
            self._paths.append(path)
            self._layers += _is_layer(module)

        return enter

    def _leave(self, path: str, module: nn.Module) -> Callable[..., None]:
        def leave(_: nn.Module, args: Any, kwargs: Any, made: Any) -> None:
            if _is_layer(module) and self._layers == 1:
                self._write(type(module).__name__, module, module, (args, kwargs), made)
            self._layers -= _is_layer(module)
            self._paths.pop()

        return leave

    def _write(self, kind: str, layer: nn.Module | None, work: Callable[..., Any], given: Any, made: Any) -> None:
        reads = tuple(number for one in _tensors(given) if (number := self.known(one)) is not None)
        new = [one for one in _tensors(made) if one.is_floating_point()]
        if not reads or not new:
            return
        path = self._paths[-1] if self._paths else ""
        name = (path or kind) if layer else f"{path}: {kind}".removeprefix(": ")
        self._uses[name] += 1
        shown = name if self._uses[name] == 1 else f"{name}#{self._uses[name]}"
        redone = _repeated(work, given, self.known, layer)
        self.calls.append(Call(shown, kind, path, layer, reads, tuple(map(self.number, new)), redone))


def _repeated(
    work: Callable[..., Any], given: Any, known: Callable[[Tensor], int | None], layer: nn.Module | None
) -> Callable[[Sequence[Tensor]], Sequence[Tensor]]:
    """The same work on other values in the places of those that are known."""
    given = tree_map(lambda one: one, given)  # lists of its own, as the module's may grow afterwards
    is_read = tree_map(lambda one: isinstance(one, Tensor) and known(one) is not None, given)

    def redone(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        left = iter(inputs)
        args, kwargs = tree_map(lambda one, read: next(left) if read else one, given, is_read)
        with looking(layer) if layer else nullcontext():  # in evaluation, as in the pass that was seen
            return [one for one in _tensors(work(*args, **kwargs)) if one.is_floating_point()]

    return redone


def _is_layer(module: nn.Module) -> bool:
    """Whether nothing in it is shown by itself."""
    return next(module.children(), None) is None


def _tensors(values: Any) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and dictionaries."""
    return (leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor))
