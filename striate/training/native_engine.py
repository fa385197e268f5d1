"""The native engine: the same steps as the torch engine's, by machine code made for the network. CPU only.

>>> from striate.building import build
>>> from striate.notation import read
>>> from striate.training.options import Options
>>> network = read("input 1x8x8 -> fc 2")
>>> engine = NativeEngine(network, build(network, "zeros"), Options(batch=4), 10, "cross-entropy")
>>> x, y = torch.zeros(4, 1, 8, 8), torch.tensor([0, 1, 0, 1])
>>> round(engine.step({"image": x}, {"label": y}).loss, 3)
0.693
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.layers.earlier import named_now
from striate.native.losses import GIVEN, Loss, OfPixels, Part
from striate.native.lowering import Refused
from striate.native.network import Compiled, Moves, Range, Rule
from striate.native.optimizers import optimizer_named
from striate.native.plan import Plan
from striate.native.values import Parameter
from striate.notation import Network
from striate.tiling import middle
from striate.training.ahead import made_ahead
from striate.training.average import Average
from striate.training.engine import TRAINED, Pace, check_weights, dropout_key, trained_of
from striate.training.feed import Batch
from striate.training.fields import OUTPUT, Fields, detached
from striate.training.layer_rates import ALIKE, LayerRates
from striate.training.max_norm import last_layer, limited
from striate.training.native_moves import moves_of, native_steps
from striate.training.objective import AUX_WEIGHT, Objective, Step, loss_of
from striate.training.optimizers import MOMENTUM, in_groups
from striate.training.options import Options
from striate.training.pool import Taken

MOST = 2048  # images in a step at most
REMEMBERED = {  # PyTorch's names for the state of its optimisers, and where the engine keeps it
    "momentum": {"momentum_buffer": "mean"},
    "nesterov": {"momentum_buffer": "mean"},
    "adagrad": {"sum": "square"},
    "rmsprop": {"square_avg": "square"},
    "adam": {"exp_avg": "mean", "exp_avg_sq": "square"},
    "adamw": {"exp_avg": "mean", "exp_avg_sq": "square"},
}
COUNTED = ("adagrad", "rmsprop", "adam", "adamw")  # those for which PyTorch counts steps
EAGER = ("adagrad",)  # those that PyTorch gives a state before a parameter's first step
EPS = {"adagrad": 1e-10}
BETAS = {"rmsprop": (0.0, 0.99)}
DTYPES = {"int64_t": torch.int64, "uint8_t": torch.uint8, "float": torch.float32}  # by C's names


def check_rates(plan: Plan, rates: LayerRates) -> None:
    """Check that the engine can let layers learn so.

    Raises:
        Refused: A batch norm is frozen, or a table of words is, or learns at a rate of its own.
    """
    if rates.norms:
        raise Refused("the native engine lacks frozen batch norms")
    if not rates.alike and any(parameter.sparse for parameter in plan.parameters):
        raise Refused("the native engine lacks layers that learn at rates of their own beside a table of words")


def _in_place(batch: Taken) -> bool:
    """Whether the engine can read the examples where they are, and make what happens to them itself."""
    (images,) = batch.pool.inputs.values()
    if batch.pool.prepare or batch.pool.made:
        return False
    return batch.drawn is None or native_steps(batch.drawn, images.shape[1:]) is not None


class NativeEngine:
    """A network as machine code, its optimiser and its schedule.

    Args:
        network: What the model was built from.
        model: Gives the first weights and their names; later `model` has the newest.
        options: As for the torch engine.
        total_steps: Steps of the whole training, for the schedule.
        loss: What is made small: one of `striate.native.losses.KINDS`, or one for each output by name; `GIVEN` where
            PyTorch computes it.
        threads: By default as many as PyTorch takes.
        say: Is given every decision.
        rates: How fast each layer learns.
        objective: What is made small by a `GIVEN` loss.

    Raises:
        Refused: A layer, a loss, a batch size or a way to learn that the engine lacks.
        NoCompiler: The network can't be compiled here.
        WorkError: There is not enough memory.
    """

    def __init__(
        self,
        network: Network,
        model: nn.Module,
        options: Options,
        total_steps: int,
        loss: Loss,
        threads: int | None = None,
        say: Callable[[str], None] = lambda line: None,
        rates: LayerRates = ALIKE,
        objective: Objective | None = None,
    ) -> None:
        assert objective or loss != GIVEN
        self.objective = objective
        self._model, self.options, self.pace = model, options, Pace(options, total_steps)
        most = min(MOST, options.images(MOST) + 1)  # a last batch may have one image more
        self.net = Compiled(network, threads or torch.get_num_threads(), most, loss, AUX_WEIGHT, say=say)
        check_rates(self.net.plan, rates)
        self.rates = rates
        self._write(model.state_dict())
        self.average = Average(map(torch.from_numpy, self.net.trained), options.ema) if options.ema else None

    @property
    def model(self) -> nn.Module:
        """The module, with the newest weights."""
        self._model.load_state_dict(self.weights())
        return self._model

    @property
    def rate(self) -> float:
        """The learning rate of the newest step; before the first, that of the first."""
        return self.pace.rate

    def train(self) -> None:
        """A step trains, and evaluation does not; only the newest weights take the place of their average again."""
        self._show_average(False)

    def _show_average(self, wanted: bool) -> None:
        if self.average and self.average.is_shown != wanted:
            self.net.settle()
            self.average.show(wanted)
            self.net.renewed()

    def learn(self, batch: Batch) -> Step:
        """One step on a batch; prepared examples in memory are read in place, without a copy by PyTorch."""
        if not isinstance(batch, Taken) or isinstance(batch.rows, slice) or not _in_place(batch):
            return self.step(batch.inputs, batch.targets)
        (images,), rows, choices = batch.pool.inputs.values(), batch.rows, batch.choices
        moves = moves_of(batch.drawn, choices, images.shape[1:]) if batch.drawn and choices is not None else None
        return self._step(images, batch.targets, rows, moves.given if moves else None)

    def coming(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches; those that must be changed by PyTorch are made beside the C threads, before their turn."""
        first = next(batches, None)
        if first is None:
            return
        whole = chain([first], batches)
        yield from made_ahead(whole) if isinstance(first, Taken) and not _in_place(first) else whole

    def step(self, inputs: Fields, targets: Fields) -> Step:
        """One step down the gradient of the batch's mean loss.

        Args:
            inputs: The one input, (N, C, …) float32.
            targets: The one target, as the loss takes it; of several outputs each under its name.
        """
        (x,) = inputs.values()
        return self._step(x, targets)

    def _step(self, x: Tensor, targets: Fields, rows: Tensor | None = None, moves: Moves | None = None) -> Step:
        self._show_average(False)
        self.pace.steps += 1
        if not self.rates.alike:
            self.net.learn_by(self._ranges())
        images, numbers = x.contiguous().numpy(), None if rows is None else rows.numpy()
        key = dropout_key(self.options, self.pace.steps)
        if self.net.plan.given:
            seen = self._by_torch(self.net.begin(images, key, numbers, moves), targets)
        else:
            each = {part.end.name: self._target(part, targets) for part in self.net.parts}
            seen = Step(*self.net.step(images, each, self._rule(), key, numbers, moves))
        if self.options.max_norm:
            self._limit_norm()
        if self.average:
            self.net.settle()
            self.average.follow(self.pace.steps)
        return seen

    def _by_torch(self, made: Sequence[NDArray[np.float32]], targets: Fields) -> Step:
        """The second half of a step, whose loss PyTorch computes from what the network has made."""
        assert self.objective
        values = [torch.from_numpy(each).requires_grad_() for each in made]
        ends = self.net.plan.ends
        shaped = [each.reshape(len(each), *end.shape) for each, end in zip(values, ends, strict=True)]
        outputs = {end.name or OUTPUT: of for end, of in zip(ends, shaped, strict=True) if not end.aside}
        heads = [of for end, of in zip(ends, shaped, strict=True) if end.aside]
        parts = loss_of(self.objective, outputs, heads, targets)
        total = torch.stack(list(parts.values())).sum()
        given = torch.autograd.grad(total, values, allow_unused=True, materialize_grads=True)
        self.net.finish([gradient.numpy() for gradient in given], self._rule())
        return Step(detached(parts), *self.objective.right(detached(outputs), targets))

    @cached_property
    def _last(self) -> Parameter:
        """The weights of the last fully connected layer."""
        last = last_layer(self._model).weight
        name = next(name for name, tensor in self._model.named_parameters() if tensor is last)
        return next(one for one in self.net.plan.parameters if one.name == name)

    def _limit_norm(self) -> None:
        """As `max_norm.limit_norm` does it."""
        rows = torch.from_numpy(self.net.read(self._last))
        self.net.write(self._last, limited(rows, self.options.max_norm).numpy())

    def _target(self, part: Part, targets: Fields) -> NDArray[Any]:
        """What a part of the loss compares with: masks are cut to the size of the outputs."""
        given = targets[part.end.name] if part.end.name else next(iter(targets.values()))
        if isinstance(part.kind, OfPixels):
            given = middle(given, part.end.shape[1:])
        return given.to(DTYPES[part.kind.target]).contiguous().numpy()

    def evaluate(self, inputs: Fields) -> Fields:
        """The outputs (N, …) of a batch in evaluation, by name; a softmax at the network's end is left out."""
        self._show_average(True)
        (x,) = inputs.values()
        made, outputs = torch.from_numpy(self.net.evaluate(x.contiguous().numpy())), self.net.plan.outputs
        rows = torch.split(made, [end.value.size for end in outputs], 1)
        return {end.name or OUTPUT: of.reshape(len(of), *end.shape) for end, of in zip(outputs, rows, strict=True)}

    def _rule(self) -> Rule:
        """The optimiser at this step; one structure, of which three numbers change."""
        rule = self._fixed
        rule.rate, (rule.correct1, rule.correct2) = self.rate, self._corrections(self.pace.steps)
        return rule

    def _ranges(self) -> list[Range]:
        """The parameters that learn in this step; Adam's corrections are for the steps in which one has learned."""
        return [
            Range(one.offset, one.offset + one.size, self.rates.of(one.name), *self._corrections(steps))
            for one in self.net.plan.parameters
            if (steps := self._learned(one))
        ]

    def _learned(self, parameter: Parameter) -> int:
        """In how many steps a parameter has learned."""
        return self.pace.steps - self.rates.missed(parameter.name, self.pace.steps)

    def _corrections(self, steps: int) -> tuple[float, float]:
        return 1 - self._betas[0] ** steps, 1 - self._betas[1] ** steps

    @cached_property
    def _betas(self) -> tuple[float, float]:
        return BETAS.get(self.options.optimizer, (0.9, 0.999))

    @cached_property
    def _fixed(self) -> Rule:
        name, options = self.options.optimizer, self.options
        return Rule(
            kind=optimizer_named(name),
            decay=options.decay,
            l1=options.l1,
            momentum=MOMENTUM,
            eps=EPS.get(name, 1e-8),
            beta1=self._betas[0],
            beta2=self._betas[1],
            clip=options.clip,
        )

    # what is kept on disk, in the torch engine's own form

    def weights(self) -> dict[str, Tensor]:
        """The model's tensors by name; a copy. Of averaged weights it is the average."""
        return self._tensors(average=True)

    def _tensors(self, average: bool) -> dict[str, Tensor]:
        before = self.average is not None and self.average.is_shown
        self._show_average(average)
        found = {name: torch.from_numpy(values) for name, values in self.net.tensors().items()}
        steps = self.pace.steps  # the batches that batch norm counts
        self._show_average(before)
        return {name: found[name] if name in found else torch.tensor(steps) for name in self._model.state_dict()}

    def state(self) -> dict[str, Tensor]:
        """The optimiser's state and the number of steps, enough to go on exactly."""
        saved = {"steps": torch.tensor(self.pace.steps)}
        if not self.pace.steps:
            return saved
        for index, parameter in enumerate(self._in_order()):
            steps = self._learned(parameter)
            if not steps and self.options.optimizer not in EAGER:
                continue
            if self.options.optimizer in COUNTED:
                saved[f"{index}.step"] = torch.tensor(float(steps))
            for theirs, ours in REMEMBERED.get(self.options.optimizer, {}).items():
                saved[f"{index}.{theirs}"] = torch.from_numpy(self.net.read(parameter, ours))
        if self.average:
            saved |= {TRAINED + name: tensor for name, tensor in self._tensors(average=False).items()}
        return saved

    def load(self, tensors: dict[str, Tensor], state: dict[str, Tensor] | None = None) -> None:
        """Put back what `weights` and `state` gave, of this engine or the torch engine.

        Raises:
            InputError: The tensors are not this network's; nothing is changed.
        """
        tensors = dict(named_now(self._model, tensors))
        check_weights(self._model, tensors)
        self._show_average(False)
        self._write(tensors)
        if self.average:
            self.average.begin()
        if state is None:
            return
        if self.average and (trained := trained_of(state)):
            self._write(dict(named_now(self._model, trained)))
        self.net.forget()
        for index, parameter in enumerate(self._in_order()):
            for theirs, ours in REMEMBERED.get(self.options.optimizer, {}).items():
                if f"{index}.{theirs}" in state:
                    self.net.write(parameter, state[f"{index}.{theirs}"].numpy(), ours)
        self.pace.steps = int(state["steps"])

    def _write(self, tensors: dict[str, Tensor]) -> None:
        self.net.load({name: tensor.detach().numpy() for name, tensor in tensors.items()})

    def _in_order(self) -> list[Parameter]:
        """The parameters as PyTorch's optimiser numbers them."""
        by_name = {parameter.name: parameter for parameter in self.net.plan.parameters}
        names = {id(tensor): name for name, tensor in self._model.named_parameters()}
        return [by_name[names[id(tensor)]] for group in in_groups(self._model) for tensor in group]
