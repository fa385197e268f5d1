"""From a network and data to a run: plan, train, keep, judge, report.

>>> import tempfile
>>> run = train("input 1x8x8 -> fc 10", "digits", epochs=2, out=tempfile.mkdtemp() + "/run", quiet=True)
>>> run.test().examples
359
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from torch import nn

from striate.checks import path_of
from striate.losses import Loss
from striate.notation import Network
from striate.notation.sizes import Size
from striate.runs.doing import Trained, start
from striate.runs.logs.known import read
from striate.runs.planning import Request, planned
from striate.runs.run import Run
from striate.tasks.fitting import whole_for
from striate.tasks.saying import Say, silent, voice
from striate.training.options import Options
from striate.watching import Page


def train(
    net: str | Path | Network | nn.Module,
    dataset: Any,
    *,
    task: str | None = None,
    out: str | Path | None = None,
    device: str = "auto",
    engine: str = "auto",
    overwrite: bool = False,
    bad: str = "skip",
    letters: Mapping[str, int | float] | None = None,
    size: Size | None = None,
    weights: str | Path | None = None,
    threads: int | None = None,
    workers: int | None = None,
    log: str | Iterable[str] = (),
    quiet: bool = False,
    see: bool = False,
    port: int = 0,
    recipe: str = Options.recipe,
    epochs: int = Options.epochs,
    batch: int | None = Options.batch,
    lr: float | None = Options.lr,
    optimizer: str = Options.optimizer,
    schedule: str = Options.schedule,
    warm_up: float = Options.warm_up,
    clip: float = Options.clip,
    micro: int = Options.micro,
    ema: float | None = Options.ema,
    loss: str | Loss | None = Options.loss,
    l1: float = Options.l1,
    l2: float | None = Options.l2,
    augment: str = Options.augment,
    smoothing: float | None = Options.smoothing,
    teacher: str | Path = Options.teacher,
    taught: float = Options.taught,
    temperature: float = Options.temperature,
    balance: str = Options.balance,
    max_norm: float = Options.max_norm,
    freeze: str | int = Options.freeze,
    unfreeze_after: int = Options.unfreeze_after,
    rates: float | None = Options.rates,
    patience: int = Options.patience,
    validation: float = Options.validation,
    precision: str = Options.precision,
    compile: str = Options.compile,
    degrade: str = Options.degrade,
    style: str | Path = Options.style,
    eyes: str | Path = Options.eyes,
    spacing: str = Options.spacing,
    split: str = Options.split,
    fold: str = Options.fold,
    init: str | None = Options.init,
    keep_every: float = Options.keep_every,
    seed: int = Options.seed,
) -> Run:
    """Train a network on a data set.

    A PyTorch module of your own takes part like a network: it is trained from the weights that it has, in a copy.

    Args:
        net: A name of the zoo, a `.net` file, the text itself, a network, or a PyTorch module.
        dataset: A name, a folder, an archive, or a data set; `striate tasks` lists what each task reads.
        task: What the network is for: `classify`, …; by default found out from the data.
        out: The run's folder; by default the next free one under `runs`.
        device: `auto`, `cpu`, `cuda`, `mps`.
        engine: `auto`, `torch` or `native`.
        overwrite: Whether a run in that folder may be replaced.
        bad: Whether files that can't be read are left out ("skip") or refused ("refuse").
        letters: Values for the letters of the network's text.
        size: Of the network's input, one for all axes or one per axis; by default its text's, or the images' where
            they are much smaller.
        weights: A run, or a file of weights (ours, torchvision's, timm's), to start from: what fits by name and shape
            is kept; the rest, such as a head for other data, starts with new weights.
        threads: CPU threads that compute; by default as many as PyTorch uses, most often one per core.
        workers: Processes that read images which stay in their files, as those of a set larger than memory; 0 reads
            them in this process; by default one for each core. The weights are the same, bit for bit.
        log: Loggers that are told too, by commas or in a list: `csv` (every step), `tensorboard`, `mlflow`, `wandb`.
        see: Whether to serve a page on this machine that shows the training while it runs, and to open the browser. It
            is served until it is closed, or the program ends.
        port: Where that page is served; by default a free one.
        quiet: Whether to print nothing; else what a default decides, each epoch and the verdict, on standard error.
        recipe: `fast` or `accurate`: a tested whole for the options that have their default here; it is printed.
        epochs: Passes over the training examples; 0 takes ten, and more for small sets.
        batch: Examples in a mini-batch; 0 takes the whole set; by default 64, or 32 for few photographs.
        lr: Highest learning rate; by default the optimiser's usual one for the task, and a third of it for weights of
            another training.
        optimizer: `sgd`, `momentum`, `nesterov`, `adagrad`, `rmsprop`, `adam` or `adamw`.
        schedule: How the learning rate moves: `constant`, `step`, `cosine` or `one-cycle`.
        warm_up: The share of the training in which the rate rises, or from 1 on so many epochs; `one-cycle` has 0.3.
        clip: The longest that a step's gradient may be, over all weights together; 0 sets no limit.
        micro: Examples that go through the network at once; their gradients are added up for a mini-batch. By default
            0, a mini-batch at once. Batch norm measures each part by itself.
        ema: The share that an exponential moving average of the weights keeps in a step: what is measured and kept is
            the average. By default 0, the weights themselves.
        loss: A loss's name, or a function of (outputs, labels); by default the task's usual one.
        l1: L1 penalty on weights.
        l2: L2 penalty (weight decay) on weights; by default the optimiser's usual one, more for few photographs.
        augment: `shift` moves images a little, `none` does not; `auto` does what suits the data;
            for the others see `striate train --help`.
        smoothing: Label smoothing, the share of each example's class that all classes share.
        teacher: The folder of a run from whose answers this one learns, beside the classes (knowledge distillation);
            of several, with commas, which answer together.
        taught: The share of the loss that is the teacher's, 0 to 1.
        temperature: What outputs are divided by before the teacher's and this network's are compared.
        balance: `weights` makes classes of unequal size count alike by the loss of their examples, `sampling` by how
            often an epoch draws them; by default `none`.
        max_norm: The longest that a row of the last layer's weights may be, as Kim (2014) has 3; 0 sets no limit.
        freeze: Layers that keep the weights with which they begin: names of layers, parts or labels, with commas; how
            many from the first on; or `all-but-head`. Their batch norms use the mean and spread that they have.
        unfreeze_after: Frozen layers learn too after so many epochs; 0 never.
        rates: The share of the learning rate at which the first layer learns; the head has all of it, those between
            are in equal ratios; by default 0.1 for weights of another training, else 1.
        patience: Stop after this many epochs without a better one; 0 never stops.
        validation: Share of the training examples kept for validation, from 0.001 to 0.9.
        precision: The numbers in which PyTorch computes while training: `float32`, `bf16`, `fp16`; by default bf16 on
            GPUs that gain from it.
        compile: Whether PyTorch compiles the network first: `yes`, `no`, `graphs` (with CUDA graphs); by default on a
            GPU, for many steps.
        degrade: How good pictures become worse, for the task `restore`: "bicubic:3", "noise:25", "blur:1.6", "jpeg:20",
            "rain:5", "fog:1", several as in "blur:1,noise:10"; "pairs" where worse pictures are there as files.
        style: A picture whose style the network learns to give to photographs, for the task `stylize`.
        eyes: What sees the pictures, for the task `caption`: a run, "NET=FILE", or "squeezenet", the default.
        spacing: For the task `volume`: millimetres of a voxel along each axis, "1x1x2.5" or "1", to which volumes are
            resampled first.
        split: For the task `cube`: "random:0.1" learns from a tenth of the pixels of each class, "disjoint:0.5" from
            half of them that no pixel to test by is beside.
        fold: "2/5" validates by the second of five equal parts of the training examples; `st.folds` takes them all.
        init: How weights begin, as for `build`.
        keep_every: Seconds after which the state within an epoch is kept, for a run that is killed; less often where
            that would take more than 1 % of the time.
        seed: Same seed, same machine, same result.

    Returns:
        The run, on disk, with the weights of the best epoch: of the last one that the validation examples can't tell
        from it.

    Raises:
        InputError: Something named does not exist or does not fit.
        WorkError: The loss is no longer a number, or the disk is full; what was saved before is kept.
    """
    if out is not None:
        path_of(out, "the run's folder `out`")
    if isinstance(net, nn.Module):
        net, dataset = whole_for(net, dataset, size, bad)
    own = loss if callable(loss) else None
    options = Options(
        recipe=recipe,
        epochs=epochs,
        batch=batch,
        lr=lr,
        optimizer=optimizer,
        schedule=schedule,
        warm_up=warm_up,
        clip=clip,
        micro=micro,
        ema=ema,
        loss=None if own or loss is None else str(loss),
        l1=l1,
        l2=l2,
        augment=augment,
        smoothing=smoothing,
        teacher=str(teacher),
        taught=taught,
        temperature=temperature,
        balance=balance,
        max_norm=max_norm,
        freeze=str(freeze),
        unfreeze_after=unfreeze_after,
        rates=rates,
        patience=patience,
        validation=validation,
        precision=precision,
        compile=compile,
        degrade=degrade,
        style=str(style),
        eyes=str(eyes),
        spacing=spacing,
        split=split,
        fold=fold,
        init=init,
        keep_every=keep_every,
        seed=seed,
    )
    how: dict[str, Any] = {"device": device, "engine": engine, "bad": bad, "letters": letters, "own_loss": own}
    how |= {"size": size, "weights": weights, "threads": threads, "workers": workers, "task": task, "log": read(log)}
    page = Page(voice(quiet), port=port) if see else None
    asked = Request(net, dataset, options, show=not quiet, page=page, **how)
    with page or nullcontext():
        return trained(asked, out, overwrite, say=voice(quiet)).told(voice(quiet)).run


def trained(asked: Request, out: str | Path | None = None, overwrite: bool = False, *, say: Say = silent) -> Trained:
    """The whole result of what a user asks for; `say` is given each decision as one sentence."""
    plan, parts, beginning = planned(asked)
    seen: dict[str, Any] = {"show": asked.show, "page": asked.page, "watchers": asked.watchers}
    return start(plan, parts, beginning, out=out, overwrite=overwrite, say=say, **seen)
