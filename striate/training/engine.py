"""The torch engine: one step of gradient descent, and evaluation. Runs any network on any device.

>>> from striate.building import build
>>> from striate.notation import read
>>> from striate.training.options import Options
>>> from striate.training.objective import Squares
>>> engine = TorchEngine(build(read("input 1x8x8 -> fc 2"), "zeros"), Options(batch=4), 10, Squares())
>>> round(engine.step({"x": torch.zeros(4, 1, 8, 8)}, {"y": torch.ones(4, 2)}).loss, 3)
1.0
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn, optim

from striate.errors import InputError
from striate.layers import Aux, Heads
from striate.layers.dropout import Draws, Dropout, mixed
from striate.layers.earlier import named_now
from striate.layers.softmax import LastSoftmax
from striate.layers.wired import Called
from striate.training.average import Average, averaged
from striate.training.feed import Batch
from striate.training.fields import Fields, detached, named
from striate.training.layer_rates import ALIKE, LayerRates
from striate.training.max_norm import limit_norm
from striate.training.memory import ran_out
from striate.training.objective import Objective, Step, loss_of
from striate.training.optimizers import make_optimizer, weights
from striate.training.options import GRAPHS, Options
from striate.training.precision import Precision, compiled
from striate.training.schedules import warmed

CHUNK = 2048  # a larger batch goes through in parts of so many examples, whose gradients are added
FEWEST = 2  # examples of a part at least: batch norm can't measure a single one
TRAINED, AT_ONCE = "trained.", "at_once"  # in a state: the weights beside their average; what memory allowed


class Pace:
    """How far a training is, and its learning rate there."""

    def __init__(self, options: Options, total_steps: int) -> None:
        self.options, self.total_steps, self.steps = options, total_steps, 0
        self.schedule: Callable[[float], float] = warmed(options.schedule, options.rise)

    @property
    def rate(self) -> float:
        """The learning rate of the newest step; before the first, that of the first."""
        return self._after(max(0, self.steps - 1))

    @property
    def next_rate(self) -> float:
        """The learning rate of the step to come."""
        return self._after(self.steps)

    def _after(self, done: int) -> float:
        return self.options.rate * self.schedule(min(1.0, done / max(1, self.total_steps)))


def dropout_key(options: Options, step: int) -> int:
    """The seed of a step's dropout, in any engine: 32 bits."""
    return (options.seed * 1_000_003 + step) * 0x9E3779B1 % 2**32


