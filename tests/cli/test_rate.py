"""`striate rate`: the curve in characters, as a picture and as JSON, and what to type next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]
NET = "input 1x8x8 -> conv 6@3x3 -> relu -> fc 10"


def test_it_draws_says_why_and_what_to_type_next(cli: Cli, tmp_path: Path) -> None:
    ended = cli("rate", NET, "digits", "--optimizer", "momentum", "--steps", 80, "--out", tmp_path / "rate.svg")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert sum("•" in line for line in lines) > 4
    (why,) = [line for line in lines if line.startswith("learning rate ")]
    suggested = why.split()[2].rstrip(",")
    assert "without --lr a training takes" in why
    assert lines[-1] == f"next: striate train '{NET}' digits --lr {suggested} --optimizer momentum"
    assert "suggested" in (tmp_path / "rate.svg").read_text()


def test_its_json_has_the_whole_curve(cli: Cli) -> None:
    found = cli("rate", NET, "digits", "--steps", 40, "--json").json
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"])
    assert found["steepest"] <= found["lowest"] <= found["edge"] == 3 * found["suggested"]


def test_wrong_words_are_refused(cli: Cli) -> None:
    assert "end its name with .png" in cli("rate", NET, "digits", "--out", "rate.txt").error
    assert "No such option '--lr'" in cli("rate", NET, "digits", "--lr", 1).error
