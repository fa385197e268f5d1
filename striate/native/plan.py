"""The native engine's intermediate representation: values, steps, parameters, and their memory layout.

A `Value` is a map of one group of images; a `Step` computes one value from others and, backwards, their gradients.
`Plan.arranged` gives every value and every gradient its place in memory: within a phase they share a thread's scratch,
from one phase to another (batch norm waits for all images) each group keeps its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

from striate.native.values import Parameter, Value, vecs

Interval = tuple["Value | Step", bool, int, int]  # owner, whether its gradient, first and last moment


class Step:
    """One step of the network. A subclass writes its C text.

    Attributes:
        title: What it is, in the notation and with shapes.
        inputs: The values it reads.
        output: The value it writes.
        parameters: Its weights.
        reads_inputs: Whether its backward pass reads its inputs' values.
        reads_output: Whether its backward pass reads its output's value.
        waits: Whether it needs statistics over all images first, forward and back.
        lasting: Whether its scratch memory lasts from its forward pass to its backward pass.
        gathers: Whether its output has each image in one lane, whatever its input has.
    """

    reads_inputs = False
    reads_output = False
    waits = False
    lasting = False
    gathers = False

    def __init__(self, title: str, inputs: tuple[Value, ...], output: Value, parameters: tuple[Parameter, ...] = ()):
        self.title, self.inputs, self.output, self.parameters = title, inputs, output, parameters

    @property
    def trained(self) -> bool:
        """Whether it has numbers that learn."""
        return any(parameter.trained for parameter in self.parameters)

    @property
    def macs(self) -> int:
        """Multiply-adds of weights per image."""
        weights = sum(prod(parameter.shape) for parameter in self.parameters if parameter.penalised)
        return self.output.rows * self.output.columns * weights

    def units(self) -> dict[str, str]:
        """Translation units of its own: kernels for one shape, by file name."""
        return {}

    def read_late(self) -> tuple[Value, ...]:
        """What it reads in evaluation besides its inputs; no step may overwrite it before."""
        return ()

    def scratch(self) -> int:
        """Vecs of memory that its backward pass needs."""
        return 0

    def workspace(self) -> int:
        """Vecs of memory that it needs while it runs; the next step reuses them."""
        return 0

    def turned(self) -> int:
        """How many numbers it computes from its weights whenever they have changed."""
        return 0

    def turn(self, at: Places) -> str:
        """C statements that compute these numbers; threads share the work."""
        return ""

    def forward(self, at: Places) -> str:
        """C statements that write the output."""
        raise NotImplementedError

    def evaluate(self, at: Places) -> str:
        """The same for evaluation, where that differs."""
        return self.forward(at)

    def backward(self, at: Places) -> str:
        """C statements that write the inputs' gradients and add to the parameters'; called only where one is wanted."""
        raise NotImplementedError


class Places:
    """C expressions for where a step finds its values, gradients and parameters."""

    def __init__(self, plan: Plan, step: Step | None = None) -> None:
        self.plan, self.step = plan, step

    def value(self, value: Value) -> str:
        """Pointer to a value."""
        return self._pointer(self.plan.places[value.root], value.place)

    def gradient(self, value: Value) -> str:
        """Pointer to a value's gradient."""
        return self._pointer(self.plan.gradient_places[value.gradient_root], value.gradient_place)

    def gradient_or_null(self, value: Value) -> str:
        """The same, or NULL where nobody needs it."""
        return self.gradient(value) if self.wanted(value) else "NULL"

    def scratch(self) -> str:
        """Pointer to the step's own memory."""
        assert self.step is not None
        return self._pointer(self.plan.rooms[self.step], 0)

    @staticmethod
    def workspace() -> str:
        """Pointer to the thread's workspace."""
        return "n->workspace + thread * (long)WORKSPACE"

    def turned(self, step: Step) -> str:
        """Pointer to what a step has computed from its weights."""
        return f"n->turned + {self.plan.places_of_turned[step]}"

    def adds(self, value: Value) -> int:
        """Whether this step adds to the value's gradient, because a later one of the network has written it."""
        return int(self.plan.first_writer[value] is not self.step)

    def wanted(self, value: Value) -> bool:
        """Whether anybody needs this value's gradient."""
        return value in self.plan.wanted

    @staticmethod
    def parameter(parameter: Parameter) -> str:
        """Pointer to a parameter."""
        return f"w + {parameter.offset}"

    @staticmethod
    def slope(parameter: Parameter) -> str:
        """Pointer to the thread's gradient of a parameter."""
        return f"dw + {parameter.offset}"

    @staticmethod
    def _pointer(place: tuple[bool, int], further: int) -> str:
        kept, offset = place
        return f"{'kept' if kept else 'scratch'} + {offset + further}"