class TorchEngine:
    """A model, its optimiser and its schedule.

    Args:
        model: From one input (N, …), or several by name, to one output, or to several by name; with side heads
            (outputs, [head outputs]) while training.
        options: Optimiser, schedule, penalties.
        total_steps: Steps of the whole training, for the schedule.
        objective: What is made small.
        device: Where it runs.
        say: Is given every decision.
        rates: How fast each layer learns.
    """

    halves: ClassVar[bool] = True  # whether a batch that memory refuses goes through in parts

    def __init__(
        self,
        model: nn.Module,
        options: Options,
        total_steps: int,
        objective: Objective,
        device: torch.device | str = "cpu",
        say: Callable[[str], None] = lambda line: None,
        rates: LayerRates = ALIKE,
    ) -> None:
        self.model = model.to(device)
        self.options, self.pace, self.device = options, Pace(options, total_steps), torch.device(device)
        self.objective = objective
        self.format = _memory_format(self.model)
        self.model.to(memory_format=self.format)  # type: ignore[call-overload]
        self.scores = without_softmax(self.model)
        self.learned = compiled(self.scores, options.compile)
        self.replayed = options.compile == GRAPHS  # gradients lie in the graph's memory, so that none can be added
        self.dropouts: list[Dropout | Draws] = [one for one in self.model.modules() if isinstance(one, Dropout)]
        self.dropouts += [one.draws for one in self.model.modules() if isinstance(one, Called)]
        for dropout in (
            self.dropouts if options.compiled else ()
        ):  # their numbers change in every step: tensors, not constants
            dropout.key, dropout.first = (torch.zeros((), dtype=torch.int64, device=device) for _ in range(2))
        self.penalised = list(weights(self.model)) if options.l1 else []
        self.precision = Precision(options.precision, self.device)
        self.average = Average(averaged(self.model), options.ema) if options.ema else None
        self.at_once, self.say = options.micro or CHUNK, say
        self.rates, self.held = rates, False
        self.frozen = [one for name, one in self.model.named_parameters() if one.requires_grad and rates.freezes(name)]

    @cached_property
    def optimizer(self) -> optim.Optimizer:
        """Made when it is first needed: PyTorch takes a second to import what its optimisers need."""
        options = self.options
        return make_optimizer(options.optimizer, self.model, options.rate, options.decay, self.rates)

    @property
    def rate(self) -> float:
        """The learning rate of the newest step; before the first, that of the first."""
        return self.pace.rate

    def coming(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches as they are."""
        return batches

    def learn(self, batch: Batch) -> Step:
        """One step on a batch."""
        return self.step(batch.inputs, batch.targets)

    def step(self, inputs: Fields, targets: Fields) -> Step:
        """One step down the gradient of the batch's mean loss.

        Args:
            inputs: (N, …) float32 each, on the engine's device.
            targets: As the objective takes them.
        """
        self._show_average(False)
        self.pace.steps += 1
        if self.held != self.rates.hold(self.pace.steps):
            self._hold()
        key = dropout_key(self.options, self.pace.steps)
        for number, dropout in enumerate(self.dropouts, start=1):
            put(dropout, "key", int(mixed(torch.tensor((key + number) % 2**32))))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group["share"]
        seen = self._all_gradients(inputs, targets)
        self.precision.unscale(self.optimizer)
        if self.options.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
        for weight in self.penalised:
            if not weight.requires_grad:
                continue
            assert weight.grad is not None
            weight.grad.add_(weight.detach().sign(), alpha=self.options.l1)
        self.precision.step(self.optimizer)
        if self.options.max_norm:
            limit_norm(self.model, self.options.max_norm)
        if self.average:
            self.average.follow(self.pace.steps)
        return seen

    def _all_gradients(self, inputs: Fields, targets: Fields) -> Step:
        """The whole batch's gradients; where memory runs out, from here on in parts of half as many examples."""
        while True:
            self.optimizer.zero_grad(set_to_none=True)
            try:
                return self._in_parts(inputs, targets)
            except (MemoryError, RuntimeError) as error:
                few = min(self.at_once, _count(inputs)) // 2
                if not (self.halves and ran_out(error)) or few < FEWEST:
                    raise
            self.at_once = few
            self.say(
                f"not enough memory for a batch at once: it goes through in parts of at most {few} examples, and their "
                f"gradients are added, so that its size is the same; `micro={few}` does so from the beginning"
            )
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _in_parts(self, inputs: Fields, targets: Fields) -> Step:
        """The whole batch's gradients, added up over parts of equal size: batch norm can't measure a single example."""
        count = _count(inputs)
        parts = min(-(-count // self.at_once), max(1, count // FEWEST))
        seen, first = list[Step](), 0
        for x, y in zip(_split(inputs, parts), _split(targets, parts), strict=True):
            for dropout in self.dropouts:
                put(dropout, "first", first)
            seen.append(self._gradients(x, y, _count(x) / count))
            first += _count(x)
        if parts == 1:
            return seen[0]
        sums = {name: sum(step.parts[name] for step in seen) for name in seen[0].parts}
        return Step(sums, sum(step.right for step in seen), sum(step.decided for step in seen))

    def _gradients(self, inputs: Fields, targets: Fields, share: float = 1.0) -> Step:
        """Adds the gradients of `share` times the mean loss."""
        with self.precision.forward():
            made = self._made(self.learned if share == 1 or not self.replayed else self.scores, inputs)
        made = _exact(made) if self.precision.dtype else made
        given, heads = made if isinstance(made, tuple) else (made, [])
        outputs = named(given)
        parts = loss_of(self.objective, outputs, heads, targets)
        parts = parts if share == 1 else {name: part * share for name, part in parts.items()}
        self.precision.backward(sum(parts.values()))  # type: ignore[arg-type]
        right, decided = self.objective.right(detached(outputs), targets)
        return Step(detached(parts), right, decided)

    def _made(self, model: Callable[..., Any], inputs: Fields) -> Any:
        """What the model gives; several inputs are handed over by name."""
        given = {name: self._formatted(x) for name, x in inputs.items()}
        return model(**given) if len(given) > 1 else model(*given.values())

    def _formatted(self, x: Tensor) -> Tensor:
        wanted = self.format is torch.channels_last and x.ndim == 4
        return x.contiguous(memory_format=torch.channels_last) if wanted else x

    def train(self) -> None:
        """Before training: dropout drops units, batch norm uses the batch's statistics."""
        self._show_average(False)
        self.scores.train()
        self._hold()

    def _hold(self) -> None:
        """Frozen layers get no gradients, and their batch norms are in evaluation, for as long as they are frozen."""
        self.held = self.rates.hold(max(1, self.pace.steps))
        for parameter in self.frozen:
            parameter.requires_grad_(not self.held)
        for name in self.rates.norms:
            self.model.get_submodule(name).train(not self.held and self.scores.training)

    def _show_average(self, wanted: bool) -> None:
        if self.average:
            self.average.show(wanted)

    @torch.inference_mode()
    def evaluate(self, inputs: Fields) -> Fields:
        """The outputs (N, …) of a batch in evaluation, by name; a softmax at the network's end is left out."""
        if self.scores.training:
            self.scores.eval()
        self._show_average(True)
        return named(self._made(self.scores, inputs))

    # what is kept on disk

    def weights(self) -> dict[str, Tensor]:
        """The model's tensors by name, on the CPU; a copy. Of averaged weights it is the average."""
        with self.average.shown() if self.average else nullcontext():
            return self._tensors()

    def _tensors(self) -> dict[str, Tensor]:
        return {name: self._kept(tensor) for name, tensor in self.model.state_dict().items()}

    def _kept(self, tensor: Tensor) -> Tensor:
        """A copy on the CPU."""
        return tensor.detach().to("cpu", copy=True).contiguous()

    def _laid(self, value: Tensor, like: Tensor) -> Tensor:
        """What was kept, laid out as a weight of the same shape: fused optimisers walk through both in memory order."""
        return torch.empty_like(like, dtype=value.dtype).copy_(value)

    def state(self) -> dict[str, Tensor]:
        """The optimiser's tensors and the number of steps, enough to go on exactly."""
        saved = {"steps": torch.tensor(self.pace.steps), **self.precision.state()}
        if self.at_once < (self.options.micro or CHUNK):
            saved[AT_ONCE] = torch.tensor(self.at_once)
        if self.average:
            with self.average.shown(False):
                saved |= {TRAINED + name: tensor for name, tensor in self._tensors().items()}
        for index, entries in sorted(self.optimizer.state_dict()["state"].items()):  # alike in all of several processes
            for name, value in sorted(entries.items()):
                if value is not None:
                    saved[f"{index}.{name}"] = self._kept(torch.as_tensor(value))
        return saved

    def load(self, tensors: dict[str, Tensor], state: dict[str, Tensor] | None = None) -> None:
        """Put back what `weights` and `state` gave.

        Raises:
            InputError: The tensors are not this network's; nothing is changed.
        """
        tensors = dict(named_now(self.model, tensors))
        check_weights(self.model, tensors)
        self._show_average(False)
        self._put(tensors)
        if self.average:
            self.average.begin()
        if state is not None:
            self._load_state(state)

    def _put(self, tensors: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict(tensors)

    def _load_state(self, state: Mapping[str, Tensor]) -> None:
        if self.average and (trained := trained_of(state)):
            self._put(named_now(self.model, trained))
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            index, _, name = key.partition(".")
            if index.isdecimal():
                entries.setdefault(int(index), {})[name] = value
        whole = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**whole, "state": entries})
        for weight, own in self.optimizer.state.items():
            own.update({name: self._laid(value, weight) for name, value in own.items() if value.shape == weight.shape})
        self.pace.steps = int(state["steps"])
        self.precision.load(state)
        self.at_once = int(state.get(AT_ONCE, self.at_once))


def trained_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that a state keeps beside their average, by name; none where nothing is averaged."""
    return {name.removeprefix(TRAINED): tensor for name, tensor in state.items() if name.startswith(TRAINED)}


def put(dropout: Dropout | Draws, name: str, value: int) -> None:
    """A number that a dropout reads; a compiled network reads it from a tensor."""
    held = getattr(dropout, name)
    held.fill_(value) if isinstance(held, Tensor) else setattr(dropout, name, value)


def _exact(made: Any) -> Any:
    """Outputs as float32, in which the loss is found, however they are held together."""
    if isinstance(made, Tensor):
        return made.float()
    return {k: v.float() for k, v in made.items()} if isinstance(made, Mapping) else type(made)(map(_exact, made))


def _count(fields: Fields) -> int:
    return len(next(iter(fields.values())))


def _split(fields: Fields, parts: int) -> list[dict[str, Tensor]]:
    """The fields in so many parts, of equal length up to one."""
    cut = {name: torch.tensor_split(values, parts) for name, values in fields.items()}
    return [{name: pieces[part] for name, pieces in cut.items()} for part in range(parts)]


def check_weights(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Refuse tensors that are not the model's.

    Raises:
        InputError: Names the first difference.
    """
    own = model.state_dict()
    for name, tensor in own.items():
        if name not in tensors:
            raise InputError(f"the weights lack '{name}' of shape {list(tensor.shape)}; they are of another network")
        if tensors[name].shape != tensor.shape:
            shapes = json.dumps([list(tensors[name].shape), list(tensor.shape)])
            raise InputError(
                f"the weights' '{name}' and the network's have shapes {shapes}; they are of another network"
            )
    extra = next((name for name in tensors if name not in own), None)
    if extra:
        raise InputError(f"the network has no '{extra}'; the weights are of another network")


def without_softmax(model: nn.Module) -> nn.Module:
    """The model, sharing its modules, without a softmax at its end or a head's: the loss applies it."""
    if not isinstance(model, nn.Sequential | Aux | Heads):
        return model
    shared = copy.copy(model)
    parts = {name: part for name, part in model.named_children() if not isinstance(part, LastSoftmax)}
    shared._modules = {name: without_softmax(part) for name, part in parts.items()}
    return shared


def _memory_format(model: nn.Module) -> torch.memory_format:
    """Channels last where most convolutions have enough channels to gain from it."""
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    wide = sum(conv.in_channels >= 16 for conv in convolutions)
    return torch.channels_last if convolutions and 2 * wide >= len(convolutions) else torch.contiguous_format
