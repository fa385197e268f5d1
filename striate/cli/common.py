"""What several verbs share: messages, printing, and reading words that stand for numbers."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from striate.errors import InputError, StriateError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from striate.watching import Page

FLAGS = {
    "bad": "bad-files",
    "letters": "set",
    "most": "frames",
    "shares": "weights",
    "weights": "from",
}  # options whose flag differs from their Python name
F = TypeVar("F", bound=Callable[..., Any])
STANDARD_INPUT = "-"


class Known(click.Choice[str]):
    """One of several names; a wrong one gets the nearest as a suggestion. `also`: what other programs call them."""

    def __init__(self, choices: Iterable[str], also: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(list(choices))
        self.also = also

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            self.fail(error.message.rstrip(".") + nearest(str(value), self.choices, self.also), param, ctx)


class Option(click.Option):
    """An option that knows its names in other programs, so that those lead to it."""

    def __init__(self, *words: Any, also: Sequence[str] = (), **rest: Any) -> None:
        super().__init__(*words, **rest)
        self.also = also


def nearest_option(name: str, command: click.Command) -> str:
    """`; did you mean '--lr'?` for the option that an unknown one may stand for."""
    options = [option for option in command.params if isinstance(option, click.Option)]
    also = {word: option.also for option in options if isinstance(option, Option) for word in option.opts}
    return nearest(name, [word for option in options for word in option.opts], also)


def told(error: StriateError) -> str:
    """An error in the words of the command line."""
    from striate.notation.errors import MissingLettersError

    if not isinstance(error, MissingLettersError):
        return in_flags(str(error))
    given = " ".join(f"--set {letter}={number}" for letter, number in error.letters.items())
    return f"{error.head}\n  {error.way_out(given)}"


def in_flags(text: str) -> str:
    """A message of the library with its options, which stand in backticks, as they are typed.

    >>> in_flags("try a smaller `lr`, `engine='torch'` or `overwrite=True`; see `striate train`")
    'try a smaller --lr, --engine torch or --overwrite; see `striate train`'
    """
    return re.sub(r"`([a-z]\w*)(?:=([^`]+))?`", _flag, text)


def _flag(found: re.Match[str]) -> str:
    name, value = found.groups()
    flag = "--" + FLAGS.get(name, name).replace("_", "-")
    return flag if value in (None, "True") else f"{flag} {value.strip(chr(39))}"


def say(line: str) -> None:
    """A sentence for the user, on standard error."""
    click.echo(in_flags(line), err=True)


def print_json(value: object) -> None:
    """One JSON document on standard output; a number that JSON can't write becomes null."""
    click.echo(json.dumps(_finite(value), indent=2))


def console() -> Console:
    """Where tables are printed: standard output, of unlimited width when it is no terminal."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:  # rich would end with status 1 where `head` has seen enough
            raise BrokenPipeError

    from striate.explanation import WIDE

    # NO_COLOR: rich alone would leave bold and faint signs
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Ours(highlight=False, width=None if sys.stdout.isatty() else WIDE, color_system=colours)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return [_finite(entry) for entry in value] if isinstance(value, list | tuple) else value


def check_run(run: str) -> None:
    """Checks that there is a run in this folder; its other files are read when they are used.

    Raises:
        InputError: There is none.
    """
    from striate.training.saved import SavedRun

    if not Path(run).is_file():
        SavedRun.open(Path(run))


def runs_first(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The runs with which words begin, and the rest; the first is a run, though it may hold no weights yet.

    Raises:
        InputError: They begin with none.
    """
    check_run(words[0])
    count = next((number for number, word in enumerate(words) if number and not _is_run(word)), len(words))
    return tuple(words[:count]), tuple(words[count:])


def _is_run(word: str) -> bool:
    """Whether a word can only be a run: its folder, or its weights alone."""
    from striate.training.saved import MODEL

    path = Path(word)
    return (path / MODEL).is_file() or (path.is_file() and path.suffix == Path(MODEL).suffix)


def letters_option(command: F) -> F:
    """`--set N=2`, once for each letter of the network's text or for several by commas."""
    from striate.notation.thumb import MEANINGS

    return click.option(
        "--set",
        "letters",
        multiple=True,
        metavar="N=2",
        help="Give letters of the text their values, N=2,M=2 or one at a time; a pattern's bare words also take "
        + ", ".join(f"{letter} ({what})" for letter, what in MEANINGS.items())
        + ".",
        cls=Option,
        also=("letter", "letters", "param"),
    )(command)


def size_option(command: F) -> F:
    """`--size 64`."""
    help = "Another size for the network's input: 64 for all axes, or 64x48."
    return click.option("--size", metavar="SIZE", help=help, cls=Option, also=("inputsize", "imgsize", "imagesize"))(
        command
    )