@dataclass(frozen=True)
class End:
    """A value that a network ends in, which no step reads.

    Attributes:
        name: The output's; "" for that of a network without `heads`, and for a head on the side, which is like it.
        value: Its entries one after another.
        shape: (channels, …) of them, as the notation has it.
        aside: Whether it is a head on the side, which only training computes.
    """

    name: str
    value: Value
    shape: tuple[int, ...]
    aside: bool = False


@dataclass
class Plan:
    """A network's steps in order, and their memory layout.

    Attributes:
        input: What comes in.
        ends: The outputs, and the heads on the side.
        steps: In order.
        lanes: Of a vector.
        apart: Whether every value keeps a place of its own, so that all can be read after an evaluation.
        given: Whether a step ends with the outputs, and their gradients are given for another that goes back.
        named: The value of each vertex of the network's graph, by its name; where they are apart.
    """

    input: Value
    ends: tuple[End, ...]
    steps: list[Step]
    lanes: int
    apart: bool = False
    given: bool = False
    named: dict[str, Value] = field(default_factory=dict)
    places: dict[Value, tuple[bool, int]] = field(default_factory=dict)  # root → (kept over phases?, offset in vecs)
    gradient_places: dict[Value, tuple[bool, int]] = field(default_factory=dict)
    rooms: dict[Step, tuple[bool, int]] = field(default_factory=dict)
    first_writer: dict[Value, Step] = field(default_factory=dict)
    wanted: set[Value] = field(default_factory=set)
    places_of_turned: dict[Step, int] = field(default_factory=dict)
    turned: int = 0
    scratch: int = 0
    kept: int = 0

    @property
    def outputs(self) -> tuple[End, ...]:
        """The ends that evaluation gives."""
        return tuple(end for end in self.ends if not end.aside)

    @property
    def entries(self) -> int:
        """How many numbers the network gives for an image."""
        return sum(end.value.size for end in self.outputs)

    @property
    def all_entries(self) -> int:
        """The same with the heads on the side."""
        return sum(end.value.size for end in self.ends)

    @property
    def evaluated(self) -> list[Step]:
        """The steps that outputs depend on; the others lead to heads on the side alone."""
        needed = {end.value for end in self.outputs}
        for step in reversed(self.steps):
            if step.output in needed:
                needed.update(step.inputs)
        return [step for step in self.steps if step.output in needed]

    @property
    def parameters(self) -> list[Parameter]:
        """All weights, penalised ones first, sparse ones last."""
        found = [parameter for step in self.steps for parameter in step.parameters]
        return sorted(found, key=lambda parameter: (parameter.sparse, not parameter.penalised))

    @property
    def macs(self) -> int:
        """Multiply-adds of weights per image."""
        return sum(step.macs * step.inputs[0].strips for step in self.steps)

    @property
    def images(self) -> int:
        """Images in a group."""
        return self.lanes // self.input.strips

    @property
    def penalised(self) -> int:
        """How many entries, from the start of the flat array, penalties act on."""
        return next((p.offset for p in self.parameters if p.sparse or not p.penalised), self.size)

    @property
    def dense(self) -> int:
        """How many entries, from the start of the flat array, have a gradient in every step."""
        return next((p.offset for p in self.parameters if p.sparse), self.size)

    @property
    def size(self) -> int:
        """Entries of the flat array: a multiple of the lanes, with zeros between and after the parameters."""
        last = self.parameters[-1:]
        return self._rounded(last[0].offset + last[0].size) if last else 0

    def _rounded(self, n: int) -> int:
        return vecs(n, self.lanes) * self.lanes

    def arranged(self) -> Plan:
        """The plan with every offset set."""
        offset = 0
        for parameter in self.parameters:
            parameter.offset = offset
            offset = self._rounded(offset + parameter.size)
        for step in self.steps:
            self.places_of_turned[step] = self.turned
            self.turned = self._rounded(self.turned + step.turned())
        self._find_writers()
        moments, phases = self._moments()
        last = len(phases)
        late = {value.root: moments[step][0] for step in self.steps for value in step.read_late()}
        kept: list[Interval] = []
        scratch: list[Interval] = []
        for owner, gradient, born, dies in self._intervals(moments):
            until = dies if gradient or isinstance(owner, Step) else max(dies, late.get(owner, 0), last * self.apart)
            (scratch if phases[born] == phases[dies] else kept).append((owner, gradient, born, until))
        self.kept, self.scratch = self._pack(kept, True), self._pack(scratch, False)
        return self

    @property
    def workspace(self) -> int:
        """Vecs of memory that a thread's steps need, one after another."""
        return max((step.workspace() for step in self.steps), default=0)

    def goes_back(self, step: Step) -> bool:
        """Whether anything that the step trains or reads needs a gradient."""
        return step.trained or any(value in self.wanted for value in step.inputs)

    def _find_writers(self) -> None:
        """Which step writes each gradient first, going back, and which gradients are needed."""
        trained = {end.value for end in self.ends}
        for step in self.steps:
            if step.trained or any(value in trained for value in step.inputs):
                trained.add(step.output)
        for step in reversed(self.steps):
            for value in step.inputs:
                self.first_writer.setdefault(value, step)
                if value in trained:
                    self.wanted.add(value)

    def _moments(self) -> tuple[dict[Step, tuple[int, int]], list[int]]:
        """When each step runs, forward and back, and the phase of every moment."""
        n = len(self.steps)
        moments = {step: (i + 1, 2 * n + 1 - i) for i, step in enumerate(self.steps)}
        waits = {moment for step, both in moments.items() if step.waits for moment in both}
        waits |= {n + 1} if self.given else set()  # the loss
        phases = [0]
        for moment in range(1, 2 * n + 2):
            phases.append(phases[-1] + (moment in waits))
        return moments, phases

    def _intervals(self, moments: dict[Step, tuple[int, int]]) -> Iterator[Interval]:
        """(root, whether its gradient, first moment, last moment) of all that needs memory."""
        lives: dict[tuple[Value | Step, bool], list[int]] = {}

        def used(owner: Value | Step, gradient: bool, moment: int) -> None:
            lives.setdefault((owner, gradient), []).append(moment)

        used(self.input.root, False, 0)
        for step, (there, back) in moments.items():
            before = there - 1 if step.waits else there  # it measures its input in the phase before
            before_back = back - 1 if step.waits else back
            for value in step.inputs:
                used(value.root, False, there)
                used(value.root, False, before)
                if step.reads_inputs:
                    used(value.on_the_way_back.root, False, back)
                    used(value.on_the_way_back.root, False, before_back)
                if value in self.wanted:
                    used(value.gradient_root, True, back)
            used(step.output.root, False, there)
            if step.reads_output:
                used(step.output.root, False, back)
            used(step.output.gradient_root, True, back)
            used(step.output.gradient_root, True, before_back)
            if step.scratch():
                used(step, False, back)
            if step.lasting:
                used(step, False, there)
        middle = len(self.steps) + 1
        for end in self.ends:
            used(end.value.root, False, middle - self.given)  # the outputs leave in the phase before
            used(end.value.gradient_root, True, middle)
        for (owner, gradient), times in lives.items():
            yield owner, gradient, min(times), max(times)

    def _set(self, owner: Value | Step, gradient: bool, place: tuple[bool, int]) -> None:
        if isinstance(owner, Step):
            self.rooms[owner] = place
        elif gradient:
            self.gradient_places[owner] = place
        else:
            self.places[owner] = place

    def _pack(self, intervals: list[Interval], kept: bool) -> int:
        """Give each owner a place, shared where their times allow; returns the memory that all take.

        The zeros of a border must stay: a value with a border shares memory only with values of the same geometry.
        """
        placed: list[tuple[int, int, int, int]] = []  # begins, ends, born, dies
        slots: dict[tuple[int, ...], list[tuple[int, list[tuple[int, int]]]]] = {}  # offsets, and when they are taken
        end = 0
        for owner, gradient, born, dies in sorted(intervals, key=lambda item: -_room(item[0], item[1])):
            size, offset = _room(owner, gradient), 0
            bordered = isinstance(owner, Value) and not gradient and any(owner.border)
            same = slots.setdefault(owner.geometry, []) if isinstance(owner, Value) and bordered else []
            slot = next((slot for slot in same if all(b < born or dies < a for a, b in slot[1])), None)
            if slot:
                slot[1].append((born, dies))
                self._set(owner, gradient, (kept, slot[0]))
                continue
            first, last = (0, 10**9) if bordered else (born, dies)
            for begins, ends, other_born, other_dies in sorted(placed):
                if other_born <= last and first <= other_dies and begins < offset + size and offset < ends:
                    offset = ends
            same.append((offset, [(born, dies)]))
            self._set(owner, gradient, (kept, offset))
            placed.append((offset, offset + size, first, last))
            end = max(end, offset + size)
        return end


def _room(owner: Value | Step, gradient: bool) -> int:
    """Vecs of memory."""
    if isinstance(owner, Step):
        return owner.scratch()
    return owner.size if gradient else owner.channels * owner.all_rows * owner.all_columns
