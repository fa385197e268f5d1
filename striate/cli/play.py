"""`striate play GAME [RUN]`: a game of the Atari 2600, played or planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from striate.cli.common import Known, Option, check_page, check_run, json_option, print_json, say
from striate.data.games.emulator import MOST_FRAMES, SEEDS, game_named
from striate.data.games.planner import DEPTH, ROLLOUTS
from striate.errors import InputError


@click.command()
@click.argument("game")
@click.argument("run", required=False)
@click.option(
    "--player",
    type=Known(["planner", "random"], {"planner": ("uct", "mcts", "search"), "random": ("chance",)}),
    help="Who plays where there is no RUN; by default the planner.",
    cls=Option,
    also=("agent", "policy"),
)
@click.option(
    "-n",
    "--episodes",
    type=click.IntRange(1),
    metavar="N",
    help="How many; by default 1.",
    cls=Option,
    also=("games", "count"),
)
@click.option(
    "--out",
    metavar="FILE",
    help="An animation (.gif) of the first episode; with RUN also of where its network looked.",
    cls=Option,
    also=("output", "save", "gif", "video", "film"),
)
@click.option(
    "--gather",
    metavar="FOLDER",
    help="Add moves and what trials of each action bring to FOLDER, to learn from. With RUN, its network plays.",
    cls=Option,
    also=("collect", "record", "data"),
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="For how long to gather; by default 10.")
@click.option("--moves", type=click.IntRange(1), metavar="N", help="How many moves to gather.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="That gather; by default one for each core.",
    cls=Option,
    also=("workers", "jobs", "threads"),
)
@click.option(
    "--rollouts",
    type=click.IntRange(1),
    metavar="N",
    help=f"Of the planner, for each move, added to those of its tree; by default {ROLLOUTS:,}. Trials follow from it.",
    cls=Option,
    also=("simulations", "trajectories"),
)
@click.option(
    "--depth",
    type=click.IntRange(1),
    metavar="N",
    help=f"Moves of each rollout; by default {DEPTH}. Trials have half as many.",
    cls=Option,
    also=("horizon",),
)
@click.option(
    "--frames",
    "most",
    type=click.IntRange(1),
    metavar="N",
    help=f"After which an episode is over, if the game goes on; by default {MOST_FRAMES:,}.",
    cls=Option,
    also=("max-frames", "limit", "cap"),
)
@click.option(
    "--sticky",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="The chance that a frame repeats the button before; not for planning.",
)
@click.option(
    "--seed", type=click.IntRange(0, SEEDS), default=0, show_default=True, help="Another one begins otherwise."
)
@click.option("--see", is_flag=True, help="Serve a page on this machine that shows the game, and open the browser.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where that page is served; a free one if 0.")
@json_option
def command(
    game: str,
    run: str | None,
    gather: str | None,
    minutes: float | None,
    moves: int | None,
    processes: int | None,
    as_json: bool,
    see: bool,
    port: int,
    **words: Any,
) -> None:
    """Play GAME, a game of the Atari 2600: by the network of RUN, by a planner that looks ahead, or by chance.

    With --gather FOLDER, the planner's moves become data: `striate train guo-2014 FOLDER`.

    It takes `pip install "striate[play]"`, with which the games come.
    """
    check_page(see, port)
    if run is not None:
        check_run(run)
    if gather is None:
        for flag, given in (("minutes", minutes), ("moves", moves), ("processes", processes)):
            if given is not None:
                raise InputError(f"--{flag} is for gathering; say where with --gather FOLDER")
        who = "RUN" if run is not None else f"--player {words['player']}"
        for flag in ("rollouts", "depth") if run is not None or words["player"] == "random" else ():
            if words[flag] is not None:
                raise InputError(f"--{flag} is for the planner; leave it out with {who}")
        _play(game, run, as_json, see, port, words)
        return
    for flag in ("player", "episodes", "out", "sticky"):
        if words[flag]:
            raise InputError(f"--{flag} is for playing; leave it out with --gather")
    if see:
        raise InputError("--see is for playing; leave it out with --gather")
    from striate.playing.gathering import gather as gathered

    how = {"rollouts": words["rollouts"] or ROLLOUTS, "depth": words["depth"] or DEPTH, "most": words["most"]}
    how |= {"processes": processes, "seed": words["seed"]}
    found = gathered(gather, game, run or "", moves=moves or 0, minutes=minutes or 0.0, say=say, **how)
    if as_json:
        print_json(found.to_json())
        return
    for line in found.said():
        click.echo(line)


def _play(game: str, run: str | None, as_json: bool, see: bool, port: int, words: dict[str, Any]) -> None:
    from striate.playing.film import check_path

    name, out = game_named(game), words.pop("out")
    usual = {"episodes": 1, "most": MOST_FRAMES, "rollouts": ROLLOUTS, "depth": DEPTH}
    how = {**words, **{name: words[name] or value for name, value in usual.items()}}
    if out is not None:
        check_path(out)
    from striate.playing.playing import play

    if not see:
        played = play(name, run, out=out, say=say, **how)
    else:
        from striate.playing.seeing import seen

        played = seen(name, run, out=out, say=say, port=port, **how)
    if as_json:
        print_json({**played.to_json(), **({"animation": out} if out else {})})
        return
    click.echo(played.said())
    if out:
        click.echo(f"animation: {Path(out)}")
