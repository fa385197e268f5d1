"""The contestants of a benchmark, one row each. A new contestant is a file beside this one and a row here.

>>> [contestant.name for contestant in chosen(["plain", "torch"])]
['plain', 'torch']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from striate.benchmark.contestants.contestant import Contestant, Turn
from striate.errors import InputError, nearest

if TYPE_CHECKING:
    from striate.benchmark.contestants.base import Job


def _by(file: str, function: str, **told: Any) -> Callable[[Job], Turn]:
    """The function of a file beside this one, which is imported when it is called."""
    return lambda job: getattr(import_module(f"{__name__}.{file}"), function)(job, **told)


_EXPORT = ("onnx", "onnxscript")
ENGINES = {
    contestant.name: contestant
    for contestant in (
        Contestant("native", _by("ours", "native_training"), _by("ours", "native_inference")),
        Contestant(  # shows what another core gains
            "native-1", _by("ours", "native_training", threads=1), _by("ours", "native_inference", threads=1)
        ),
        Contestant("torch", _by("ours", "torch_training"), _by("ours", "torch_inference")),
        Contestant("torch-graphs", _by("ours", "torch_training", graphs=True), None),  # CUDA's
        Contestant("plain", _by("by_hand", "training"), _by("by_hand", "inference")),
        Contestant("plain-bf16", _by("by_hand", "training", bf16=True), _by("by_hand", "inference", bf16=True)),
        Contestant(
            "torch-compile", _by("by_hand", "compiled_training"), _by("by_hand", "compiled_inference"), foreign=True
        ),
        Contestant(
            "torch-compile-bf16",
            _by("by_hand", "compiled_training", bf16=True),
            _by("by_hand", "compiled_inference", bf16=True),
            foreign=True,
        ),
        Contestant(
            "torch-compile-bf16-channels-last",
            _by("by_hand", "compiled_training", bf16=True, channels_last=True),
            None,
            foreign=True,
        ),
        Contestant("onnxruntime", None, _by("onnxruntime", "inference"), ("onnxruntime", *_EXPORT), foreign=True),
        Contestant("openvino", None, _by("openvino", "inference"), ("openvino", *_EXPORT), foreign=True),
        Contestant(
            "openvino-bf16", None, _by("openvino", "inference", bf16=True), ("openvino", *_EXPORT), foreign=True
        ),
        Contestant("jax", _by("jax", "training"), _by("jax", "inference"), ("jax",), foreign=True),
        Contestant("keras", _by("keras", "training"), _by("keras", "inference"), ("keras",), foreign=True),
    )
}
USUAL = ("native", "torch", "plain")


def chosen(names: Sequence[str] | None = None) -> list[Contestant]:
    """The contestants with these names, each once; by default the usual ones.

    Raises:
        InputError: An unknown name, or one whose packages are not installed.
    """
    names = list(dict.fromkeys(USUAL if names is None else names))
    if not names:
        raise InputError(f"bench takes one engine or more of {', '.join(ENGINES)}")
    for name in names:
        if name not in ENGINES:
            raise InputError(f"no engine '{name}'{nearest(name, ENGINES)}; there are {', '.join(ENGINES)}")
        if missing := ENGINES[name].missing:
            raise InputError(
                f"'{name}' needs {' and '.join(missing)}, not installed here; pip install {' '.join(missing)}"
            )
    return [ENGINES[name] for name in names]


def absent() -> list[Contestant]:
    """Those whose packages are not installed."""
    return [contestant for contestant in ENGINES.values() if contestant.missing]
