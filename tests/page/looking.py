"""A page's frame as Python reads it, and its values beside PyTorch's, for tests."""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from striate.page.live import Live

WORKED = 20  # layers whose arithmetic is checked


@dataclass(frozen=True)
class Seen:
    """Header and numbers."""

    header: dict[str, Any]
    values: dict[int, np.ndarray[Any, np.dtype[np.float32]]]

    @classmethod
    def of(cls, data: bytes) -> "Seen":
        """From what the server sent."""
        (length,) = struct.unpack("<I", data[:4])
        header, at, values = json.loads(data[4 : 4 + length]), 4 + length, {}
        for value in header["values"]:
            count = int(np.prod(value["sent"]))
            values[value["number"]] = np.frombuffer(data, "<f4", count, at).reshape(value["sent"])
            at += 4 * count
        assert at == len(data)
        return cls(header, values)


def outputs(model: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What each layer gives, by hooks."""
    found: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, a, y, name=name: found.update({name: y.detach().clone()}))
    with torch.no_grad():
        model(x)
    return found


def check_values(page: Live, given: Any, model: nn.Module) -> None:
    """Every layer's value, as sent and as asked for, is PyTorch's."""
    graph, true = page.graph(), outputs(model, page.read(given))
    frame = page.look(given, range(len(graph["calls"]) + 1))
    seen, checked = Seen.of(frame.as_bytes()), 0
    for call in graph["calls"]:
        if call["name"] not in true:
            continue
        value, number = true[call["name"]][0], call["gives"][0]
        if seen.values[number].size == value.numel():
            np.testing.assert_allclose(seen.values[number].ravel(), value.ravel(), rtol=1e-5, atol=1e-5)
        if value.dim() > 1:
            last = value[-1] if value.dim() == 3 else value
            whole = page.map(frame.number, number, len(value) - 1 if value.dim() == 3 else 0)
            torch.testing.assert_close(whole, last, rtol=1e-5, atol=1e-5)
        checked += 1
        if checked % max(1, len(true) // WORKED):
            continue
        place = tuple(size // 2 for size in value.shape)
        work = page.work(frame.number, graph["calls"].index(call), place)
        assert work["value"] == pytest.approx(float(value[place]), rel=1e-5, abs=1e-5)
        if work["how"] == "sum" and work["count"] == len(work["terms"]):  # of long sums the first are sent
            total = sum(term["value"] * term["times"] for term in work["terms"]) + (work["bias"] or 0)
            assert total == pytest.approx(work["value"], rel=1e-4, abs=1e-5)
    assert checked == len(true)
