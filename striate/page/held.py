"""What a page by itself holds of a run: the network as WebAssembly, its weights, its graph, and how it reads images."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.tracing import Trace, traced
from striate.layers.softmax import LastSoftmax
from striate.native import web
from striate.native.optimizers import Optimizer
from striate.native.plan import Plan
from striate.notation.graph import INPUT
from striate.page.cards import cards
from striate.page.live import Live
from striate.page.rehearsing import Rehearsed
from striate.page.rules import VIEWS, rule
from striate.page.telling import told_card
from striate.page.widening import NEVER, Last, last
from striate.runs.run import Run
from striate.tasks.fitting import resolved
from striate.training.state import State

ADAM = {"kind": int(Optimizer.ADAM), "decay": 0.0, "momentum": 0.0, "eps": 1e-8, "beta1": 0.9, "beta2": 0.999}
RATE = 1e-4  # learns ten drawings in 200 steps; ten times as much loses twice as many of the digits that were known

MOST = 16_000_000  # weights; with more the page has 90 MB, which browsers open slowly


def held(run: Run, live: Live, examples: Rehearsed | None, say: Callable[[str], None]) -> dict[str, Any]:
    """All of it, for JSON.

    Args:
        run: Of a classifier of images.
        live: The same, as the page shows it.
        examples: That it has learned from.
        say: Is given a line when something is compiled.

    Raises:
        InputError: The page can't read images as the run does, or a layer is shown by `striate see` only.
        NoCompiler: There is no `ziglang`.
    """
    classes: tuple[str, ...] = run.task.classes  # type: ignore[attr-defined]
    end = last(run.network, len(classes))
    plan = web.kept(end.networks[-1] if end else run.network)
    if plan.size > MOST:
        raise InputError(f"{run.name} has {plan.size:,} weights; a page by itself holds {MOST:,} at most")
    trace = traced(live.model, torch.zeros(1, *live.shape))
    code = web.assembled(plan, f"{run.network.name}-page", say)
    return {
        "graph": live.graph() | {"cards": [told_card(card) for card in cards(trace, most=len(trace.calls))]},
        "folded": [told_card(card) for card in cards(trace)],
        "where": _where(trace, plan),
        "rules": [rule(call) for call in trace.calls],
        "recipe": _recipe(run),
        "classes": classes,
        "layout": web.layout(plan),
        "code": _text(zlib.compress(code, 9)),
        **_numbers(plan, live.model.state_dict(), end),
        "last": end and _last(end),
        "rule": {**ADAM, "rate": RATE},
        "examples": examples and {**vars(examples), "content": _text(examples.content)},
        "file": _file(run, live.model, plan),
    }


def _last(end: Last) -> dict[str, Any]:
    texts = [resolved(network) for network in end.networks]
    return {"weight": f"{end.name}.weight", "bias": f"{end.name}.bias", "texts": texts}


def _where(trace: Trace, plan: Plan) -> list[dict[str, Any]]:
    """Of each value of the trace, the layer of the plan whose values are the same numbers.

    Raises:
        InputError: There is none.
    """
    found = {number: {"place": INPUT, "softmax": False} for number in range(trace.inputs)}
    final = {call.path: call for call in trace.calls}  # a sum of three is two calls; the last gives what is kept
    for call in trace.calls:
        before = found[call.reads[0]]
        if call.path in plan.named and final[call.path] is call:
            found[call.gives[0]] = {"place": call.path, "softmax": False}
        elif call.kind in VIEWS:
            found[call.gives[0]] = before
        elif isinstance(call.layer, LastSoftmax):
            found[call.gives[0]] = {**before, "softmax": True}
        else:
            raise InputError(f"a page by itself lacks the values of '{call.name}'")
    return [found[number] for number in range(len(trace.values))]


def _recipe(run: Run) -> dict[str, Any]:
    """How the page reads images.

    Raises:
        InputError: It can't.
    """
    recipe = run.recipe
    if recipe is None or not recipe.of_pictures or recipe.fit == "any size":
        raise InputError(f"{run.name}: a page by itself reads image files of a fixed size only")
    return recipe.to_json()


def _numbers(plan: Plan, tensors: Mapping[str, Tensor], end: Last | None) -> dict[str, str]:
    """The weights and the buffers as they are in the memory; units that have not learned yet never answer."""
    weights = np.zeros(plan.size, np.float32)
    for one in plan.parameters:
        values = tensors[one.name].numpy().reshape(len(tensors[one.name]), -1)
        rows = weights[one.offset : one.offset + one.size].reshape(one.shape[0], -1)
        rows[: len(values), : values.shape[1]] = values
        if end and one.name == f"{end.name}.bias":
            rows[len(values) :] = NEVER
    buffers = [tensors[one.name].numpy().ravel() for one in web.buffers(plan)]
    return {"weights": _text(weights), "buffers": _text(np.concatenate([np.zeros(0, np.float32), *buffers]))}


def _file(run: Run, model: nn.Module, plan: Plan) -> dict[str, Any]:
    """The run's weights file: its header, and the tensors that the engine does not have."""
    state, tensors = run.state, model.state_dict()
    content = State(tensors, {}, state.net, state.config, state.history).to_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    known = {one.name for one in plan.parameters} | {one.name for one in web.buffers(plan)}
    return {
        "facts": header.pop("__metadata__"),
        "tensors": {
            name: {"dtype": one["dtype"], "shape": one["shape"]}
            | ({} if name in known else {"bytes": _text(tensors[name].numpy())})
            for name, one in header.items()
        },
    }


def _text(content: bytes | NDArray[Any]) -> str:
    return b64encode(content if isinstance(content, bytes) else content.tobytes()).decode()
