"""Going on with a training: where it was interrupted, or beyond its planned epochs.

>>> import tempfile
>>> from striate.runs.training import train
>>> run = train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tempfile.mkdtemp() + "/run", quiet=True)
>>> [epoch.epoch for epoch in resume(run.path, epochs=2, quiet=True).history.epochs]
[1, 2]
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from striate.checks import check_number, path_of
from striate.errors import InputError
from striate.losses import NAMES, Loss
from striate.runs import devices
from striate.runs.command import FROM_PYTHON, goes_on, resumes, source_name
from striate.runs.doing import Trained, go_on
from striate.runs.logs.known import read
from striate.runs.planning import Again, Request, check_changed, planned
from striate.runs.run import Run
from striate.tasks import known
from striate.tasks.fitting import from_resolved
from striate.tasks.saying import Say, silent, voice
from striate.tasks.task import OWN
from striate.training.options import Options
from striate.training.progress import Quiet
from striate.training.saved import REPORT, SavedRun
from striate.training.state import FIRST
from striate.watching import Page


def resume(
    path: str | Path,
    dataset: Any = None,
    *,
    epochs: int | None = None,
    lr: float | None = None,
    schedule: str | None = None,
    loss: Loss | None = None,
    engine: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    workers: int | None = None,
    log: str | Iterable[str] | None = None,
    quiet: bool = False,
    see: bool = False,
    port: int = 0,
) -> Run:
    """Go on with an interrupted run, or train a finished one for more epochs.

    The learning rate follows the schedule over all epochs, including those done: with more epochs, a run goes on at the
    rate that the longer schedule has there, and a line says so.

    Args:
        path: The run's folder.
        dataset: Where the data are now, if they have moved; they must be the same images. Data made in
            Python must be given again.
        epochs: Epochs in all; by default as many as the run was started for.
        lr: Highest learning rate from here on; by default as before.
        schedule: How the learning rate moves from here on; by default as before.
        loss: Your own loss, if the run was trained with one: a function of (outputs, labels).
        engine: As for `train`, whichever trained before; by default the same, or on a new device one that fits it.
        device: As for `train`; by default the one it was trained on.
        threads, workers, log: As for `train`; by default as before.
        quiet, see, port: As for `train`.

    Returns:
        The run, on disk, with the weights of the best epoch, as for `train`.

    Raises:
        InputError: There is no run, it has all its epochs already, or the data are not those it was trained on.
        WorkError: It has no state to go on from, or as for `train`.
    """
    changes = {"epochs": epochs, "lr": lr, "schedule": schedule}
    how: dict[str, Any] = {"loss": loss, "engine": engine, "device": device, "threads": threads}
    page = Page(voice(quiet), port=port) if see else None
    how |= {"workers": workers, "log": None if log is None else read(log), "page": page}
    with page or nullcontext():
        return resumed(path, dataset, changes, say=voice(quiet), show=not quiet, **how).told(voice(quiet)).run


def resumed(
    path: str | Path,
    dataset: Any,
    changes: Mapping[str, Any],
    *,
    loss: Loss | None = None,
    engine: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    workers: int | None = None,
    log: tuple[str, ...] | None = None,
    tested: bool = True,
    watchers: tuple[Quiet, ...] = (),
    say: Say = silent,
    show: bool = False,
    page: Page | None = None,
) -> Trained:
    """As `resume`, but returns the whole result.

    Args:
        path, dataset, loss, engine, device, threads, workers, log: As for `resume`.
        tested, watchers: As for `Request`.
        changes: Options by name that change from here on; None leaves one as it is.
        say: Is given each decision as one sentence.
        show: Whether to draw progress on standard error.
        page: Where the training is seen; None where it is not.
    """
    saved = SavedRun.to_go_on(path_of(path, "a run"))
    config, state = saved.config(), saved.last()
    source = config["data"]["source"] if dataset is None else dataset
    _check_loss(path, config["options"]["loss"], loss)
    _check_source(path, source)
    _check_epochs(path, changes.get("epochs"), len(state.history), config["options"]["epochs"])
    options = options_of(config, changes, say)
    elsewhere = device is not None and str(devices.device(device)) != config["device"]
    if elsewhere:  # what suits the device is decided anew
        options = dataclasses.replace(options, precision="auto", compile="auto")
    if len(state.history) >= options.epochs and (saved.root / REPORT).is_file():
        done = len(state.history)
        raise InputError(f"{path} has its {done} epochs; give more, as in `epochs={done * 2}`")
    if saved.format == FIRST:
        say(
            "an earlier version began this run; its images come in another order, and change in other ways, from now on"
        )
    moved = "" if dataset is None else source_name(dataset)
    asked = {**changes, "epochs": options.epochs, "engine": engine, "device": device, "threads": threads}
    asked |= {"workers": workers, "log": ",".join(log) if log else None}
    repeatable = config["command"] != FROM_PYTHON
    request = Request(
        from_resolved(state.net, config["network"]),
        source,
        options,
        task=known.of_run(config).word,
        device=device or config["device"],
        engine=engine or ("auto" if elsewhere else config.get("wanted", config["engine"])),
        threads=threads or config.get("threads"),
        workers=config.get("workers") if workers is None else workers,
        log=tuple(config.get("log", ())) if log is None else log,
        tested=tested,
        bad=config.get("bad", "skip"),
        own_loss=loss,
        show=show,
        command=goes_on(config["command"], path, moved, asked) if repeatable else FROM_PYTHON,
        again=Again.of(config),
    )
    plan, parts, _ = planned(request)
    check_changed(plan, config, saved.root)
    return go_on(plan, parts, saved, state, say=say, show=show, page=page, watchers=watchers)


def options_of(config: dict[str, Any], changes: Mapping[str, Any], say: Say) -> Options:
    """The options of a run's configuration, with the changes."""
    before = config["options"]
    if foreign := Options.foreign(before):
        say(f"options of another version that this one does not know, and goes on without: {', '.join(foreign)}")
    named = Options.from_json(before | ({} if before["loss"] in NAMES else {"loss": None}))
    if named.augment == "auto" and not (config["recipe"] or {}).get("ink"):
        named = dataclasses.replace(named, augment="none")  # runs that saved the word itself changed drawings only
    named = dataclasses.replace(named, rates=named.slowest)  # earlier versions had one rate, from other weights too
    return dataclasses.replace(named, **{name: value for name, value in changes.items() if value is not None})