def json_option(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(command)


def see_options(command: F) -> F:
    """`--see`, and `--port` where it is served."""
    help = "Serve a page on this machine that shows the training while it runs, and open the browser."
    where = "Where that page is served; a free one if 0."
    command = click.option("--port", type=click.IntRange(0, 65535), default=0, help=where)(command)
    return click.option("--see", is_flag=True, help=help)(command)


def check_alone(instead: str) -> None:
    """Check that torchrun has not started several processes for what one does; says what several do instead.

    Raises:
        InputError: It has.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise InputError(instead)


def check_page(see: bool, port: int) -> None:
    """Check `--see` and `--port`, before anything heavy is loaded.

    Raises:
        InputError: There is a port and nothing to see.
    """
    if port and not see:
        raise InputError("--port says where the page of --see is served; give both")


def page_of(see: bool, port: int) -> Page | None:
    """The page that `--see` asks for."""
    from striate.watching import Page

    return Page(say, port=port) if see else None


def bad_files_option(command: F) -> F:
    """`--bad-files skip|refuse`."""
    return click.option(
        "--bad-files",
        "bad",
        type=Known(["skip", "refuse"]),
        default="skip",
        show_default=True,
        help="Leave files that can't be read out and name them, or refuse.",
    )(command)


def beam_option(command: F) -> F:
    """`--beam`."""
    return click.option(
        "--beam",
        type=int,
        metavar="N",
        help="Of answers in words, how many beginnings are kept while the likeliest is sought; 3 by default.",
        cls=Option,
        also=("beam-size", "num-beams", "beams"),
    )(command)


def device_option(command: F) -> F:
    """`--device`."""
    return click.option(
        "--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, mps.", cls=Option, also=("gpu", "cuda")
    )(command)


def threads_option(command: F) -> F:
    """`--threads`."""
    return click.option(
        "--threads",
        type=click.IntRange(1, 1024),
        metavar="N",
        help="CPU threads that compute; by default as many as PyTorch takes.",
        cls=Option,
        also=("num-threads", "cpus", "cores", "jobs"),
    )(command)


def tta_option(command: F) -> F:
    """`--tta`."""
    return click.option(
        "--tta",
        is_flag=True,
        help="Ask the network of several views of each image and average their probabilities: mirrored and turned, "
        "where training did so, else moved by a pixel.",
    )(command)


def workers_option(command: F) -> F:
    """`--workers`."""
    from striate.data.workers import MOST

    return click.option(
        "--workers",
        type=click.IntRange(0, MOST),
        metavar="N",
        help="Processes that read images which stay in their files, as those of a set larger than memory; "
        "0 reads them in this process; by default one for each core.",
        cls=Option,
        also=("num-workers", "readers", "processes"),
    )(command)


def log_option(command: F) -> F:
    """`--log csv,tensorboard`."""
    from striate.runs.logs.known import KNOWN

    help = f"Log to other programs too, by commas: {', '.join(KNOWN)} (csv: every step, in the run's logs/steps.csv)."
    names = ("log", "--log", "--logger")  # torchrun takes the first for the beginning of an option of its own
    return click.option(*names, metavar="NAMES", help=help, cls=Option, also=("loggers", "tracker"))(command)


def task_option(command: F) -> F:
    """`--task`."""
    help = "What the network is for; by default found out from the data; `striate tasks` lists them."
    return click.option("--task", metavar="TASK", help=help, cls=Option, also=("mode", "problem"))(command)


def check_data(data: str, task: str | None = None, run: str = "") -> None:
    """Check that there are such data, for the task of this name, or the one that a run has learned.

    Raises:
        InputError: There are none, and what there may be.
        DamagedError: What the run has learned can't be read.
    """
    from striate.data.loading import check

    try:
        check(data)
    except InputError:
        if run:
            from striate.training.lone import opened

            task = opened(Path(run)).config().get("task", {}).get("word")
        if task is None:
            raise
        from striate.tasks.known import named  # only where there is something wrong: it takes PyTorch

        raise InputError(named(task).nothing_at(data)) from None


def engine_option(command: F) -> F:
    """`--engine`."""
    from striate.runs.devices import ENGINES, ENGINES_ALSO

    known = Known(ENGINES, ENGINES_ALSO)
    return click.option(
        "--engine", type=known, default="auto", show_default=True, help="What computes.", cls=Option, also=("backend",)
    )(command)


def read_standard_input() -> str:
    """A network's text from standard input, which is read once, however often it is named.

    Raises:
        InputError: It is closed, too long, or not a text in UTF-8.
    """
    from striate.zoo import MAX_FILE

    if sys.stdin is None:
        raise InputError(f"{STANDARD_INPUT} reads standard input, which is closed; give a text or a file")
    content = sys.stdin.buffer.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise InputError(f"standard input has more than {MAX_FILE:,} bytes; that is no network's text")
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InputError("standard input can't be read: it is not a text in UTF-8") from None


def read_letters(words: tuple[str, ...]) -> dict[str, int | float]:
    """`("N=2,M=1", "w=0.5")` as a dictionary.

    Raises:
        InputError: A word that is not of the form letter=number.
    """
    letters: dict[str, int | float] = {}
    for word, given in ((part.strip(), several) for several in words for part in several.split(",")):
        name, sign, number = word.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not sign or not name.isidentifier() or value != value or abs(value) > 1e12:
            raise InputError(f"--set takes letter=number, as in --set N=2 or --set N=2,M=2. Received: {given}")
        letters[name.strip().lower()] = int(value) if value == int(value) else value
    return letters


def read_shape(word: str | None) -> tuple[int, ...] | None:
    """`"3x512x512"` as (3, 512, 512).

    Raises:
        InputError: It is not sizes joined by x.
    """
    return _sizes(word, "--at takes channels x height x width, as in --at 3x512x512")


def read_size(word: str | None, option: str = "--size") -> int | tuple[int, ...] | None:
    """`"64"` as 64, `"64x48"` as (64, 48).

    Raises:
        InputError: It is not sizes joined by x.
    """
    example = f"as in {option} 64 or {option} 64x48"
    sizes = _sizes(word, f"{option} takes one number for all axes or height x width, {example}")
    return sizes[0] if sizes and len(sizes) == 1 else sizes


def _sizes(word: str | None, rule: str) -> tuple[int, ...] | None:
    if word is None:
        return None
    sizes = word.lower().replace("×", "x").split("x")
    if not all(size.isdecimal() and int(size[:12]) > 0 and len(size) < 10 for size in sizes):
        raise InputError(f"{rule}. Received: {word}")
    return tuple(int(size) for size in sizes)
