"""Who can take part in a benchmark: a row each. A new contestant is a file beside this one, and a row.

>>> [contestant.name for contestant in chosen(["plain", "torch"])]
['plain', 'torch']
"""

from collections.abc import Sequence
from functools import partial

from striate.benchmark.contestants import by_hand, jax, keras, onnxruntime, openvino, ours
from striate.benchmark.contestants.base import Contestant
from striate.errors import InputError, nearest

_EXPORT = ("onnx", "onnxscript")
ENGINES = {
    contestant.name: contestant
    for contestant in (
        Contestant("native", ours.native_training, ours.native_inference),
        Contestant(
            "native-1", partial(ours.native_training, threads=1), partial(ours.native_inference, threads=1)
        ),  # what another core gains
        Contestant("torch", ours.torch_training, ours.torch_inference),
        Contestant("plain", by_hand.training, by_hand.inference),
        Contestant("plain-bf16", partial(by_hand.training, bf16=True), partial(by_hand.inference, bf16=True)),
        Contestant("torch-compile", by_hand.compiled_training, by_hand.compiled_inference, foreign=True),
        Contestant(
            "torch-compile-bf16",
            partial(by_hand.compiled_training, bf16=True),
            partial(by_hand.compiled_inference, bf16=True),
            foreign=True,
        ),
        Contestant("onnxruntime", None, onnxruntime.inference, ("onnxruntime", *_EXPORT), foreign=True),
        Contestant("openvino", None, openvino.inference, ("openvino", *_EXPORT), foreign=True),
        Contestant("openvino-bf16", None, partial(openvino.inference, bf16=True), ("openvino", *_EXPORT), foreign=True),
        Contestant("jax", jax.training, jax.inference, ("jax",), foreign=True),
        Contestant("keras", keras.training, keras.inference, ("keras",), foreign=True),
    )
}
USUAL = ("native", "torch", "plain")


def chosen(names: Sequence[str] | None = None) -> list[Contestant]:
    """The contestants of these names, each once; by default the usual ones.

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
