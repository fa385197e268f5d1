"""Plan → C text: the network, step by step, after the kernels that it calls.

>>> from striate.native.losses import parts_of
>>> from striate.native.lowering import lowered
>>> from striate.native.target import named
>>> from striate.notation import read
>>> plan = lowered(read("input 1x28x28 -> conv 6@5x5 -> tanh -> fc 10"), named("avx2"))
>>> units = source(plan, parts_of(plan.ends, "cross-entropy", 0))
>>> list(units)
['conv_1x28x28_6_5x5_24x24_b_image', 'network']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from math import prod
from pathlib import Path

from striate.ignored import IGNORED
from striate.native.losses import Part
from striate.native.plan import End, Places, Plan
from striate.native.single import Single
from striate.native.steps.convolution import Convolution
from striate.native.steps.embed import table_sizes
from striate.native.steps.norm import BatchNorm
from striate.native.steps.peaks import Peaks
from striate.native.steps.rbf import RBF
from striate.native.steps.strips import lane_shifts
from striate.native.steps.upconv import UpConvolution
from striate.native.values import Value

KERNELS = Path(__file__).parent / "kernels"
INCLUDE, PART = re.compile(r'#include "(.*)"\n'), re.compile(r"/\* =+ (.*) =+ \*/")
HEADING = """/* A network as the native engine runs it, for vectors of {lanes} images: one image per lane.

   Its layers, with the sizes that come in and go out:"""
READING = (
    "   Read `forward` first, which is the network itself; then `phase_1` and on, which learn: forward, loss and back.",
    "   The numbers added to `scratch` and `kept` say where a map begins, in vectors; those added to `w` and `dw`",
    "   where a layer's weights and their gradients begin. Each shape of convolution has its own file beside this one.",
    "",
    "   The parts, and the line each begins at:",
)
INCLUDES = (
    *(
        "activation.h",
        "pool.h",
        "adaptive.h",
        "subsample.h",
        "padding.h",
        "regrid.h",
        "join.h",
        "dense.h",
        "rbf.h",
        "dropout.h",
    ),
    *("peaks.h", "norm.h", "own.h", "single.h"),
)


def source(plan: Plan, parts: Sequence[Part], timed: bool = False) -> dict[str, str]:
    """C texts by name: one for each shape of convolution, and the network's own, all complete in themselves.

    Args:
        plan: What to do.
        parts: Of the loss, one for each of the plan's ends.
        timed: Whether a training step adds up in `spent` the seconds of each of `moments`; needs one thread.
    """
    units: dict[str, str] = {}
    for step in plan.steps:
        units |= step.units()
    whole = {name: _whole(text) for name, text in units.items()}
    return whole | {"network": _headed(plan, _whole(_Program(plan, parts, timed).text()))}


def moments(plan: Plan) -> list[str]:
    """What a timed training step measures apart: each step forward, each step back, packing the images, the loss."""
    titles = [step.title for step in plan.steps]
    return [*titles, *(f"back through {title}" for title in titles), "images", "loss"]


def _whole(text: str) -> str:
    """The text with each included kernel file pasted in, once and under its name."""
    seen: set[str] = set()

    def put_in(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return ""
        seen.add(name)
        needed = "".join(map(put_in, INCLUDE.finditer(_kernel(name))))
        return f"{needed}{_part(name)}\n{INCLUDE.sub('', _kernel(name))}\n"

    return INCLUDE.sub(put_in, text)


def _part(name: str) -> str:
    """The line that a part of a text begins with."""
    return f"/* ======== {name} ======== */"


def _headed(plan: Plan, text: str) -> str:
    """The network's text after what a reader wants first: its layers, and the line at which each part begins."""
    head = [HEADING.format(lanes=plan.lanes), *(f"     {step.title}" for step in plan.steps), "", *READING]
    parts = [(number, part[1]) for number, line in enumerate(text.split("\n"), 1) if (part := PART.fullmatch(line))]
    above = len("\n".join(head).split("\n")) + len(parts) + 1
    contents = [f"   {above + number:6}  {name}" for number, name in parts]
    return "\n".join([*head, *contents, "*/", text])


@cache
def _kernel(name: str) -> str:
    return (KERNELS / name).read_text(encoding="utf-8").replace("#pragma once\n", "")