def _check_loss(path: str | Path, trained: str, given: Loss | None) -> None:
    if trained == OWN and given is None:
        raise InputError(
            f"{path} was trained with a loss of your own; give it again, from Python: "
            f"st.resume({str(path)!r}, loss=your_function)"
        )
    if trained != OWN and given is not None:
        raise InputError(
            f"{path} was trained with the loss '{trained}', with which it goes on; a loss of your own is for "
            "runs that began with it"
        )


def _check_epochs(path: str | Path, wanted: int | None, done: int, planned: int) -> None:
    """Check that fewer epochs than there are were not asked for: nothing would be trained, and the plan lost."""
    if wanted is None:
        return
    check_number(wanted, "epochs", least=-math.inf)
    if wanted < 1:
        raise InputError(f"epochs must be 1 or more when a run goes on. Received: {wanted}")
    if wanted <= done < planned:
        raise InputError(
            f"{path} has {done:,} epoch{'s' * (done != 1)} already; `{resumes(path)}` alone goes on to {planned:,}"
        )


def _check_source(path: str | Path, source: Any) -> None:
    """Check that the data have a name and are still where it says."""
    if source == "":
        raise InputError(
            f"{path} was trained on a data set made in Python; give it again: st.resume({str(path)!r}, dataset)"
        )
    gone = isinstance(source, str) and os.path.isabs(source) and not os.path.exists(source)
    if gone:
        raise InputError(f"no data at {source}, which {path} was trained on; say where they are now, after the run")
