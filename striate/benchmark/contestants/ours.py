"""Our own engines, training through the whole loop that `train` uses, data in memory."""

from __future__ import annotations

import dataclasses

from striate.augmentation.words import AUTO
from striate.benchmark.contestants.base import RATE, Job, Unable
from striate.benchmark.contestants.contestant import Turn
from striate.data.restoring.degrading import PAIRS
from striate.tasks.class_of_places import MASK
from striate.tasks.labelled import LABEL, Labelled
from striate.tasks.made import GOOD
from striate.tasks.pictures import IMAGE
from striate.tasks.restore import Restore
from striate.tasks.segment import Segment
from striate.training.engine import TorchEngine
from striate.training.loop import Engine, one_epoch
from striate.training.native_engine import MOST, NativeEngine
from striate.training.options import GRAPHS, Options
from striate.training.pool import Pool
from striate.training.precision import ENOUGH, compiles, precision_for
from striate.training.progress import Quiet

CLASSES, POSITIONS = Labelled(()), Segment((), (), (), channels=1)  # of facts that no step asks for
PICTURES = Restore(PAIRS, channels=1)


def torch_training(job: Job, graphs: bool = False) -> Turn:
    """The loop on the torch engine, in the numbers and compiled as a long training is by itself.

    Raises:
        InputError: CUDA graphs are asked for where there is no CUDA.
    """
    options = dataclasses.replace(
        _options(job),
        precision=precision_for(AUTO, job.device),
        compile=compiles(GRAPHS if graphs else AUTO, job.device, ENOUGH),
    )
    return _loop(_torch(job, options), job)


def torch_inference(job: Job) -> Turn:
    """The torch engine's outputs."""
    return _outputs(_torch(job, _options(job)), job)


def _torch(job: Job, options: Options) -> TorchEngine:
    return TorchEngine(job.model(), options, 1, _task(job).objective(None), job.device)


def native_training(job: Job, threads: int | None = None) -> Turn:
    """The loop on the native engine, by default on as many threads as PyTorch uses.

    Raises:
        Unable: The batch is too large, or the device is not the CPU.
        Refused: The network has a layer that the engine lacks.
    """
    if job.batch > MOST:
        raise Unable(f"the native engine takes batches of up to {MOST:,} images")
    return _loop(_native(job, threads), job)


def native_inference(job: Job, threads: int | None = None) -> Turn:
    """The native engine's outputs; a batch of any size."""
    return _outputs(_native(job, threads), job)


def _native(job: Job, threads: int | None) -> NativeEngine:
    return NativeEngine(job.network, job.on_cpu().model(), _options(job), 1, _task(job).native(None), threads)


def _task(job: Job) -> Labelled | Segment | Restore:
    return PICTURES if job.of_pictures else POSITIONS if job.of_positions else CLASSES


def _options(job: Job) -> Options:
    return Options(batch=job.batch, optimizer="momentum", schedule="constant", lr=RATE)


def _loop(engine: Engine, job: Job) -> Turn:
    options, target = _options(job), GOOD if job.of_pictures else MASK if job.of_positions else LABEL
    objective = _task(job).objective(None)

    def turn(count: int) -> None:
        images, labels = job.images[: count * job.batch], job.labels[: count * job.batch]
        pool = Pool({IMAGE: images}, {target: labels}, device=job.device)
        one_epoch(engine, pool, objective, options, 1, Quiet())

    return turn


def _outputs(engine: Engine, job: Job) -> Turn:
    batches = job.slices()

    def turn(count: int) -> None:
        for images, _ in batches[:count]:
            engine.evaluate({IMAGE: images})

    return turn
