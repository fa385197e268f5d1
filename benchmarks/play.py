"""Games of the Atari 2600: a planner, and a network that has learned from it alone what to press (Guo et al. 2014).

For each game 20 minutes are planned and about 10 trained, on the cores that there are. Of the three forms, `choice`
learns the best choice and `values` what each action is worth, from moves of the planner's own episodes; `rounds`
(interleaved) has the network play in four of five rounds while trials say what is better. The planner's own score is
that of the episodes that it finished while gathering, or has come to in those that go on; random play has ten episodes,
a network `--episodes`.

    python benchmarks/play.py [--games pong,breakout] [--forms rounds] [--minutes 20] [--episodes 10] [--out FOLDER]
                              [--tiny] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import striate as st
from striate.benchmark import machine
from striate.playing import gather, play

WANTED = {"pong": (15.0, 0.0), "breakout": (60.0, 15.0)}  # scores of the planner and of a network that were aimed at
FORMS = ("rounds", "choice", "values")
SHARES = {"rounds": (0.25, *[0.1875] * 4), "choice": (1.0,), "values": (1.0,)}  # of the minutes, for each round
EPOCHS, LAST = 8, 16  # of a round's training, and of the last
HOW: dict[str, Any] = {"batch": 64, "lr": 0.002, "ema": 0.99, "validation": 0.1}
TINY: dict[str, Any] = {"rollouts": 1, "depth": 2, "most": 60}

Figures = dict[str, Any]


def of_game(game: str, form: str, folder: Path, minutes: float, episodes: int, tiny: bool) -> Figures:
    """The scores of the planner, of the network and of chance, with the time of each."""
    data, run = folder / "moves", None
    shares = SHARES[form]
    planned = trained = 0.0
    counts = list[int]()
    for number, share in enumerate(shares):
        began = time.perf_counter()
        how = {"moves": 24, **TINY} if tiny else {"minutes": share * minutes}
        found = gather(data, game, run.path if run else "", say=say, **how)
        counts.append(found.added)
        planned, began = planned + time.perf_counter() - began, time.perf_counter()
        epochs = 1 if tiny else LAST if number == len(shares) - 1 else EPOCHS
        loss = "mse" if form == "values" else "cross-entropy"
        place = folder / f"run{number}"
        run = st.train("guo-2014", data, epochs=epochs, loss=loss, out=place, quiet=True, **HOW)
        trained += time.perf_counter() - began
        say(f"{game}, {form}, round {number + 1}: {found.moves:,} moves, {run.judged(quiet=True).said()}")
    assert run is not None
    played = play(game, run, episodes=episodes, most=TINY["most"] if tiny else 18_000)
    own = found.scores.get("planner") or found.going.get("planner", ())  # of long episodes what they have come to
    return {
        "score": played.score,
        "scores": list(played.scores),
        "score_planner": statistics.mean(own) if own else None,
        "planner": list(own),
        "score_random": statistics.mean(found.random),
        "cut_off": played.cut_off,
        "moves": counts,
        "planning_seconds": planned,
        "training_seconds": trained,
    }


def say(line: str) -> None:
    """What is going on."""
    print(line, file=sys.stderr, flush=True)


def table(found: dict[tuple[str, str], Figures]) -> None:
    """All of it as Markdown."""
    print(f"{machine()}\n")
    print(
        "| game, form | network (wanted) | each episode | planner (wanted) | random | moves | planned, trained, min |"
    )
    print("|---|---|---|---|---|---|---|")
    for (game, form), one in found.items():
        wanted = WANTED.get(game, (float("nan"),) * 2)
        own = "–" if one["score_planner"] is None else f"{one['score_planner']:.1f} of {len(one['planner'])}"
        moves = " + ".join(f"{count:,}" for count in one["moves"])
        spent = f"{one['planning_seconds'] / 60:.1f}, {one['training_seconds'] / 60:.1f}"
        cells = (
            f"{game}, {form}",
            f"{one['score']:.1f} ({wanted[1]:g})",
            ", ".join(f"{score:g}" for score in one["scores"]),
            f"{own} ({wanted[0]:g})",
            f"{one['score_random']:.1f}",
            moves,
            spent,
        )
        print(f"| {' | '.join(cells)} |")


def main(words: Sequence[str] | None = None) -> None:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", "--rows", default=",".join(WANTED))
    parser.add_argument("--forms", default="rounds", help=f"by commas: {', '.join(FORMS)}")
    parser.add_argument("--minutes", type=float, default=20.0, help="of planning, for each game and form")
    parser.add_argument("--episodes", type=int, default=10, help="of the network")
    parser.add_argument("--out", type=Path, help="the folder where moves and runs are left")
    parser.add_argument("--tiny", action="store_true", help="a few moves: whether it works at all")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(words)
    if unknown := set(asked.forms.split(",")) - set(FORMS):
        parser.error(f"there is no form {min(unknown)}; there are {', '.join(FORMS)}")
    found: dict[tuple[str, str], Figures] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for game in asked.games.split(","):
            for form in asked.forms.split(","):
                folder = (asked.out or Path(temporary)) / f"{game}-{form}"
                episodes = 1 if asked.tiny else asked.episodes
                found[game, form] = of_game(game, form, folder, asked.minutes, episodes, asked.tiny)
    if asked.json:
        print(json.dumps({"machine": machine(), "rows": {", ".join(key): one for key, one in found.items()}}, indent=2))
        return
    table(found)


if __name__ == "__main__":
    main()
