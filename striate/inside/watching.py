"""A model while it is looked at: it computes as in evaluation, layers are read by hooks, and all is put back after.

A layer is named as `named_modules()` names it. Of a module that is used several times in one pass, the value is that of
its last use. What a layer gave is kept as it was, also where an in-place ReLU changes it afterwards.

>>> model = nn.Sequential(nn.Conv1d(1, 1, 1), nn.ReLU(inplace=True))
>>> value_of(model, torch.zeros(2, 1, 5), layer="0").shape, model.training
(torch.Size([2, 1, 5]), True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import InputError, StriateError, nearest

MOST_NAMED = 12  # layers that an error lists
Hook = Callable[[nn.Module, tuple[Any, ...], Any], Any]


def module_named(model: nn.Module, name: str) -> nn.Module:
    """A layer of a model.

    Raises:
        InputError: There is none of that name.
    """
    known: dict[str, nn.Module] = {one: module for one, module in model.named_modules() if one}
    if name not in known:
        shown = ", ".join([*known][:MOST_NAMED]) + (", …" if len(known) > MOST_NAMED else "")
        raise InputError(f"no layer '{name}'{nearest(name, known)}; there are {shown or 'none'}")
    return known[name]


@contextmanager
def looking(model: nn.Module) -> Iterator[None]:
    """Inside, every module is in evaluation mode; after, each is again in its own."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def hookable(module: nn.Module) -> nn.Module:
    """A module that can be looked into.

    Raises:
        InputError: It was compiled by `torch.jit.script`.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise InputError("a module made by `torch.jit.script` can't be looked into; give the one that it was made from")
    return module


@contextmanager
def hooked(hooks: Iterable[tuple[nn.Module, Hook]]) -> Iterator[None]:
    """Inside, each hook is called with (module, arguments, output) after its module; what it returns replaces that.

    Raises:
        InputError: A module takes no hooks.
    """
    handles = [hookable(module).register_forward_hook(hook) for module, hook in [*hooks]]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def kept(model: nn.Module, names: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Inside, what layers give is put into the dictionary, by their names; later layers read copies.

    Raises:
        InputError: There is no such layer, or it does not give a tensor.
    """
    values: dict[str, Tensor] = {}

    def keep(name: str) -> Hook:
        def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> Tensor:
            if not isinstance(output, Tensor):
                raise InputError(f"layer '{name}' gives a {type(output).__name__}; look at one that gives a tensor")
            values[name] = output
            return output.clone()

        return hook

    with hooked([(module_named(model, name), keep(name)) for name in names]):
        yield values


def called(model: nn.Module, *inputs: Tensor) -> Any:
    """What a model gives for inputs.

    Raises:
        InputError: It can't read such inputs.
    """
    try:
        return model(*inputs)
    except StriateError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        read = " and ".join(f"{tuple(x.shape)}, {str(x.dtype).removeprefix('torch.')}" for x in inputs)
        raise InputError(f"the model can't read an input of shape {read}: {line}") from error


def value_of(model: nn.Module, x: Tensor, layer: str = "", output: str = "") -> Tensor:
    """What a layer, or else an output, gives for an input (N, …).

    Args:
        model: Any module of one input.
        x: The input.
        layer: Its name; of the whole model where it is empty.
        output: The name of the output, or its place in a tuple, where there are several.

    Raises:
        InputError: There is no such layer or output, or the model can't read the input.
    """
    with looking(model):
        if not layer:
            return output_named(called(model, x.clone()), output)
        with kept(model, [layer]) as values:
            called(model, x.clone())
    if layer not in values:
        raise InputError(f"layer '{layer}' is not used for this input")
    return values[layer]


def outputs_of(given: Any) -> dict[str, Tensor]:
    """All tensors that a model gave, by name or by place; a single one has no name.

    Raises:
        InputError: It gave something else.

    >>> [*outputs_of((torch.zeros(1), "a word", torch.zeros(1)))]
    ['0', '2']
    """
    if isinstance(given, Tensor):
        outputs: Mapping[str, Any] = {"": given}
    elif isinstance(given, Mapping):
        outputs = {str(key): value for key, value in given.items()}
    elif isinstance(given, tuple | list):
        outputs = {str(place): value for place, value in enumerate(given)}
    else:
        raise InputError(f"the model gives a {type(given).__name__}, which is no tensor, dictionary or tuple")
    return {key: value for key, value in outputs.items() if isinstance(value, Tensor)}


def output_named(given: Any, name: str) -> Tensor:
    """One of the tensors that a model gave: of one or several, by name or by place.

    Raises:
        InputError: There is no such output, or it has to be named.

    >>> output_named({"a": torch.zeros(1), "b": torch.ones(1)}, "b").item()
    1.0
    """
    tensors = outputs_of(given)
    if not name and len(tensors) == 1:
        return next(iter(tensors.values()))
    if name not in tensors:
        wrong = f"no output '{name}'{nearest(name, tensors)}" if name else "several outputs: name one"
        raise InputError(f"{wrong}; there are {', '.join(filter(None, tensors)) or 'none with a name'}")
    return tensors[name]


def by_example(values: Tensor, x: Tensor) -> Tensor:
    """What a layer gave, where it is a value for each example.

    Raises:
        InputError: It is something else, as what a layer makes of weights.
    """
    if values.dim() < 2 or len(values) != len(x):
        raise InputError(f"values of shape {tuple(values.shape)} are not (N, K, …) for {len(x)} examples")
    return values


def batch_of(x: Tensor) -> Tensor:
    """An input that gradients can be taken of.

    Raises:
        InputError: It holds whole numbers or nothing, or has no channels.
    """
    if not x.is_floating_point():
        raise InputError("whole numbers have no gradient; `inside.word_scores` explains networks that read words")
    if x.dim() < 2 or not len(x):
        raise InputError(f"an input is (N, C, …), with at least one example. Received: {tuple(x.shape)}")
    return x.detach()


def batches_of(batches: Iterable[Any]) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Inputs and labels (None where there are none) of what a DataLoader or a list of tensors gives; one at least.

    Raises:
        InputError: There is none, or one is no tensor or pair.
    """
    found = False
    for batch in batches:
        found = True
        parts = batch if isinstance(batch, tuple | list) else (batch,)
        if not parts or not isinstance(parts[0], Tensor):
            raise InputError("a batch is a tensor (N, …) or (tensor, labels)")
        yield parts[0], (torch.as_tensor(parts[1]) if len(parts) > 1 else None)
    if not found:
        raise InputError("there are no examples to look at")
