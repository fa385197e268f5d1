"""How to train: every choice with its default, in one place. The command line and the documentation read them here.

>>> Options(epochs=3).to_json()["optimizer"]
'adamw'
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from striate.augmentation.words import AUTO, NONE, SHORT, WORDS, parsed, tidy
from striate.checks import check_number
from striate.errors import InputError, nearest
from striate.initial import ALSO as RULES_ALSO
from striate.initial import RULES
from striate.losses import ALSO as LOSSES_ALSO
from striate.losses import NAMES
from striate.notation.measure import OPTIMIZER_ALSO
from striate.training.optimizers import OPTIMIZERS
from striate.training.passes import BATCH, EPOCHS, FEW_BATCH, FEW_DECAY, MOST
from striate.training.schedules import ALSO as SCHEDULES_ALSO
from striate.training.schedules import SCHEDULES

NO_AUGMENT = NONE
FLOAT32, BF16, FP16 = "float32", "bf16", "fp16"
PRECISIONS = (AUTO, FLOAT32, BF16, FP16)
GRAPHS = "graphs"  # kernels of a compiled network are recorded once, and replayed together
COMPILES = (AUTO, "yes", GRAPHS, "no")
WEIGHTS, SAMPLING = "weights", "sampling"
BALANCES = (NONE, WEIGHTS, SAMPLING)
RECIPE_NAMES = (NONE, "fast", "accurate")
SPLIT = ("seed", "validation", "fold")  # options that choose the validation examples
STARTED_RATE, STARTED_SLOWEST = 1 / 3, 0.1  # of the usual rate, and of that in the first layer
VALUES_ALSO: dict[str, Mapping[str, Sequence[str]]] = {  # what others call the values of a choice
    "optimizer": OPTIMIZER_ALSO,
    "schedule": SCHEDULES_ALSO,
    "loss": LOSSES_ALSO,
    "init": RULES_ALSO,
    "balance": {WEIGHTS: ("balanced", "weighted"), SAMPLING: ("sampler", "oversampling")},
    "precision": {FLOAT32: ("fp32", "32", "full"), BF16: ("bfloat16",), FP16: ("float16", "16", "half")},
    "compile": {"yes": ("true", "on"), GRAPHS: ("cudagraphs", "reduceoverhead"), "no": ("false", "off")},
}
OTHER_NAMES = {  # what others call a choice itself
    "recipe": ("preset", "config"),
    "epochs": ("numepochs", "nepochs", "maxepochs"),
    "batch": ("batchsize", "bs", "minibatch"),
    "lr": ("learningrate", "rate", "maxlr", "eta"),
    "optimizer": ("optimiser", "opt", "solver"),
    "schedule": ("scheduler", "lrschedule", "lrscheduler"),
    "loss": ("criterion", "objective"),
    "l1": ("lasso",),
    "l2": ("weightdecay", "wd", "decay", "ridge"),
    "augment": ("augmentation", "dataaugmentation"),
    "smoothing": ("labelsmoothing",),
    "warm_up": ("warmupepochs", "warmupratio"),
    "clip": ("clipnorm", "gradclip", "gradientclipping", "clipgradnorm", "maxgradnorm"),
    "micro": ("microbatch", "accumulate", "accumulation", "gradaccum", "gradientaccumulation"),
    "ema": ("modelema", "averaging", "weightaveraging", "polyak"),
    "precision": ("dtype", "amp", "mixedprecision"),
    "compile": ("torchcompile", "jit"),
    "teacher": ("distil", "distill", "distillfrom", "teachermodel", "knowledgedistillation"),
    "taught": ("distillweight", "softweight", "kdweight", "alpha"),
    "temperature": ("temp", "softmaxtemperature", "kdtemperature"),
    "balance": ("classweight", "classweights", "sampler", "weightedsampling", "oversample"),
    "max_norm": ("normconstraint", "weightnorm", "l2constraint"),
    "freeze": ("frozen", "freezelayers", "freezebackbone"),
    "unfreeze_after": ("unfreeze", "freezeepochs", "thawafter"),
    "rates": ("layerdecay", "layerrates", "discriminativerates", "lrdecayrate", "backbonelr"),
    "patience": ("earlystopping", "earlystop"),
    "validation": ("validationsplit", "valsplit"),
    "degrade": ("degradation", "corrupt", "corruption"),
    "style": ("styleimage", "stylepicture"),
    "eyes": ("features", "encoder", "backbone", "cnn", "featureextractor"),
    "spacing": ("voxelsize", "resample", "targetspacing"),
    "split": ("pixelsplit", "spatialsplit"),
    "fold": ("kfold",),
    "init": ("weightinit",),
    "keep_every": ("saveevery", "checkpointevery", "saveinterval"),
    "seed": ("randomseed", "randomstate"),
}


def _option(
    default: Any, help: str, known: tuple[str, ...] = (), least: float | None = None, most: float = math.inf
) -> Any:
    return field(default=default, metadata={"help": help, "known": known, "least": least, "most": most})


@dataclass(frozen=True)
class Options:
    """The choices of one training. Numbers left as None take the optimiser's usual value.

    Raises:
        InputError: A name that is not known or a number out of its range.
    """

    recipe: str = _option(
        NONE,
        "a tested whole for the options that are not given, which is printed in full: fast takes fewer epochs at a "
        "higher rate; accurate takes more, averages the weights, softens classes and changes images more",
        known=RECIPE_NAMES,
    )
    epochs: int = _option(
        0, f"passes over the training images; 0 takes {EPOCHS}, and up to {MOST} for small sets", least=0, most=10**6
    )
    batch: int | None = _option(
        None,
        f"images in a mini-batch; 0 takes the whole set; by default {BATCH}, or {FEW_BATCH} for few photographs",
        least=0,
        most=2**31,
    )
    lr: float | None = _option(
        None,
        "highest learning rate; by default the optimiser's usual one for the task, and a third of it for weights of "
        "another training",
        least=0,
    )
    optimizer: str = _option("adamw", "the optimiser", known=tuple(OPTIMIZERS))
    schedule: str = _option("one-cycle", "how the learning rate moves", known=tuple(SCHEDULES))
    warm_up: float = _option(
        0.0,
        "the share of the training in which the rate rises to its highest, or from 1 on so many epochs; one-cycle "
        "takes 0.3 by itself",
        least=0,
    )
    clip: float = _option(
        0.0, "the longest that a step's gradient may be, over all weights together; 0 sets no limit", least=0
    )
    micro: int = _option(
        0,
        "images that go through the network at once, where a whole mini-batch takes too much memory: their gradients "
        "are added; 0 takes a mini-batch at once",
        least=0,
        most=2**31,
    )
    ema: float | None = _option(
        None,
        "the share that an exponential moving average of the weights keeps in a step, as 0.999: the average is what is "
        "measured and kept; by default 0, none",
        least=0,
        most=0.999999,
    )
    loss: str | None = _option(
        None, "what is made small; by default what is usual for the task, such as cross-entropy", known=NAMES
    )
    l1: float = _option(0.0, "L1 penalty on weights", least=0)
    l2: float | None = _option(
        None,
        "L2 penalty (weight decay) on weights; by default the optimiser's usual one, "
        f"and {FEW_DECAY:g} for few photographs with adamw",
        least=0,
    )
    augment: str = _option(
        AUTO,
        "change training images a little, differently in each epoch, by words with commas and maybe a number each, "
        f"as in shift:2,rotate:10: {', '.join(WORDS)}; photo is {','.join(SHORT['photo'])}, distort is "
        f"{','.join(SHORT['distort'])}; auto does what suits the data",
    )
    smoothing: float | None = _option(
        None,
        "label smoothing: the share of each training example's class that all classes share; by default 0",
        least=0,
        most=0.999,
    )
    teacher: str = _option(
        "",
        "the folder of a run from whose answers this one learns, beside the classes (knowledge distillation); of "
        "several with commas, which answer together",
    )
    taught: float = _option(0.9, "the share of the loss that is the teacher's", least=0, most=1)
    temperature: float = _option(
        1.0,
        "what outputs are divided by before a teacher's and its pupil's are compared: above 1, unlikely classes count "
        "more",
        least=0.01,
        most=1000,
    )
    balance: str = _option(
        NONE,
        "make classes of unequal size count alike: weights does by the loss of their examples, sampling by how often "
        "an epoch draws them",
        known=BALANCES,
    )
    max_norm: float = _option(
        0.0, "the longest that the weights of an output may be, as a row of the last layer; 0 sets no limit", least=0
    )
    freeze: str = _option(
        "",
        "layers that keep the weights with which they begin: names of layers, parts or labels, with commas; how many "
        "from the first on; or all-but-head",
    )
    unfreeze_after: int = _option(0, "frozen layers learn too after so many epochs; 0 never", least=0, most=10**6)
    rates: float | None = _option(
        None,
        "the first layer learns at this share of the learning rate, the head at all of it, those between in equal "
        f"ratios; by default {STARTED_SLOWEST:g} for weights of another training, else 1",
        least=0.0001,
        most=1,
    )
    patience: int = _option(0, "stop after so many epochs without a better one; 0 never", least=0)
    validation: float = _option(0.1, "share of the training images kept for validation", least=0.001, most=0.9)
    precision: str = _option(
        "auto",
        "the numbers in which a training computes with PyTorch; auto takes bf16 on GPUs that gain from it",
        known=PRECISIONS,
    )
    compile: str = _option(
        "auto",
        "whether PyTorch compiles the network first; auto does on a GPU, for many steps; graphs adds CUDA graphs",
        known=COMPILES,
    )
    degrade: str = _option(
        "",
        "how good pictures become worse, to learn to restore them: bicubic:3, noise:25, blur:1.6, jpeg:20, rain, fog, "
        "several as in blur:1,noise:10, or pairs",
    )
    style: str = _option("", "a picture whose style the network learns to give to photographs")
    eyes: str = _option(
        "",
        "what sees the pictures that captions are learned for: a run, NET=FILE, or squeezenet (the default), maybe "
        "with the size in which it sees them: squeezenet:227",
    )
    spacing: str = _option(
        "",
        "for volumes: millimetres of a voxel along each axis, such as 1x1x2.5, to which they are resampled first",
    )
    split: str = _option(
        "",
        "for the pixels of one image of many bands: random:0.1 learns from a tenth of each class, disjoint:0.5 from "
        "half of them that no pixel to test by is beside",
    )
    fold: str = _option(
        "",
        "validate by one of several equal parts of the training images, the others train: 2/5 is the second of 5",
    )
    init: str | None = _option(None, "how weights begin; by default as the activations ask for", known=tuple(RULES))
    keep_every: float = _option(
        60.0,
        "seconds after which the state within an epoch is kept, for a run that is killed; less often where that would "
        "take more than 1 % of the time",
        least=0,
    )
    seed: int = _option(0, "same seed, same machine, same result", least=0, most=2**31)

    def __post_init__(self) -> None:
        for option in dataclasses.fields(self):
            value, meta = getattr(self, option.name), option.metadata
            if value is None and option.default is None:
                continue
            if meta["known"] and value not in meta["known"]:
                listed = ", ".join(meta["known"])
                hint = nearest(str(value), meta["known"], VALUES_ALSO.get(option.name))
                raise InputError(f"no {option.name} '{value}'{hint}; there are {listed}")
            whole = str(option.type).startswith("int")
            if meta["least"] is not None:
                check_number(value, option.name, least=meta["least"], most=meta["most"], whole=whole)
        plain = {"augment": tidy(self.augment), "freeze": str(self.freeze), "teacher": str(self.teacher)}
        for name, text in plain.items():  # as they are compared and kept
            object.__setattr__(self, name, text)
        parsed(self.augment)
        if self.warm_up >= 1 and 0 < self.epochs <= self.warm_up:
            raise InputError(
                f"warm_up is less than the training, which has epochs={self.epochs}. Received: {self.warm_up:g}"
            )
        self.folds  # noqa: B018 - or it is refused
        if self.unfreeze_after and not self.freeze:
            raise InputError(f"unfreeze_after {self.unfreeze_after} is for frozen layers; say which with `freeze`")

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        return OPTIMIZERS[self.optimizer].rate if self.lr is None else self.lr

    @property
    def rise(self) -> float:
        """The share of the training in which the rate rises before its schedule begins."""
        return self.warm_up if self.warm_up < 1 else self.warm_up / max(1, self.epochs)

    def said(self) -> list[str]:
        """What steps do beside what is usual, a few words each.

        >>> Options(clip=1, precision="float32").said()
        ['gradient clipped at 1']
        """
        words = {
            f"warm-up over {self.rise:.2g} of it": self.warm_up,
            f"gradient clipped at {self.clip:g}": self.clip,
            f"{self.micro} at once": self.micro,
            f"weights averaged (ema {self.ema:g})" if self.ema else "": self.ema,
            f"in {self.precision}": self.precision not in (AUTO, FLOAT32),
            "compiled": self.compiled,
            "replayed as CUDA graphs": self.compile == GRAPHS,
        }
        return [said for said, wanted in words.items() if wanted]

    @property
    def compiled(self) -> bool:
        """Whether PyTorch compiles the network."""
        return self.compile in ("yes", GRAPHS)

    @property
    def folds(self) -> tuple[int, int] | None:
        """Which fold, from 1, and of how many; None where a share is kept for validation."""
        if not self.fold:
            return None
        number, _, count = self.fold.partition("/")
        if not number.isdecimal() or not count.isdecimal() or not 1 <= int(number) <= int(count) or int(count) < 2:
            raise InputError(f"fold takes a number and how many there are, as in 2/5. Received: {self.fold}")
        return int(number), int(count)

    def images(self, count: int) -> int:
        """How many of `count` images go into a mini-batch."""
        return count if self.batch == 0 else self.batch or BATCH

    @property
    def slowest(self) -> float:
        """The share of the rate at which the first layer learns."""
        return 1.0 if self.rates is None else self.rates

    @property
    def decay(self) -> float:
        """The weight decay."""
        return OPTIMIZERS[self.optimizer].decay if self.l2 is None else self.l2

    def to_json(self) -> dict[str, Any]:
        """Every choice, defaults filled in."""
        filled = {"lr": self.rate, "l2": self.decay, "batch": BATCH if self.batch is None else self.batch}
        filled |= {"ema": self.ema or 0.0, "smoothing": self.smoothing or 0.0}
        return {**dataclasses.asdict(self), **filled}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Options:
        """The options of a saved run; those of another version, which `foreign` names, are ignored.

        Raises:
            InputError: A value out of range.
        """
        foreign = Options.foreign(value)
        return Options(**{name: chosen for name, chosen in value.items() if name not in foreign})

    @staticmethod
    def foreign(value: dict[str, Any]) -> list[str]:
        """The options of a saved run that this version does not know.

        >>> Options.foreign({"epochs": 3, "patients": 2})
        ['patients']
        """
        return sorted(value.keys() - {option.name for option in dataclasses.fields(Options)})


def for_started(options: Options) -> Options:
    """The options for a training that starts from the weights of another: smaller steps, most so in the first layers.

    >>> for_started(Options()).rate, for_started(Options(lr=0.01)).rate, for_started(Options()).slowest
    (0.001, 0.01, 0.1)
    """
    lr = options.rate * STARTED_RATE if options.lr is None else options.lr
    return dataclasses.replace(options, lr=lr, rates=STARTED_SLOWEST if options.rates is None else options.rates)


def for_few(options: Options) -> Options:
    """The options for few photographs: a smaller batch and, with AdamW, more weight decay, unless they were chosen.

    >>> for_few(Options()).batch, for_few(Options()).decay, for_few(Options(batch=64)).batch
    (32, 0.5, 64)
    """
    batch = FEW_BATCH if options.batch is None else options.batch
    l2 = FEW_DECAY if options.l2 is None and options.optimizer == "adamw" else options.l2
    return dataclasses.replace(options, batch=batch, l2=l2)
