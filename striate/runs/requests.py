"""What is asked of a training by the arguments of `train`, for all that trains in another way.

>>> request_of("lenet5", "digits", {"epochs": 3, "engine": "torch"}).options.epochs
3
>>> request_of("lenet5", "digits", {"epoch": 3})
Traceback (most recent call last):
    ...
striate.errors.InputError: training takes no 'epoch'; did you mean 'epochs'?
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from striate.errors import InputError, nearest
from striate.notation import Network
from striate.runs.logs.known import read
from striate.runs.planning import Request
from striate.tasks.fitting import whole_for
from striate.training.options import Options

OURS = ("net", "data", "options", "own_loss", "show", "page", "command", "again", "tested", "watchers")


def request_of(
    net: str | Path | Network | nn.Module, dataset: Any, given: Mapping[str, Any], show: bool = False
) -> Request:
    """The request of `train(net, dataset, **given)`.

    Raises:
        InputError: `train` takes no such argument, or it is out of range.
    """
    options = {field.name for field in dataclasses.fields(Options)}
    others = {field.name for field in dataclasses.fields(Request)} - {*OURS}
    if unknown := next((name for name in given if name not in options | others), None):
        raise InputError(f"training takes no '{unknown}'{nearest(unknown, sorted(options | others))}")
    if isinstance(net, nn.Module):
        net, dataset = whole_for(net, dataset, given.get("size"), given.get("bad", "skip"))
    loss = given.get("loss")
    own = loss if callable(loss) else None
    chosen = {name: value for name, value in given.items() if name in options} | ({"loss": None} if own else {})
    how = {name: value for name, value in given.items() if name in others}
    how |= {"log": read(given.get("log"))}
    return Request(net, dataset, Options(**chosen), own_loss=own, show=show, **how)
