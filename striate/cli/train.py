"""`striate train NET DATA`: from a network and a data set to a run."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate import zoo
from striate.cli.common import (
    Known,
    Option,
    bad_files_option,
    check_data,
    check_page,
    device_option,
    engine_option,
    json_option,
    letters_option,
    log_option,
    page_of,
    print_json,
    read_letters,
    read_size,
    say,
    see_options,
    size_option,
    task_option,
    threads_option,
    workers_option,
)
from striate.errors import InputError
from striate.runs import devices
from striate.runs.logs.known import read
from striate.training.options import OTHER_NAMES, VALUES_ALSO, Options
from striate.training.saved import RUNS, SavedRun

if TYPE_CHECKING:
    from striate.runs.doing import Trained
    from striate.watching import Page


class Count(click.ParamType[int]):
    """A whole number, or `all`, which is 0."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """`all` or a number."""
        if isinstance(value, str) and value.lower() == "all":
            return 0
        return int(click.INT.convert(value, param, ctx))


OUT = ("output", "outdir", "outputdir", "logdir", "savedir", "rundir")  # what other programs call --out
TYPES: dict[str, click.ParamType[Any]] = {"int": click.INT, "float": click.FLOAT, "str": click.STRING}


def training_options(command: Any) -> Any:
    """A command-line option for every field of `Options`, with its help and its default."""
    for field in reversed(dataclasses.fields(Options)):
        known = field.metadata["known"]
        plain = str(field.type).removesuffix(" | None")
        kind = (
            Known(known, VALUES_ALSO.get(field.name)) if known else Count() if field.name == "batch" else TYPES[plain]
        )
        extra = " ('all' for the whole set)" if field.name == "batch" else ""
        command = click.option(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            default=field.default,
            show_default=field.default is not None,
            help=field.metadata["help"][:1].upper() + field.metadata["help"][1:] + extra + ".",
            cls=Option,
            also=OTHER_NAMES[field.name],
        )(command)
    return command


@click.command()
@click.argument("net")
@click.argument("data")
@task_option
@training_options
@engine_option
@device_option
@threads_option
@workers_option
@click.option(
    "--out",
    metavar="FOLDER",
    help=f"The run's folder; by default the next free one under {RUNS}/.",
    cls=Option,
    also=OUT,
)
@click.option("--overwrite", is_flag=True, help="Replace a run that is there already.")
@click.option(
    "--from",
    "weights",
    metavar="FILE|RUN",
    help="Start from the weights of a run or a file (ours, torchvision's, timm's): those that fit are kept.",
)
@size_option
@log_option
@bad_files_option
@letters_option
@click.option(
    "--sync-norm",
    is_flag=True,
    help="Under torchrun: batch norm measures the whole batch, not each process's part.",
    cls=Option,
    also=("syncbn", "syncbatchnorm"),
)
@click.option(
    "--fsdp",
    is_flag=True,
    help="Under torchrun: each process holds but its part of the weights, for networks that fill a device's memory.",
    cls=Option,
    also=("fsdp2", "sharded", "shard", "zero"),
)
@see_options
@json_option
def command(
    net: str,
    data: str,
    task: str | None,
    engine: str,
    device: str,
    threads: int | None,
    workers: int | None,
    out: str | None,
    overwrite: bool,
    weights: str | None,
    size: str | None,
    log: str | None,
    bad: str,
    letters: tuple[str, ...],
    sync_norm: bool,
    fsdp: bool,
    see: bool,
    port: int,
    as_json: bool,
    **options: Any,
) -> int:
    """Train NET on DATA.

    NET is a name of the zoo, a .net file, or the text itself. DATA is a named set (digits, mnist, fashion-mnist,
    cifar10), a folder or an archive; `striate tasks` lists what is read for which task. Default choices are reported.
    """
    chosen, values, sides, logs = Options(**options), read_letters(letters), read_size(size), read(log)
    zoo.find(net, values)
    check_data(data, task)
    devices.check(device)
    check_page(see, port)
    if fsdp and "WORLD_SIZE" not in os.environ:
        raise InputError("`fsdp` is for several processes, which torchrun starts; leave it out")
    if "WORLD_SIZE" in os.environ:  # as torchrun sets it
        check_launched(out, overwrite, engine, workers, fsdp and see)
    elif out:
        SavedRun(Path(out)).is_free(overwrite)
    from striate.runs.launching import launched
    from striate.runs.planning import Request  # the words are right: from here on it takes PyTorch
    from striate.runs.training import trained
    from striate.tasks.saying import silent
    from striate.training.processes import own_device, started

    device = own_device(device)
    with started(device, sync_norm, fsdp) as processes:
        page = page_of(see, port) if processes.first else None
        asked = Request(
            net,
            data,
            chosen,
            task=task,
            device=device,
            threads=threads,
            workers=0 if processes.several else workers,  # forked beside gloo's threads, readers have been seen to hang
            engine="torch" if processes.several else engine,
            bad=bad,
            letters=values,
            size=sides,
            log=logs,
            weights=weights,
            show=processes.first,
            page=page,
            processes=processes,
            command=shlex.join(["striate", *sys.argv[1:]]),
        )
        if processes.launched:
            assert out
            done = launched(asked, Path(out), say=say if processes.first else silent)
        else:
            done = trained(asked, out, overwrite, say=say)
    return show(done, as_json, page) if done else 0


def check_launched(out: str | None, overwrite: bool, engine: str, workers: int | None, partly: bool) -> None:
    """Check what may be asked for under torchrun.

    Raises:
        InputError: It would not be found again after a restart, or one process alone can do it.
    """
    if partly:
        raise InputError("with `fsdp` no process has whole weights at hand, as `see` needs; leave out one of them")
    if not out:
        raise InputError("under torchrun the run needs a folder by name, `out`: there it is found after a restart")
    if overwrite:
        raise InputError("under torchrun nothing is replaced, for a restart would do it again; take another `out`")
    several = os.environ.get("WORLD_SIZE", "1") != "1"
    if engine == "native" and several:
        raise InputError("the native engine trains in one process; several take `engine='torch'`")
    if workers and several:
        raise InputError("each of several processes reads its files itself; leave `workers` out, or start more of them")


def show(done: Trained, as_json: bool, page: Page | None = None) -> int:
    """The result of a training, then its page while somebody looks; the status is 1 when it was stopped by Ctrl-C."""
    from striate.runs.doing import CTRL_C
    from striate.training.interrupt import as_exception

    for line in done.said():
        say(line)
    if as_json:
        print_json(done.to_json())
    else:
        for line in done.printed():
            click.echo(line)
    if page and done.stopped != CTRL_C:
        try:
            with as_exception():
                page.wait()
        except KeyboardInterrupt:
            page.stop()
    return 1 if done.stopped == CTRL_C else 0
