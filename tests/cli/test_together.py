"""`striate test` and `striate predict` with several runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import striate as st

Cli = Callable[..., Any]
NETS = ("input 1x8x8 -> fc 10", "input 1x8x8 -> conv 6@3x3 -> relu -> fc 10")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two runs on the digits."""
    folder = tmp_path_factory.mktemp("together")
    how: dict[str, Any] = {"epochs": 1, "quiet": True, "engine": "torch"}
    return [str(st.train(net, "digits", out=folder / str(n), **how).path) for n, net in enumerate(NETS)]


def test_the_command_line_shows_each_beside_all(cli: Cli, paths: list[str], drawn: list[tuple[Path, str]]) -> None:
    ended = cli("test", *paths)
    assert ended.status == 0
    lines = [line.split() for line in ended.out.splitlines() if line.strip()]
    named = {words[0]: words[1:] for words in lines if words[0] in (*paths, "together")}
    assert list(named) == [*paths, "together"]
    document = cli("test", *paths, "digits", "--json").json
    assert [one["run"] for one in document["runs"]] == paths
    assert f"{document['together']['accuracy']:.4f}" in named["together"]
    (answer,) = cli("predict", *paths, drawn[0][0], "--json").json
    assert answer["class"] == st.Ensemble(paths).predict(drawn[0][0])[0].label
    assert "no runs: nowhere" in cli("test", paths[0], "nowhere", "digits").error
    assert "there are no examples" in cli("predict", *paths).error
    assert "a page of one run" in cli("test", *paths, "--report").error
