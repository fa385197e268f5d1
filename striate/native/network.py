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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from striate.errors import InputError, WorkError
from striate.native import compiler
from striate.native.losses import GIVEN, Loss, Over, all_below, parts_of
from striate.native.lowering import lowered
from striate.native.plan import Plan
from striate.native.single import Single
from striate.native.source import source
from striate.native.steps.embed import tables
from striate.native.steps.norm import BatchNorm
from striate.native.steps.rbf import RBF
from striate.native.strips import wanted
from striate.native.target import Target, host
from striate.native.values import Parameter
from striate.notation import Network

Array = NDArray[np.float32]
Targets: TypeAlias = NDArray[np.int64] | NDArray[np.uint8] | NDArray[np.float32]


class Rule(ctypes.Structure):
    """As the kernels' `struct rule` has it."""

    _fields_ = (
        ("kind", ctypes.c_int),
        *((name, ctypes.c_float) for name in ("rate", "decay", "l1", "momentum", "eps", "beta1", "beta2")),
        *((name, ctypes.c_float) for name in ("correct1", "correct2", "clip")),
    )


class Range(ctypes.Structure):
    """As the kernels' `struct range` has it: parameters that learn at a share of the rate."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("first", "last")),
        *((name, ctypes.c_float) for name in ("share", "correct1", "correct2")),
    )


class Moves(ctypes.Structure):
    """As the kernels' `struct moves` has it: how each image is shifted or warped, and which square of it is empty."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("most", "side")),
        *((name, ctypes.c_void_p) for name in ("down", "right", "holes", "matrix", "background", "empty")),
    )


class Counted(ctypes.Structure):
    """As the kernels' `struct seen` has it: the mean loss of a part and how many were right."""

    _fields_ = (("loss", ctypes.c_double), ("correct", ctypes.c_int64))


class Seen(NamedTuple):
    """The result of a step.

    Attributes:
        parts: The mean loss in parts by name, heads on the side included.
        correct: How many of the decisions were right of the first output that decides between classes.
        decided: How many there were.
    """

    parts: dict[str, float]
    correct: int
    decided: int

    @property
    def loss(self) -> float:
        """The mean loss."""
        return sum(self.parts.values())


FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "create": (ctypes.c_void_p, (ctypes.c_int, ctypes.c_int)),
    "destroy": (None, (ctypes.c_void_p,)),
    **dict.fromkeys(("weights", "mean", "square", "buffers", "gradients"), (ctypes.c_void_p, (ctypes.c_void_p,))),
    "learn_by": (None, (ctypes.c_void_p, ctypes.POINTER(Range), ctypes.c_int)),
    "settle": (None, (ctypes.c_void_p,)),
    "prepare": (ctypes.c_int, (ctypes.c_void_p,)),
    "evaluate_one": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)),
    "evaluate": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)),
}
STEP: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "step": (
        None,
        (
            *[ctypes.c_void_p] * 4,
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.POINTER(Moves),
            ctypes.POINTER(Rule),
            ctypes.POINTER(Counted),
        ),
    ),
}
HALVES: dict[str, tuple[Any, tuple[Any, ...]]] = {  # of a step between which the caller computes the loss
    "begin": (
        None,
        (
            *[ctypes.c_void_p] * 3,
            ctypes.c_int,
            ctypes.c_uint32,
            ctypes.POINTER(Moves),
            ctypes.c_void_p,
        ),
    ),
    "finish": (None, (ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(Rule))),
}


@dataclass(frozen=True)
class Buffer:
    """Numbers that are kept but not trained: a batch norm's running statistics, prototypes."""

    name: str
    first: int
    shape: tuple[int, ...]


def buffers_of(plan: Plan) -> list[Buffer]:
    """Running statistics and prototypes."""
    norms = [step for step in plan.steps if isinstance(step, BatchNorm)]
    total, found = sum(step.output.channels for step in norms), []
    for step in norms:
        found.append(Buffer(f"{step.name}.running_mean", step.first, (step.output.channels,)))
        found.append(Buffer(f"{step.name}.running_var", total + step.first, (step.output.channels,)))
    rbfs = [step for step in plan.steps if isinstance(step, RBF)]
    return found + [Buffer(f"{rbf.path}.prototypes", 2 * total + rbf.first, rbf.shape) for rbf in rbfs]


