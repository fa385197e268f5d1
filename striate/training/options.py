"""How to train: every choice with its default, in one place. The command line and the documentation read them here.

>>> Options(epochs=3).to_json()["optimizer"]
'adamw'
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from striate.errors import InputError, nearest
from striate.initial import ALSO as RULES_ALSO
from striate.initial import RULES
from striate.losses import ALSO as LOSSES_ALSO
from striate.losses import LOSSES
from striate.notation.measure import OPTIMIZER_ALSO
from striate.training.optimizers import OPTIMIZERS
from striate.training.schedules import ALSO as SCHEDULES_ALSO
from striate.training.schedules import SCHEDULES

AUGMENT = ("auto", "none", "shift")


Names: TypeAlias = tuple[str, ...]


def _option(
    default: Any,
    help: str,
    also: Names,
    known: Names = (),
    known_also: Mapping[str, Names] | None = None,
    least: float | None = None,
    most: float = math.inf,
) -> Any:
    """A choice; `also` and `known_also` are what other programs call it and its values."""
    about = {"help": help, "also": also, "known": known, "known_also": known_also, "least": least, "most": most}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Options:
    """The choices of one training. Numbers left at None take the optimiser's usual value.

    Raises:
        InputError: A name that is not known or a number out of its range.
    """

    epochs: int = _option(
        10, "passes over the training images", ("numepochs", "nepochs", "maxepochs"), least=1, most=10**6
    )
    batch: int = _option(
        64, "images in a mini-batch; 0 takes the whole set", ("batchsize", "bs", "minibatch"), least=0, most=2**31
    )
    lr: float | None = _option(None, "highest learning rate", ("learningrate", "rate", "maxlr", "eta"), least=0)
    optimizer: str = _option(
        "adamw", "the optimiser", ("optimiser", "opt", "solver"), tuple(OPTIMIZERS), OPTIMIZER_ALSO
    )
    schedule: str = _option(
        "one-cycle",
        "how the learning rate moves",
        ("scheduler", "lrschedule", "lrscheduler"),
        tuple(SCHEDULES),
        SCHEDULES_ALSO,
    )
    loss: str = _option("cross-entropy", "what is made small", ("criterion", "objective"), tuple(LOSSES), LOSSES_ALSO)
    l1: float = _option(0.0, "L1 penalty on weights", ("lasso",), least=0)
    l2: float | None = _option(
        None, "L2 penalty (weight decay) on weights", ("weightdecay", "wd", "decay", "ridge"), least=0
    )
    augment: str = _option(
        "auto",
        "move images a little; auto does so to centred drawings before convolutions",
        ("augmentation", "dataaugmentation"),
        AUGMENT,
    )
    patience: int = _option(
        0, "stop after so many epochs without a better one; 0 never", ("earlystopping", "earlystop"), least=0
    )
    validation: float = _option(
        0.1, "share of the training images kept for validation", ("validationsplit", "valsplit"), least=0.001, most=0.9
    )
    init: str | None = _option(
        None, "how weights begin; by default as the activations ask for", ("weightinit",), tuple(RULES), RULES_ALSO
    )
    seed: int = _option(0, "same seed, same machine, same result", ("randomseed", "randomstate"), least=0, most=2**31)

    def __post_init__(self) -> None:
        for option in dataclasses.fields(self):
            value, meta = getattr(self, option.name), option.metadata
            if value is None and option.default is None:
                continue
            if meta["known"] and value not in meta["known"]:
                listed = ", ".join(meta["known"])
                hint = nearest(str(value), meta["known"], meta["known_also"])
                raise InputError(f"no {option.name} '{value}'{hint}; there are {listed}")
            whole = str(option.type) == "int"
            if meta["least"] is not None and (not isinstance(value, int if whole else int | float) or value is True):
                raise InputError(f"{option.name} must be a {'whole ' if whole else ''}number. Received: {value!r}")
            if meta["least"] is not None and not meta["least"] <= value <= meta["most"]:
                most = "" if meta["most"] == math.inf else f" to {meta['most']:,}"
                raise InputError(f"{option.name} must be from {meta['least']:g}{most}. Received: {value:g}")

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        return OPTIMIZERS[self.optimizer].rate if self.lr is None else self.lr

    @property
    def decay(self) -> float:
        """The weight decay."""
        return OPTIMIZERS[self.optimizer].decay if self.l2 is None else self.l2

    def to_json(self) -> dict[str, Any]:
        """Every choice, defaults filled in."""
        return {**dataclasses.asdict(self), "lr": self.rate, "l2": self.decay}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Options:
        """The options of a saved run.

        Raises:
            InputError: An unknown key or a value out of range.
        """
        known = {option.name for option in dataclasses.fields(Options)}
        for key in value:
            if key not in known:
                raise InputError(f"no option '{key}'{nearest(key, known, OTHER_NAMES)}")
        return Options(**value)


OTHER_NAMES: dict[str, Names] = {option.name: option.metadata["also"] for option in dataclasses.fields(Options)}