class _Program:
    """The text of one network."""

    def __init__(self, plan: Plan, parts: Sequence[Part], timed: bool) -> None:
        self.plan, self.parts, self.timed = plan, parts, timed
        self.norms = [step for step in plan.steps if isinstance(step, BatchNorm)]

    def text(self) -> str:
        """All of it."""
        single = Single(self.plan)
        parts = [
            "\n".join(f'#include "{name}"' for name in INCLUDES),
            "\n".join([_part("sizes"), *(f"#define {name} {value}" for name, value in self._numbers().items())]),
            '#include "network.h"\n#include "table.h"\n#include "settle.h"\n',
            f'{lane_shifts(self.plan)}\n#include "strips.h"\n' if self.plan.input.strips > 1 else "",
            '#include "timed.h"\n' if self.timed else "",
            "\n".join(dict.fromkeys(f"{line};" for step in self._convolutions() for line in step.signatures())),
            *self._phases(),
            *self._last(),
            f"{_part('one: a single image, its channels in the lanes')}\n{single.text()}",
            '#include "alone.h"',
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _convolutions(self) -> Iterator[Convolution | UpConvolution | Peaks]:
        return (step for step in self.plan.steps if isinstance(step, Convolution | UpConvolution | Peaks))

    def _numbers(self) -> dict[str, str | int]:
        plan, image = self.plan, self.plan.input
        normalised = sum(step.output.channels for step in self.norms)
        prototypes = sum(prod(step.shape) for step in plan.steps if isinstance(step, RBF))
        return {
            "PARAMETERS": max(plan.size, plan.lanes),
            "DENSE": plan.dense or plan.lanes * (not plan.size),
            "PENALISED": plan.penalised,
            **table_sizes(plan),
            "BUFFERS": 2 * normalised + prototypes,
            "PROTOTYPES": 2 * normalised,
            "NORMALISED": max(normalised, 1),
            "SCRATCH": plan.scratch,
            "KEPT": plan.kept,
            "MACS": plan.macs,
            "SHARED_FROM": 2_000_000,
            "TURNED": plan.turned,
            "WORKSPACE": plan.workspace,
            "ENTRIES": plan.entries,
            "PARTS": len(self.parts),
            "GIVEN": int(plan.given),
            "IGNORED": IGNORED,
            "STRIPS": image.strips,
            "IMAGES": "(LANES / STRIPS)",
            "VALUES": image.size * image.strips,
            "INPUT": image.as_map(),
            "IMAGE": Value(image.channels, image.rows * image.strips, image.columns).as_map(),
            **({"MOMENTS": len(moments(plan))} if self.timed else {}),
        }

    def _clocked(self, moment: int, *lines: str) -> list[str]:
        """The lines of a moment, between two readings of the clock where times are wanted."""
        if not self.timed or not any(lines):
            return list(lines)
        inside = ["const double began = now();", *lines, f"spent[{moment}] += now() - began;"]
        return ["{", *(f"  {line}" for line in inside), "}"]

    def _phases(self) -> Iterator[str]:
        """A function for each phase of a training step, and the whole forward pass for evaluation."""
        self.calls: list[str] = []  # what `train` does, in order
        steps, num_steps = list(enumerate(self.plan.steps)), len(self.plan.steps)
        lines = self._clocked(2 * num_steps, *self._packing())
        for moment, step in steps:
            at = Places(self.plan, step)
            if isinstance(step, BatchNorm):
                yield self._phase([*lines, *self._clocked(moment, step.measure(at))])
                lines = []
                self.calls.append("\n  ".join(self._clocked(moment, step.settle(at))))
            lines += [f"/* {step.title} */", *self._clocked(moment, *step.forward(at).split("\n"))]
        if self.plan.given:
            yield self._phase([*lines, *self._giving()])
            lines = []
            self.there = len(self.calls)
        lines += self._clocked(2 * num_steps + 1, *(self._taking() if self.plan.given else self._loss()))
        for number, step in reversed(steps):
            at, moment = Places(self.plan, step), num_steps + number
            if isinstance(step, BatchNorm):
                yield self._phase([*lines, *self._clocked(moment, step.measure_back(at))])
                lines = []
                self.calls.append("\n  ".join(self._clocked(moment, step.settle_back(at))))
            back = step.backward(at) if self.plan.goes_back(step) else ""
            lines += [f"/* back through {step.title} */", *self._clocked(moment, *back.split("\n"))]
        yield self._phase(lines)
        yield self._forward()

    def _packing(self) -> list[str]:
        at = Places(self.plan)
        return [f"take_images(n, thread, g, count, {at.value(self.plan.input)});"]

    def _given(self, ends: Sequence[End]) -> Iterator[tuple[int, Value]]:
        """The values of some ends, and where among an image's numbers each begins."""
        first = 0
        for end in ends:
            yield first, end.value
            first += end.value.size

    def _giving(self) -> Iterator[str]:
        """The outputs of a group, heads on the side included, to whoever computes the loss."""
        at, each = Places(self.plan), self.plan.all_entries
        for first, y in self._given(self.plan.ends):
            to = f"n->outputs + (long)g * IMAGES * {each} + {first}"
            yield f"unpack({at.value(y)}, {y.as_map()}, count, {to}, {each});"

    def _taking(self) -> Iterator[str]:
        """Their gradients, as they are given."""
        at, each = Places(self.plan), self.plan.all_entries
        yield "const float *given[IMAGES];"
        for first, y in self._given(self.plan.ends):
            place = f"n->given + (g * (long)IMAGES + i) * {each} + {first}"
            yield f"for (int i = 0; i < count; i++) given[i] = {place};"
            yield f"pack(given, count, {at.gradient(y)}, {Value(1, 1, y.size).as_map()}, 1);"

    def _loss(self) -> list[str]:
        at = Places(self.plan)
        return [line for number, part in enumerate(self.parts) for line in part.lines(at, number)]

    def _phase(self, lines: list[str]) -> str:
        number = sum(call.startswith("for") for call in self.calls) + 1
        arguments = "n, scratch, n->kept + (long)g * KEPT, st, w, dw, thread, g, seen"
        there, back = "int g = first; g < last; g++", "int g = last - 1; g >= first; g--"
        groups = there if number % 2 else back  # alternate direction: the last phase's output is still in cache
        self.calls.append(f"for ({groups}) phase_{number}({arguments});")
        head = (
            f"static void phase_{number}(struct net *n, vec *scratch, vec *kept, float *st, const float *w, float *dw,"
        )
        body = "\n".join(f"  {line}" for line in lines if line)
        head += "\n    int thread, int g, struct seen *seen) {"
        part = _part(f"phase_{number}: a part of a training step, for one group of images")
        return f"{part}\n{head}\n  const int count = images_in(n, g), training = 1;\n{body}\n}}"

    def _forward(self) -> str:
        lines = self._packing()
        for step in self.plan.evaluated:
            lines += [f"/* {step.title} */", *step.evaluate(Places(self.plan, step)).split("\n")]
        body = "\n".join(f"  {line}" for line in lines if line)
        head = _part("forward: the layers in order, for evaluation")
        head += "\nstatic void forward(struct net *n, vec *scratch, vec *kept, const float *st, int thread, int g) {"
        return f"{head}\n  const int count = images_in(n, g), training = 0;\n  const float *w = n->weights;\n{body}\n}}"

    def _last(self) -> Iterator[str]:
        at = Places(self.plan)
        turns = "".join(f"  {text}\n" for step in self.plan.steps if (text := step.turn(Places(self.plan, step))))
        turns += "  barrier(&n->pool);\n" if turns else ""
        yield (
            f"{_part('turn: what steps compute from their weights whenever these have changed')}\n"
            "static void turn(struct net *n, int thread) {\n"
            f"  const float *w = n->weights;\n  const int threads = n->pool.threads;\n{turns}}}"
        )
        waits = [call if call.startswith("for") else f"barrier(&n->pool);\n  {call}" for call in self.calls]
        there = self.there if self.plan.given else len(waits)
        yield self._trains("train", "a step, in which each thread takes its share of the groups", waits[:there])
        if self.plan.given:
            yield self._trains("train_back", "the rest, from the gradients of the outputs", waits[there:])
        recalls = "\n  ".join(step.recall(Places(self.plan, step)) for step in self.norms)
        yield (
            f"{_part('recall: batch norm for evaluation, from the running statistics')}\n"
            f"static void recall(struct net *n, float *st) {{\n  const float *w = n->weights;\n  {recalls}\n}}"
        )
        yield (
            f"{_part('give: the outputs of a group of images, those of each image one after another')}\n"
            "static void give(const vec *scratch, const vec *kept, int count, float *to) {\n"
            + "".join(
                f"  unpack({at.value(y)}, {y.as_map()}, count, to + {first}, ENTRIES);\n"
                for first, y in self._given(self.plan.outputs)
            )
            + "}"
        )

    def _trains(self, name: str, what: str, calls: Sequence[str]) -> str:
        """A function that does these, in order."""
        body = "\n  ".join(calls)
        return (
            f"{_part(f'{name}: {what}')}\n"
            f"static void {name}(struct net *n, int thread) {{\n"
            "  vec *scratch = n->scratch + thread * (long)SCRATCH;\n"
            "  float *st = n->statistics + thread * 6l * NORMALISED, *dw = n->gradients + thread * (long)PARAMETERS;\n"
            "  const float *w = n->weights;\n"
            "  struct seen *seen = n->seen + thread * PARTS;\n"
            "  int first, last;\n"
            f"  share_of(n, thread, &first, &last);\n  {body}\n}}"
        )