class Compiled:
    """A network as machine code.

    Args:
        network: Bound, of fixed input size.
        threads: Threads that share a batch's images.
        most: Images in the largest batch of a step.
        loss: One of `losses.KINDS`; for a network of several outputs one for each by name; `losses.GIVEN` where the
            caller computes it, between `begin` and `finish`.
        aside: What the loss of a head on the side is multiplied by.
        target: The vector units to use; the machine's own by default.
        extra_flags: For the compiler.
        say: Called with a line for each decision.
        timed: Whether steps add up in `spent` the seconds of each moment; for one thread.

    Raises:
        Refused: A layer or a loss that the engine lacks.
        NoCompiler: It can't be compiled here.
        WorkError: There is not enough memory.
    """

    def __init__(
        self,
        network: Network,
        threads: int,
        most: int,
        loss: Loss = "cross-entropy",
        aside: float = 0.0,
        target: Target | None = None,
        extra_flags: Iterable[str] = (),
        say: Callable[[str], None] = lambda line: None,
        timed: bool = False,
    ) -> None:
        assert threads == 1 or not timed
        target = target or host()
        self.plan = lowered(network, target, wanted(most, threads, target.lanes), given=loss == GIVEN)
        known = aside or loss == GIVEN or len(self.plan.outputs) == len(self.plan.ends)
        assert known, "a head on the side weighs something"
        self.parts, self.most = parts_of(self.plan.ends, loss, aside), most
        self._names = [part.name for part in self.parts]
        self._alone, self._prepared = Single(self.plan).supported, False
        self._words = [table.parameters[0].shape[0] for table in tables(self.plan)]  # that each table knows
        self._answer = np.empty((1, self.plan.entries), np.float32)
        self._answer_place = self._answer.ctypes.data
        self._lock = threading.Lock()  # one step or evaluation at a time: they share their memory
        self._library, self.built = compiler.loaded(
            source(self.plan, self.parts, timed),
            target,
            title="-".join([network.name, *self._kinds(), *(["timed"] if timed else [])]),
            extra_flags=extra_flags,
            say=say,
        )
        for name, (result, arguments) in (FUNCTIONS | (HALVES if self.plan.given else STEP)).items():
            function = getattr(self._library, name, None)
            if function is None:
                raise compiler.NoCompiler(f"{self.built.path} lacks the function '{name}'")
            function.restype, function.argtypes = result, arguments
        self._net = self._library.create(threads, most)
        if not self._net:
            raise WorkError("not enough memory; try a smaller `batch` or a smaller network")
        size = max(self.plan.size, self.plan.lanes)
        self.flat = {name: self._array(name, size) for name in ("weights", "mean", "square", "gradients")}
        self._buffers = buffers_of(self.plan)
        self._kept = self._array("buffers", sum(prod(buffer.shape) for buffer in self._buffers))

    def _kinds(self) -> list[str]:
        """The kinds of its losses, for a title; none where that is cross-entropy alone."""
        kinds = [GIVEN] if self.plan.given else list(dict.fromkeys(part.criterion.kind for part in self.parts))
        return [] if kinds == ["cross-entropy"] else kinds

    def __del__(self) -> None:
        if getattr(self, "_net", None):
            self._library.destroy(self._net)
            self._net = None

    def step(
        self,
        images: Array,
        targets: Targets | Mapping[str, Targets],
        rule: Rule,
        seed: int = 0,
        rows: NDArray[np.int64] | None = None,
        moves: Moves | None = None,
    ) -> Seen:
        """One step down the gradient of the batch's mean loss.

        Args:
            images: (M, C, …), as the network reads them.
            targets: (N,) classes; N is `most` or less. With a loss over positions (N, rows, columns) uint8, 255 where
                they count for nothing; with one of numbers (N, …) float32. Of several outputs by name.
            rule: The optimiser.
            seed: Seed of this step's dropout.
            rows: (N,) which of the images; all by default.
            moves: How each image is moved first.

        Raises:
            InputError: A label that is no class, or other targets that are none for the output.
        """
        count = self._count(images, rows)
        each = [targets[part.end.name] if isinstance(targets, Mapping) else targets for part in self.parts]
        assert all(0 < len(one) == count <= self.most for one in each), "a target per image, as many as a step takes"
        over = [part.kind.over(one, part) for one, part in zip(each, self.parts, strict=True)]
        chosen, moved = None if rows is None else rows.ctypes.data, ctypes.byref(moves) if moves else None
        given = (ctypes.c_void_p * len(each))(*(one.ctypes.data for one in each))
        totals, counted = (ctypes.c_double * len(over))(*(one.total for one in over)), (Counted * len(each))()
        how = (seed, moved, ctypes.byref(rule), counted)
        with self._lock:
            self._prepared = False
            self._library.step(self._net, images.ctypes.data, chosen, given, count, totals, *how)
        return self._seen(counted, over)

    def _count(self, images: Array, rows: NDArray[np.int64] | None) -> int:
        """How many images a step has; C does no checks, so they are looked at here."""
        if rows is not None:
            assert all_below(len(images), rows), "rows of the images"
        self._look_at(images, rows)
        return len(images) if rows is None else len(rows)

    def begin(
        self, images: Array, seed: int = 0, rows: NDArray[np.int64] | None = None, moves: Moves | None = None
    ) -> list[Array]:
        """The first half of a step with a `GIVEN` loss: the outputs of each end, (N, entries), as training has them.

        Args:
            images, seed, rows, moves: As for `step`.
        """
        count = self._count(images, rows)
        assert 0 < count <= self.most
        outputs = np.empty((count, self.plan.all_entries), np.float32)
        chosen, moved = None if rows is None else rows.ctypes.data, ctypes.byref(moves) if moves else None
        self._batch = images, rows, moves  # the second half reads them too
        with self._lock:
            self._prepared = False
            self._library.begin(self._net, images.ctypes.data, chosen, count, seed, moved, outputs.ctypes.data)
        return np.split(outputs, np.cumsum([end.value.size for end in self.plan.ends])[:-1], 1)

    def finish(self, gradients: Sequence[Array], rule: Rule) -> None:
        """The second half: a step down the gradient of the loss.

        Args:
            gradients: Of the loss by what `begin` gave.
            rule: The optimiser.
        """
        given = np.ascontiguousarray(np.concatenate(gradients, 1), np.float32)
        assert given.shape == (self._count(*self._batch[:2]), self.plan.all_entries)
        with self._lock:
            self._library.finish(self._net, given.ctypes.data, ctypes.byref(rule))

    def learn_by(self, ranges: Sequence[Range] | None) -> None:
        """From here on only these parts of the parameters learn; None for all. Not for tables of words."""
        self._ranges = None if ranges is None else (Range * len(ranges))(*ranges)
        self._library.learn_by(self._net, self._ranges, len(ranges or ()))

    def _seen(self, counted: ctypes.Array[Counted], over: Sequence[Over]) -> Seen:
        """A step's result from what each part counted."""
        losses, right = dict.fromkeys(self._names, 0.0), (0, 0)
        for part, one, (_, decided) in zip(self.parts, counted, over, strict=True):
            losses[part.name] += part.weight * one.loss
            if decided and not right[1]:
                right = (one.correct, decided)
        return Seen(losses, *right)

    def evaluate(self, images: Array) -> Array:
        """The outputs (N, …) of any number of images, in evaluation; several are one after another."""
        if len(images) == 1 and self._alone:
            return self._evaluate_one(images)
        outputs = np.empty((len(images), self.plan.entries), np.float32)
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

    @property
    def trained(self) -> list[Array]:
        """All that a step moves, to read and to write: the parameters, and the running statistics with prototypes."""
        return [self.flat["weights"], self._kept]

    def settle(self) -> None:
        """Bring rows of tables that the last steps have not read up to date."""
        with self._lock:
            self._library.settle(self._net)

    def renewed(self) -> None:
        """Whoever has written to `trained` says so."""
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

    def _array(self, name: str, size: int) -> Array:
        pointer = ctypes.cast(getattr(self._library, name)(self._net), ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, (max(size, 1),))

    def _look_at(self, images: Array, rows: NDArray[np.int64] | None = None) -> None:
        assert images.dtype == np.float32
        assert images.flags.c_contiguous
        given = self.plan.input
        assert images.size == len(images) * given.size * given.strips, "images of the network's input size"
        if self._words:
            self._look_at_words(images if rows is None else images[rows])

    def _look_at_words(self, read: Array) -> None:
        for count in self._words:
            if not ((read >= 0) & (read < count)).all():
                raise InputError(f"words are numbers from 0 to {count - 1}. Received: {read.min():g} to {read.max():g}")
