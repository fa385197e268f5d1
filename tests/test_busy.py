"""A machine with other things to do is told from one without, and what is kept of it never harms."""

from pathlib import Path

import pytest

from striate.benchmark import busy


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where peaks are kept in this test."""
    monkeypatch.setattr(busy, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "striate" / "peaks.json"


def test_a_peak_far_below_the_last_is_said() -> None:
    assert busy.slower(100e9, "mine") == ""
    assert busy.slower(81e9, "mine") == ""
    said = "the machine is busy or slowed down: its peak is 79 GFLOP/s now and was 100 GFLOP/s before; figures are low"
    assert busy.slower(79e9, "mine") == said
    assert busy.slower(50e9, "another") == ""


def test_a_machine_that_is_slower_for_good_is_known_to_be_so() -> None:
    busy.slower(100e9, "mine")
    said = [bool(busy.slower(50e9, "mine")) for _ in range(busy.KEPT + 1)]
    assert said == [True] * (busy.KEPT - 1) + [True, False]


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"mine": 7}', '{"mine": ["x"]}', '{"mine": {"a": 1}}'])
def test_what_is_kept_may_be_broken(kept: Path, text: str) -> None:
    kept.parent.mkdir()
    kept.write_text(text)
    assert busy.slower(100e9, "mine") == ""
    assert busy.slower(10e9, "mine") != ""


def test_where_nothing_can_be_kept_nothing_is_said(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.parent.write_text("a file")
    assert [busy.slower(peak, "mine") for peak in (100e9, 10e9)] == ["", ""]

    def nobody_s_home(name: str) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(busy, "user_cache_path", nobody_s_home)
    assert [busy.slower(peak, "mine") for peak in (100e9, 10e9)] == ["", ""]


@pytest.mark.parametrize(("load", "cores", "said"), [(0.0, 1, False), (0.6, 1, True), (2.0, 4, False), (2.1, 4, True)])
def test_programs_that_run_beside(load: float, cores: int, said: bool) -> None:
    assert bool(busy.waiting(load, cores)) == said
