"""The program for one image at a time: channels in the lanes instead of images, threads that share each map's rows.

Nothing waits for fifteen other images, so an answer comes as soon as it can. Weights are packed for it once after they
change (`prepare`). A network with a step that is not in `WRITERS` has no such program.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from striate.native.plan import Plan, Step
from striate.native.steps.activation import Activation, Maxout, PRelu
from striate.native.steps.adaptive import AdaptivePool
from striate.native.steps.bodies import FLAT
from striate.native.steps.convolution import Convolution
from striate.native.steps.dense import Dense
from striate.native.steps.dropout import Dropout
from striate.native.steps.embed import Embed
from striate.native.steps.join import Add, Concat, Scale, ZeroPad
from striate.native.steps.maps import Maps
from striate.native.steps.norm import BatchNorm
from striate.native.steps.own import ChannelMean, Factors, OwnNorm, Softmax
from striate.native.steps.padding import Padding
from striate.native.steps.peaks import Peaks
from striate.native.steps.pool import AvgPool, GlobalAvgPool, MaxPool, SumPool
from striate.native.steps.rbf import RBF
from striate.native.steps.regrid import Resample, Shuffle
from striate.native.steps.subsample import Subsample
from striate.native.steps.upconv import UpConvolution
from striate.native.steps.view import Flatten, View
from striate.native.values import Parameter, Value, vecs


class Single:
    """The memory layout of values and packed weights, and the C text of both functions."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.room = self.packed = 0  # vecs
        self.places: dict[Value, int] = {}
        self.flattened: dict[Value, Value] = {}  # flat value → the map it was made from
        self.views: dict[Value, Value] = {}  # what a value has the memory of, in another shape
        self.prepares: list[str] = []
        self.supported = plan.input.strips == 1 and all(
            type(step) in WRITERS and _fits(step) for step in plan.evaluated
        )

    def text(self) -> str:
        """C: `pack_weights`, and `one`, the whole network for one image."""
        if not self.supported:
            return NONE
        image = self.plan.input
        wait = "if (threads > 1) barrier(&n->pool);"
        body = [f"if (thread == 0) one_take(n->images, {self.at(image)}, {self.plane(image)});", wait]
        for step in self.plan.evaluated:
            shared, call = WRITERS[type(step)](self, step)
            rows = step.output.rows
            if step.output.frames > 1:
                call = f"for (int d = 0; d < {step.output.frames}; d++) {{\n  {call}\n  }}"
            share = f"first = {rows} * thread / threads, last = {rows} * (thread + 1) / threads;\n  {call}"
            if call:
                body += [f"/* {step.title} */", share if shared else f"if (thread == 0) {call}", wait]
        first = 0
        for end in self.plan.outputs:
            output = self.flattened.get(end.value, end.value)
            body.append(f"if (thread == 0) one_give({self.at(output)}, n->outputs + {first}, {self.plane(output)});")
            first += output.size
        numbers = {"ONE_ROOM": self.room, "ONE_PACKED": self.packed}
        defines = "\n".join(f"#define {name} {value}" for name, value in numbers.items())
        return TEXT.format(defines=defines, prepares="\n  ".join(self.prepares), one="\n  ".join(body))

    def at(self, value: Value) -> str:
        """Pointer to a value's floats, to those of frame d where each frame is a map."""
        frame = value.all_rows * value.all_columns * self.step(value)
        return self.first(value) + f" + d * {frame}" * (value.frames > 1)

    def first(self, value: Value) -> str:
        """Pointer to the first of a value's floats."""
        home = self._home(value)
        if home not in self.places:
            self.places[home] = self.room
            pixels = home.frames * home.all_rows * home.all_columns
            self.room += vecs(pixels * self.step(home), self.plan.lanes)
        return f"room + {self.places[home]} * LANES"

    def _home(self, value: Value) -> Value:
        """The value that has the memory."""
        if value in self.views:
            return self._home(self.views[value])
        home = value.home[0] if value.home and value.home[1] == 0 else None
        return self._home(home) if home and home.channels == value.channels and _like(value, home) else value

    def step(self, value: Value) -> int:
        """Floats from one pixel to the next."""
        if value.compact:
            return value.channels
        return vecs(value.channels // value.frames, self.plan.lanes) * self.plan.lanes

    def plane(self, value: Value) -> str:
        """The C text of its memory layout."""
        top, left, _, _ = value.border
        channels = value.channels // value.frames
        numbers = (channels, value.rows, value.columns, top, left, value.all_columns, self.step(value))
        return f"(struct plane){{{', '.join(map(str, numbers))}}}"

    def weights(self, parameter: Parameter, channels: int, taps: int, flip: bool = False) -> str:
        """Pointer to a parameter packed with its filters in the lanes, its taps reversed for a flipped kernel."""
        filters = parameter.shape[0]
        numbers = (filters, channels, taps, parameter.size // filters, int(flip))
        return self.pack(f"w + {parameter.offset}", *numbers)

    def row(self, source: str, count: int) -> str:
        """Pointer to one number per channel."""
        return self.pack(source, count)

    def pack(
        self,
        source: str,
        filters: int,
        channels: int = 1,
        taps: int = 1,
        width: int = 1,
        flip: int = 0,
        deep: int | None = None,
    ) -> str:
        """Pointer to what `one_pack_weights` makes of the numbers at `source`; `deep`: from a channel to the next."""
        place = self.packed
        self.packed += vecs(filters, self.plan.lanes) * channels * taps
        numbers = f"{filters}, {channels}, {taps}, {width}, {taps if deep is None else deep}, {flip}"
        self.prepares.append(f"one_pack_weights({source}, packed + {place}, {numbers});")
        return f"packed + {place}"


def _like(a: Value, b: Value) -> bool:
    return (a.rows, a.columns) == (b.rows, b.columns)


def _fits(step: Step) -> bool:
    if isinstance(step, PRelu):
        return bool(step.each)
    if isinstance(step, UpConvolution):
        return step.mirror.groups == 1 and step.mirror.depth == FLAT
    return not isinstance(step, Convolution) or step.shape.groups == 1


TEXT = """{defines}

/* The weights as `one` reads them. */
static void pack_weights(const struct net *n, vec *packed) {{
  const float *w = n->weights, *st = n->statistics;
  {prepares}
}}

/* One image, thread by thread. */
static void one(struct net *n, int thread, int threads, float *room, const vec *packed) {{
  int first, last;
  {one}
}}"""
NONE = """#define ONE_ROOM 0
#define ONE_PACKED 0
static void pack_weights(const struct net *n, vec *packed) {}
static void one(struct net *n, int thread, int threads, float *room, const vec *packed) {}"""

Written = tuple[bool, str]  # whether threads share its rows (else the first does all), and its C call


def _convolution(s: Single, step: Convolution) -> Written:
    return True, f"{_convolved(s, step)}, first, last);"


def _peaks(s: Single, step: Peaks) -> Written:
    maps, y = step.convolution.output, step.output
    largest = f"one_maxpool({s.at(maps)}, {s.at(y)}, {s.plane(maps)}, {s.plane(y)}, {MaxPool.whole(maps)}, 0, 1);"
    return False, f"{{\n  {_convolved(s, step.convolution)}, 0, 1);\n  {largest}\n  }}"


def _convolved(s: Single, step: Convolution) -> str:
    (x,), weight, taps = step.inputs, step.parameters[0], step.shape.depth.kernel * prod(step.shape.kernel)
    bias = s.row(f"w + {step.parameters[1].offset}", step.shape.filters) if step.shape.bias else "NULL"
    packed = s.weights(weight, step.shape.channels, taps, step.shape.flip)
    return f"{step.name}_one({s.first(x)}, {packed}, {bias}, (vec *)({s.at(step.output)})"


def _upconvolution(s: Single, step: UpConvolution) -> Written:
    (x,), y, mirror, taps = step.inputs, step.output, step.mirror, prod(step.mirror.kernel)
    bias = s.row(f"w + {step.parameters[1].offset}", y.channels) if mirror.bias else "NULL"
    source = f"w + {step.parameters[0].offset}"
    packed = s.pack(source, y.channels, x.channels, taps, width=taps, deep=y.channels * taps)
    numbers = (*mirror.kernel, *mirror.stride, *mirror.dilation, *mirror.before, 0, 0)
    planes = f"{s.plane(x)}, {s.plane(y)}, (struct window){{{', '.join(map(str, numbers))}}}"
    return True, f"one_upconv({s.at(x)}, {packed}, {bias}, {s.at(y)}, {planes}, first, last);"


def _flatten(s: Single, step: Flatten) -> Written:
    s.flattened[step.output] = step.inputs[0]
    return False, ""


def _view(s: Single, step: View) -> Written:
    """Nothing where pixels are stored alike; a frame at a time where each gets a border."""
    (x,), y = step.inputs, step.output
    bare = Value(y.channels, y.rows, y.columns, frames=y.frames) if any(y.border) else y
    s.views[bare] = x
    if bare is y:
        return False, ""
    return True, f"one_copy({s.at(bare)}, {s.at(y)}, {s.plane(bare)}, {s.plane(y)}, 0, 0, first, last);"


def _embed(s: Single, step: Embed) -> Written:
    (x,), y, table = step.inputs, step.output, step.parameters[0]
    return False, f"one_embed({s.at(x)}, n->weights + {table.offset}, {s.at(y)}, {s.plane(y)}, {step.width});"


def _dense(s: Single, step: Dense) -> Written:
    x = s.flattened.get(step.inputs[0], step.inputs[0])
    bias = s.row(f"w + {step.parameters[1].offset}", step.output.size) if len(step.parameters) > 1 else "NULL"
    packed = s.weights(step.parameters[0], x.channels, x.rows * x.columns)
    return False, f"one_dense({s.at(x)}, {packed}, {bias}, {s.at(step.output)}, {s.plane(x)}, {step.output.size});"


def _activation(s: Single, step: Activation) -> Written:
    return True, f"one_activate({_pair(s, step)}, {step.numbers}, first, last);"


def _prelu(s: Single, step: PRelu) -> Written:
    (x,), y = step.inputs, step.output
    slope = s.row(f"w + {step.parameters[0].offset}", x.channels)
    return True, f"one_prelu({s.at(x)}, {slope}, {s.at(y)}, {s.plane(x)}, {s.plane(y)}, first, last);"


def _batch_norm(s: Single, step: BatchNorm) -> Written:
    x, z, y = step.inputs[0], step.shortcut, step.output
    scale, shift = (s.row(f"ST({name}, {step.first})", x.channels) for name in ("SCALE", "SHIFT"))
    planes = f"{s.plane(x)}, {s.plane(z or x)}, {s.plane(y)}, {step.relu}"
    pointers = f"{s.at(x)}, {s.at(z) if z else 'NULL'}, {scale}, {shift}, {s.at(y)}"
    return True, f"one_scale_shift({pointers}, {planes}, first, last);"


def _adaptive(s: Single, step: AdaptivePool) -> Written:
    return True, step.with_tables(f"one_adaptive({_pair(s, step)}, rows, columns, {step.largest}, first, last);")


def _gap(s: Single, step: GlobalAvgPool) -> Written:
    (x,) = step.inputs
    return False, f"one_gap({s.at(x)}, {s.at(step.output)}, {s.plane(x)});"


def _add(s: Single, step: Add) -> Written:
    (a, b), y = step.inputs, step.output
    planes = f"{s.plane(a)}, {s.plane(b)}, {s.plane(y)}, {step.relu}"
    return True, f"one_add({s.at(a)}, {s.at(b)}, {s.at(y)}, {planes}, first, last);"


def _concat(s: Single, step: Concat) -> Written:
    calls, channel, y = [], 0, step.output
    for x in step.inputs:
        until = s.step(y) if x is step.inputs[-1] else 0
        planes = f"{s.plane(x)}, {s.plane(y)}, {channel}, {until}"
        calls.append(f"one_copy({s.at(x)}, {s.at(y)}, {planes}, first, last);")
        channel += x.channels
    return True, "\n  ".join(calls)


def _scale(s: Single, step: Scale) -> Written:
    (x, gate), y = step.inputs, step.output
    planes = f"{s.plane(x)}, {s.plane(gate)}, {s.plane(y)}"
    return True, f"one_gate({s.at(x)}, {s.at(gate)}, {s.at(y)}, {planes}, first, last);"


def _zero_pad(s: Single, step: ZeroPad) -> Written:
    return True, f"one_copy({_pair(s, step)}, 0, {s.step(step.output)}, first, last);"


def _shuffle(s: Single, step: Shuffle) -> Written:
    return True, f"one_{step.kernel(step.finer)}({_pair(s, step)}, {step.sizes}, first, last);"


def _resample(s: Single, step: Resample) -> Written:
    return True, f"{{\n  {step.tables()}\n  one_resample({_pair(s, step)}, rows, columns, first, last);\n  }}"


def _own_norm(s: Single, step: OwnNorm) -> Written:
    (x,), y = step.inputs, step.output
    weight, bias, *_ = [*(f"n->weights + {parameter.offset}" for parameter in step.parameters), "NULL", "NULL"]
    given = f"{s.at(x)}, {weight}, {bias}, {s.at(y)}, {s.plane(x)}, {s.plane(y)}, {step.numbers}"
    rows = step.kernel == "across"
    return rows, f"one_{step.kernel}({given}{', first, last' * rows});"


def _factors(s: Single, step: Factors) -> Written:
    (x,), y = step.inputs, step.output
    factors = f"n->weights + {step.parameters[0].offset}"
    return True, f"one_factors({s.at(x)}, {factors}, {s.at(y)}, {s.plane(x)}, {s.plane(y)}, first, last);"


def _subsample(s: Single, step: Subsample) -> Written:
    (x,), y = step.inputs, step.output
    weight, bias = (s.row(f"w + {parameter.offset}", x.channels) for parameter in step.parameters)
    planes = f"{s.plane(x)}, {s.plane(y)}, {step.window}"
    return True, f"one_subsample({s.at(x)}, {weight}, {bias}, {s.at(y)}, {planes}, first, last);"


def _rbf(s: Single, step: RBF) -> Written:
    x = s.flattened.get(step.inputs[0], step.inputs[0])
    packed = s.pack(step.prototypes, step.output.size, x.channels, x.rows * x.columns, x.size)
    return False, f"one_rbf({s.at(x)}, {packed}, {s.at(step.output)}, {s.plane(x)}, {step.output.size});"


def _dropout(s: Single, step: Dropout) -> Written:
    (x,), y = step.inputs, step.output
    return True, "" if s.at(x) == s.at(y) else f"one_copy({_pair(s, step)}, 0, 0, first, last);"


def _by_rows(kernel: str, *numbers: str) -> Callable[[Single, Any], Written]:
    """The call of a kernel whose rows threads share; it takes these attributes of the step, too."""

    def written(s: Single, step: Step) -> Written:
        given = ", ".join([_pair(s, step), *(str(getattr(step, name)) for name in numbers)])
        return True, f"one_{kernel}({given}, first, last);"

    return written


def _pair(s: Single, step: Step) -> str:
    (x,), y = step.inputs, step.output
    return f"{s.at(x)}, {s.at(y)}, {s.plane(x)}, {s.plane(y)}"


WRITERS: dict[type[Step], Callable[[Single, Any], Written]] = {
    Convolution: _convolution,
    UpConvolution: _upconvolution,
    Peaks: _peaks,
    Embed: _embed,
    Flatten: _flatten,
    View: _view,
    Dense: _dense,
    Activation: _activation,
    PRelu: _prelu,
    BatchNorm: _batch_norm,
    MaxPool: _by_rows("maxpool", "window"),
    AvgPool: _by_rows("avgpool", "window", "share"),
    SumPool: _by_rows("avgpool", "window", "share"),
    AdaptivePool: _adaptive,
    GlobalAvgPool: _gap,
    Add: _add,
    Concat: _concat,
    Scale: _scale,
    ZeroPad: _zero_pad,
    Maps: _by_rows("maps", "numbers"),
    Padding: _by_rows("pad", "numbers"),
    Shuffle: _shuffle,
    Resample: _resample,
    Maxout: _by_rows("maxout", "pieces"),
    OwnNorm: _own_norm,
    Softmax: _by_rows("softmax"),
    ChannelMean: _by_rows("channel_mean"),
    Factors: _factors,
    Subsample: _subsample,
    RBF: _rbf,
    Dropout: _dropout,
}
