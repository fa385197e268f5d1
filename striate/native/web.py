"""A network for the browser: WebAssembly, and where in its memory the weights and every layer's values are.

It is the C of the native engine, for vectors of 128 bits and one thread; every value keeps a place of its own.

>>> from striate.notation import read
>>> plan = kept(read("input 1x8x8 -> conv 2@3x3 -> tanh -> fc 3"))
>>> [place["name"] for place in layout(plan)["values"]]
['the input', 'conv1', 'tanh1', 'fc1']
>>> [(one["name"], one["row"]) for one in layout(plan)["parameters"]]
[('conv1.weight', 9), ('fc1.weight', 72), ('conv1.bias', 1), ('fc1.bias', 1)]
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from striate.native import compiler
from striate.native.losses import parts_of
from striate.native.lowering import Refused, lowered
from striate.native.network import Buffer, buffers_of
from striate.native.plan import Plan
from striate.native.source import source
from striate.native.target import WEB
from striate.native.values import Value
from striate.notation import Network


def kept(network: Network) -> Plan:
    """A network's plan for the browser.

    Raises:
        Refused: Names what the native engine lacks.
    """
    plan = lowered(network, WEB, apart=True)
    if len(plan.ends) > 1:
        raise Refused("a page by itself shows networks with one output")
    return plan


def assembled(plan: Plan, title: str, say: Callable[[str], None] = lambda line: None) -> bytes:
    """The plan as a WebAssembly module that imports nothing; it trains with the cross-entropy of one class an image.

    Raises:
        Refused: The network's output is no class.
        NoCompiler: The `ziglang` wheel is not installed, or it failed.
    """
    units = source(plan, parts_of(plan.ends, "cross-entropy", 0.0))
    return compiler.for_web(units, title, say).path.read_bytes()


def buffers(plan: Plan) -> list[Buffer]:
    """What is not trained, in the order of its memory."""
    return sorted(buffers_of(plan), key=lambda one: one.first)


def layout(plan: Plan) -> dict[str, Any]:
    """Where everything is, for JSON: parameters and buffers in floats, values in vectors, lane after lane."""
    return {
        "lanes": plan.lanes,
        "size": plan.size,
        "read": plan.input.size,
        "entries": plan.entries,
        "penalised": plan.penalised,
        "parameters": [
            {"name": one.name, "shape": one.shape, "first": one.offset, "row": one.size // one.shape[0]}
            for one in plan.parameters
        ],
        "buffers": [
            {"name": one.name, "shape": one.shape, "first": one.first, "row": prod(one.shape[1:])}
            for one in buffers(plan)
        ],
        "values": [_place(plan, name, value) for name, value in plan.named.items()],
    }


def _place(plan: Plan, name: str, value: Value) -> dict[str, Any]:
    """Where a value's entries are: channel k, row r, column c at first + k plane + r across + c."""
    lasting, offset = plan.places[value.root]
    top, left, _, _ = value.border
    return {
        "name": name,
        "kept": lasting,
        "first": offset + value.place + top * value.all_columns + left,
        "sizes": (value.channels, value.rows, value.columns),
        "plane": value.all_rows * value.all_columns,
        "across": value.all_columns,
    }
