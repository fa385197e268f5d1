"""Weights with all that is needed to use them, as one safetensors file whose header carries text and figures.

>>> import torch
>>> state = State({"w": torch.zeros(2)}, {}, "input 2 -> fc 1", {"seed": 0}, History())
>>> State.from_bytes(state.to_bytes(), "state.safetensors").config
{'seed': 0}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import InputError
from striate.training.disputes import Disputes
from striate.training.history import History
from striate.training.moment import Moment
from striate.training.seal import BLANK, sealed
from striate.training.store import DamagedError

if TYPE_CHECKING:  # whether there is a run is answered without importing torch
    from torch import Tensor

FORMAT = 3  # of a run's files. A figure, option or field that readers ignore or can do without needs no new number
FIRST = 1  # the format of files without a number
NUMBER = "striate_format"  # its key in a header
OPTIMIZER = "optimizer:"  # begins the names of its tensors; no weight's name has a colon


class LaterError(InputError):
    """A file whose format is newer than this version."""


def check_format(number: object, where: Path | str) -> None:
    """Refuse a file that a later version has written.

    Raises:
        LaterError: Names the format.
        ValueError: It is not the number of a format.
    """
    if not str(number).isdecimal():
        raise ValueError(f"a format is a whole number; got {number!r}")
    if int(str(number)) > FORMAT:
        raise LaterError(
            f"{where} was made by a later Striate (format {number}; this one reads up to {FORMAT}); update Striate"
        )


def carries_state(path: Path) -> bool:
    """Whether `State.to_bytes` made a file, judged by its header alone; false for other files and for a missing one."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = file.read(size) if size < path.stat().st_size else b""
        return {"net", "config"} <= set(json.loads(header)["__metadata__"])
    except (OSError, KeyError, TypeError, ValueError):
        return False


@dataclass(frozen=True)
class State:
    """Weights with all that is needed to use them, and with the optimiser's state to go on training.

    Attributes:
        weights: The model's tensors by name.
        optimizer: The optimiser's tensors; empty for best weights.
        net: The network's text.
        config: As in `config.json`.
        history: The epochs up to these weights.
        moment: How far into the next epoch they are.
        disputes: Which validation targets were disputed up to here; the files of best weights do not keep it.
    """

    weights: Mapping[str, Tensor]
    optimizer: Mapping[str, Tensor]
    net: str
    config: dict[str, Any]
    history: History
    moment: Moment = Moment()
    disputes: Disputes = field(default_factory=Disputes)

    def to_bytes(self) -> bytes:
        """One safetensors file; text and figures are in its header."""
        from safetensors.torch import save as write_tensors

        tensors = {OPTIMIZER + name: tensor for name, tensor in self.optimizer.items()} | dict(self.weights)
        facts = {"net": self.net, "config": json.dumps(self.config), "history": json.dumps(self.history.to_json())}
        facts |= {"moment": json.dumps(self.moment.to_json())} if self.moment.batches else {}
        facts |= {"disputes": self.disputes.to_text()} if self.optimizer and self.disputes.epochs.size else {}
        seal = {} if self.optimizer else BLANK  # best weights are copied elsewhere, without the list of checksums
        content = write_tensors(tensors, metadata={"format": "pt", NUMBER: str(FORMAT), **facts, **seal})
        return sealed(content) if seal else content

    @staticmethod
    def from_bytes(content: bytes, where: Path | str) -> State:
        """What `to_bytes` made, of this format or an earlier one.

        Args:
            content: The file.
            where: What it is called in errors.

        Raises:
            DamagedError: It is no such file.
            LaterError: It is of a later format.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load as read_tensors

        try:
            tensors = read_tensors(content)
            size = int.from_bytes(content[:8], "little")
            facts = json.loads(content[8 : 8 + size])["__metadata__"]
            check_format(facts.get(NUMBER, FIRST), where)
            net, config = facts["net"], json.loads(facts["config"])
            history = History.from_json(json.loads(facts["history"]), config)
            moment = Moment(**json.loads(facts.get("moment", "{}")))
            disputes = Disputes.from_text(facts["disputes"]) if "disputes" in facts else Disputes()
        except LaterError:
            raise
        except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedError(f"{where} holds no saved state of a run: {error}") from None
        weights = {name: tensor for name, tensor in tensors.items() if not name.startswith(OPTIMIZER)}
        optimizer = {name.removeprefix(OPTIMIZER): t for name, t in tensors.items() if name.startswith(OPTIMIZER)}
        return State(weights, optimizer, net, config, history, moment, disputes)
