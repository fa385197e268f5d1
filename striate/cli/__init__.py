"""The command line: parses words, calls one function, prints what it gave. One verb, one file.

Exit status: 0 done, 1 the work failed, 2 the words were wrong. With `--json`, standard output holds one JSON document
and nothing else; all other lines go to standard error.
"""

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TextIO

import click

from striate import interrupt
from striate.cli import foreign, streams
from striate.cli.common import nearest_option, told
from striate.errors import StriateError, nearest

VERBS = {
    "explain": "What a network costs, with every formula filled in.",
    "step": "One layer forward and backward, term by term.",
    "zoo": "The networks known by name.",
    "tasks": "What networks are trained for, and the data that each reads.",
    "data": "Check a data set for faults, or show what a network gets of it.",
    "train": "Train a network on a data set.",
    "search": "Find good options by many short trainings.",
    "rate": "Find a learning rate, before training.",
    "folds": "Cross-validation: train once for each of several parts left out.",
    "resume": "Go on with a run, or train it for more epochs.",
    "runs": "The runs there are: how far, how good, and several side by side.",
    "test": "Test a run on a data set.",
    "predict": "Say what image files show.",
    "sample": "Pictures that a run has learned to make.",
    "prune": "A smaller network from a run: filters are left out, training goes on.",
    "slide": "Find and read several characters or objects in an image.",
    "index": "Index a folder of images by what a network sees in them.",
    "find": "The images of an index that are most like one; near duplicates.",
    "style": "A picture in the style of others.",
    "play": "A game, played by a run's network or a planner, whose moves are data.",
    "see": "Open a run's report in the browser.",
    "inside": "Look inside a run's network: filters, maps, and what an answer comes from.",
    "plan": "What a training on many devices takes: time, memory, traffic, cost.",
    "bench": "Images per second, beside a plain PyTorch loop.",
    "baseline": "Features made by hand and a classifier, the rival of a network.",
}
OTHER_NAMES = {  # what other programs call them
    "explain": ("summary", "summarize", "summarise", "info", "describe", "inspect", "cost", "count", "flops", "macs"),
    "step": ("backprop", "backpropagation", "forward", "backward", "trace"),
    "zoo": ("list", "models", "networks", "nets", "ls"),
    "tasks": ("task", "applications", "problems", "modes"),
    "data": ("dataset", "datasets", "lint", "clean", "duplicates"),
    "train": ("fit", "learn", "run", "start"),
    "search": ("tune", "sweep", "optimize", "optimise", "hpo", "grid", "hyperparameters", "tuning"),
    "rate": ("lr", "lrfind", "lrfinder", "findlr"),
    "folds": ("kfold", "crossvalidate", "crossvalidation", "cv"),
    "resume": ("continue", "restart"),
    "runs": ("history", "experiments", "trainings", "leaderboard", "compare"),
    "test": ("evaluate", "evaluation", "eval", "val", "valid", "validate", "score", "check"),
    "predict": ("infer", "inference", "classify", "recognise", "recognize", "apply"),
    "sample": ("generate", "create", "draw", "imagine", "dream", "synthesize", "synthesise", "samples"),
    "prune": ("shrink", "slim", "compress"),
    "slide": ("detect", "locate", "scan", "sdnn"),
    "index": ("embed", "embeddings", "extract"),
    "find": ("retrieve", "retrieval", "similar", "query", "nearest", "lookup"),
    "style": ("stylize", "stylise", "neuralstyle", "paint", "gatys"),
    "play": ("game", "atari", "gather", "rollout", "dagger", "enjoy"),
    "see": ("show", "view", "report", "open", "look", "display", "plot", "visualize", "visualise"),
    "inside": ("interpret", "attribute", "attribution", "gradcam", "saliency"),
    "plan": ("estimate", "budget", "forecast"),
    "bench": ("benchmark", "profile", "speed", "time", "race", "timeit"),
    "baseline": ("features", "rival", "classic"),
}


class Verbs(click.Group):
    """Loads a verb's file when the verb is used, so that `striate --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order in which one uses them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A verb's command."""
        if name not in VERBS:
            return None
        gc.disable()  # what an import makes stays: collecting garbage meanwhile takes a quarter of a second
        command: click.Command = import_module(f"striate.cli.{name}").command
        gc.freeze()
        gc.enable()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest verb for an unknown one."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(f"no verb '{args[0]}'{nearest(args[0], VERBS, OTHER_NAMES)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs, one line each, without loading them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _show_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from striate import __version__

        click.echo(f"striate {__version__}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Say it and exit."
)
def striate() -> None:
    """Convolutional neural networks from the notation that lectures and papers use.

    \b
    striate explain lenet5
    striate explain "input 3x128x128 -> conv 16@7x7 stride 2 pad 3"
    striate train lenet5 mnist
    striate predict RUN seven.png
    """


def main() -> int:
    """Runs the command line and returns its status; errors a user can fix become one message on standard error."""
    streams.mend()
    foreign.hush()
    return _status(lambda: striate.main(standalone_mode=False))


def _status(work: Callable[[], object]) -> int:
    try:
        status = work()
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        _tell(interrupt.LINE.rstrip())
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        _tell(error.format_message())
        return 2
    except click.ClickException as error:
        _tell(f"striate: {_one_line(error)}")
        return 2
    except StriateError as error:
        _tell(f"striate: {told(error)}")
        return error.exit_status
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _to_nowhere(sys.stdout, sys.stderr)
        return 0
    except OSError as error:  # a full disk after `>`, a folder that may not be entered
        _to_nowhere(sys.stdout)
        _tell(f"striate: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        return 1


def _tell(line: str) -> None:
    """One message on standard error, if it can be written."""
    try:
        click.echo(line, err=True)
    except OSError:
        _to_nowhere(sys.stderr)


def _to_nowhere(*streams: TextIO) -> None:
    """Discards what is still to be written to these streams, so that Python reports no error when it exits."""
    for stream in streams:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _one_line(error: click.ClickException) -> str:
    """click's message, and where to find help."""
    message = error.format_message().rstrip(".")
    ctx = getattr(error, "ctx", None)
    if ctx and isinstance(error, click.NoSuchOption):  # click suggests any word with similar letters
        message = f"No such option '{error.option_name}'{nearest_option(error.option_name, ctx.command)}"
    return f"{message}; see {ctx.command_path} --help" if ctx else message
