"""A compiled network: its memory, its steps. NumPy in and out; it knows nothing of PyTorch.

>>> from striate.notation import read
>>> net = Compiled(read("input 1x4x4 -> fc 2"), threads=1, most=8)
>>> import numpy as np
>>> net.evaluate(np.ones((3, 1, 4, 4), np.float32)).tolist()  # its weights begin as zeros
[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, WorkError
from striate.ignored import IGNORED
from striate.native import compiler
from striate.native.lowering import lowered
from striate.native.single import Single
from striate.native.source import PIXELS, check_loss, source
from striate.native.steps.embed import tables
from striate.native.steps.norm import BatchNorm
from striate.native.steps.rbf import RBF
from striate.native.strips import wanted
from striate.native.target import Target, host
from striate.native.values import Parameter
from striate.notation import Network

Array = NDArray[np.float32]


class Rule(ctypes.Structure):
    """As the kernels' `struct rule` has it."""

    _fields_ = (
        ("kind", ctypes.c_int),
        *((name, ctypes.c_float) for name in ("rate", "decay", "l1", "momentum", "eps", "beta1", "beta2")),
        *((name, ctypes.c_float) for name in ("correct1", "correct2")),
    )


class Moves(ctypes.Structure):
    """As the kernels' `struct moves` has it: where each image's window begins, and the background around the image."""

    _fields_ = (("most", ctypes.c_int), *((name, ctypes.c_void_p) for name in ("down", "right", "background")))


class Seen(ctypes.Structure):
    """As the kernels' `struct seen` has it: the mean loss and how many were right."""

    _fields_ = (("loss", ctypes.c_double), ("correct", ctypes.c_int64))


FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "create": (ctypes.c_void_p, (ctypes.c_int, ctypes.c_int)),
    "destroy": (None, (ctypes.c_void_p,)),
    **dict.fromkeys(("weights", "mean", "square", "buffers", "gradients"), (ctypes.c_void_p, (ctypes.c_void_p,))),
    "step": (
        Seen,
        (
            *[ctypes.c_void_p] * 4,
            ctypes.c_int,
            ctypes.c_double,
            ctypes.c_uint32,
            ctypes.POINTER(Moves),
            ctypes.POINTER(Rule),
        ),
    ),
    "settle": (None, (ctypes.c_void_p,)),
    "prepare": (ctypes.c_int, (ctypes.c_void_p,)),
    "evaluate_one": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
    "evaluate": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)),
}


@dataclass(frozen=True)
class Buffer:
    """Numbers that are kept but not trained: a batch norm's running statistics, prototypes."""

    name: str
    first: int
    shape: tuple[int, ...]


