"""The loggers by name, and the package that each needs.

>>> read("csv, csv")
('csv',)
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from striate.errors import InputError, nearest

KNOWN = {  # by name: the packages of which one is needed; none for what Python has itself
    "csv": (),
    "tensorboard": ("tensorboardX", "tensorboard"),
    "mlflow": ("mlflow",),
    "wandb": ("wandb",),
}
ALSO = {"wandb": ("weightsandbiases", "weights&biases", "wb"), "tensorboard": ("tb", "tensorboardx")}


def read(written: str | Iterable[str] | None) -> tuple[str, ...]:
    """The names in a text, by commas, or in a list; each once.

    Raises:
        InputError: There is no logger of that name, or its package is not installed.
    """
    names = written.split(",") if isinstance(written, str) else list(written or ())
    chosen = tuple(dict.fromkeys(name.strip().lower() for name in names if name.strip()))
    check(chosen)
    return chosen


def check(names: Iterable[str]) -> None:
    """Check that these can be used here.

    Raises:
        InputError: One can't.
    """
    for name in names:
        if name not in KNOWN:
            raise InputError(f"no logger '{name}'{nearest(name, KNOWN, ALSO)}; there are {', '.join(KNOWN)}")
        if KNOWN[name] and not any(map(find_spec, KNOWN[name])):
            raise InputError(f"the logger {name} needs the package {KNOWN[name][0]}: pip install {KNOWN[name][0]}")