class Compiled:
    """A network as machine code.

    Args:
        network: Bound, of fixed input size.
        threads: Threads that share a batch's images.
        most: Images in the largest batch of a step.
        loss: `cross-entropy`, `mse`, `hinge` or `map`.
        target: The vector units to use; the machine's own by default.
        extra_flags: For the compiler.
        say: Called with a line for each decision.
        timed: Whether steps add up in `spent` the seconds of each moment; for one thread.

    Raises:
        Refused: A layer that the engine lacks.
        NoCompiler: It can't be compiled here.
        WorkError: There is not enough memory.
    """

    def __init__(
        self,
        network: Network,
        threads: int,
        most: int,
        loss: str = "cross-entropy",
        target: Target | None = None,
        extra_flags: Iterable[str] = (),
        say: Callable[[str], None] = lambda line: None,
        timed: bool = False,
    ) -> None:
        assert threads == 1 or not timed
        check_loss(loss)
        self.loss = loss
        target = target or host()
        self.plan = lowered(network, target, wanted(most, threads, target.lanes))
        self.most, self.classes = most, self.plan.output.size
        self._alone, self._prepared = Single(self.plan).supported, False
        self._answer = np.empty((1, self.classes), np.float32)
        self._answer_place = self._answer.ctypes.data
        self._lock = threading.Lock()  # one step or evaluation at a time: they share their memory
        self._library, self.built = compiler.loaded(
            source(self.plan, loss, timed),
            target,
            title="-".join([network.name, *([loss] if loss != "cross-entropy" else []), *(["timed"] if timed else [])]),
            extra_flags=extra_flags,
            say=say,
        )
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(self._library, name, None)
            if function is None:
                raise compiler.NoCompiler(f"{self.built.path} lacks the function '{name}'")
            function.restype, function.argtypes = result, arguments
        self._net = self._library.create(threads, most)
        if not self._net:
            raise WorkError("not enough memory; try a smaller `batch` or a smaller network")
        size = max(self.plan.size, self.plan.lanes)
        self.flat = {name: self._array(name, size) for name in ("weights", "mean", "square", "gradients")}
        self._buffers = list(self._untrained())
        self._kept = self._array("buffers", sum(prod(buffer.shape) for buffer in self._buffers))

    def __del__(self) -> None:
        if getattr(self, "_net", None):
            self._library.destroy(self._net)
            self._net = None

    def step(
        self,
        images: Array,
        labels: NDArray[np.int64] | NDArray[np.uint8],
        rule: Rule,
        seed: int = 0,
        rows: NDArray[np.int64] | None = None,
        moves: Moves | None = None,
    ) -> Seen:
        """One step down the gradient of the batch's mean loss.

        Args:
            images: (M, C, …), as the network reads them.
            labels: (N,) classes; N is `most` or less. With a loss over positions (N, rows, columns) uint8, 255 where
                they count for nothing.
            rule: The optimiser.
            seed: Seed of this step's dropout.
            rows: (N,) which of the images; all by default.
            moves: How each image is moved first.

        Raises:
            InputError: A label that is no class.
        """
        if rows is not None:  # C does no checks; validate here
            assert _all_below(len(images), rows), "rows of the images"
        self._look_at(images, rows)
        count = len(images) if rows is None else len(rows)
        assert 0 < len(labels) == count <= self.most, "one target per image, and no more images than a step takes"
        decided = self._look_at_targets(labels)
        chosen, moved = None if rows is None else rows.ctypes.data, ctypes.byref(moves) if moves else None
        given = (images.ctypes.data, chosen, labels.ctypes.data, count, decided, seed, moved, ctypes.byref(rule))
        with self._lock:
            self._prepared = False
            seen: Seen = self._library.step(self._net, *given)
        return seen

    def evaluate(self, images: Array) -> Array:
        """The outputs (N, classes) of any number of images, in evaluation."""
        if len(images) == 1 and self._alone:
            return self._evaluate_one(images)
        outputs = np.empty((len(images), self.classes), np.float32)
        self._look_at(images)
        with self._lock:
            self._library.evaluate(self._net, images.ctypes.data, len(images), outputs.ctypes.data)
        return outputs

    def _evaluate_one(self, image: Array) -> Array:
        self._look_at(image)
        with self._lock:
            if not self._prepared and not self._library.prepare(self._net):
                raise WorkError("not enough memory; try a smaller network")
            self._prepared = True
            self._library.evaluate_one(self._net, image.ctypes.data, self._answer_place)
            return self._answer.copy()

    def read(self, parameter: Parameter, of: str = "weights") -> Array:
        """A copy of a parameter in its own shape; or of its `gradients`, or what the optimiser remembers of it."""
        return self._view(parameter, of)[:, : int(np.prod(parameter.shape[1:]))].reshape(parameter.shape).copy()

    def write(self, parameter: Parameter, values: Array, of: str = "weights") -> None:
        """Set a parameter."""
        rows = values.reshape(parameter.shape[0], -1)
        self._view(parameter, of)[:, : rows.shape[1]] = rows
        self._prepared = False

    def tensors(self) -> dict[str, Array]:
        """Copies of all parameters, statistics and prototypes, by the names that the built module gives them."""
        found = {parameter.name: self.read(parameter) for parameter in self.plan.parameters}
        return found | {buffer.name: self._values_of(buffer).copy() for buffer in self._buffers}

    def load(self, tensors: Mapping[str, Array]) -> None:
        """Set all parameters, statistics and prototypes; other names are ignored."""
        for parameter in self.plan.parameters:
            self.write(parameter, tensors[parameter.name])
        for buffer in self._buffers:
            self._values_of(buffer)[:] = tensors[buffer.name]
        self._prepared = False

    def forget(self) -> None:
        """Reset what the optimiser remembers."""
        self._library.settle(self._net)
        self.flat["mean"][:] = 0
        self.flat["square"][:] = 0

    def _values_of(self, buffer: Buffer) -> Array:
        return self._kept[buffer.first : buffer.first + prod(buffer.shape)].reshape(buffer.shape)

    def spent(self) -> NDArray[np.float64]:
        """Seconds that the moments (`source.moments`) of a timed network took so far; writable."""
        return np.ctypeslib.as_array((ctypes.c_double * (2 * len(self.plan.steps) + 2)).in_dll(self._library, "spent"))

    def _view(self, parameter: Parameter, of: str) -> Array:
        if parameter.sparse:
            with self._lock:
                self._library.settle(self._net)
        entries = self.flat[of][parameter.offset : parameter.offset + parameter.size]
        return entries.reshape(parameter.shape[0], -1)

    def _untrained(self) -> Iterable[Buffer]:
        norms = [step for step in self.plan.steps if isinstance(step, BatchNorm)]
        total = sum(step.output.channels for step in norms)
        for step in norms:
            yield Buffer(f"{step.name}.running_mean", step.first, (step.output.channels,))
            yield Buffer(f"{step.name}.running_var", total + step.first, (step.output.channels,))
        for rbf in (step for step in self.plan.steps if isinstance(step, RBF)):
            yield Buffer(f"{rbf.path}.prototypes", 2 * total + rbf.first, rbf.shape)

    def _array(self, name: str, size: int) -> Array:
        pointer = ctypes.cast(getattr(self._library, name)(self._net), ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, (max(size, 1),))

    def _look_at_targets(self, targets: NDArray[Any]) -> float:
        """Over how many decisions the loss is a mean.

        Raises:
            InputError: A target is no class.
        """
        (channels, *positions), classes = self.plan.shape, self.classes
        if self.loss in PIXELS:
            assert targets.dtype == np.uint8
            assert targets.shape[1:] == tuple(positions), "masks of the outputs' size"
            assert targets.flags.c_contiguous
            classes, known = channels, targets[targets != IGNORED]
            high, decided = int(known.max(initial=0)), max(known.size, 1)
        else:
            high, decided = (0 if _all_below(classes, targets) else classes), len(targets)
        if high >= classes:
            raise InputError(f"labels are 0 to {classes - 1}. Received: {targets.min()} to {targets.max()}")
        return float(decided)

    def _look_at(self, images: Array, rows: NDArray[np.int64] | None = None) -> None:
        assert images.dtype == np.float32
        assert images.flags.c_contiguous
        given = self.plan.input
        assert images.size == len(images) * given.size * given.strips, "images of the network's input size"
        for table in tables(self.plan):
            read = images if rows is None else images[rows]
            if not ((read >= 0) & (read < table.parameters[0].shape[0])).all():
                known = table.parameters[0].shape[0] - 1
                raise InputError(f"words are numbers from 0 to {known}. Received: {read.min():g} to {read.max():g}")


def _all_below(limit: int, numbers: NDArray[np.int64]) -> bool:
    """Whether all are from 0 to limit - 1; as unsigned numbers, negative ones are far above any limit."""
    assert numbers.dtype == np.int64
    assert numbers.flags.c_contiguous
    return int(numbers.view(np.uint64).max(initial=0)) < max(limit, 1)
