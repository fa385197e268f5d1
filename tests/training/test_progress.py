"""The bar: one line per epoch without a terminal, a bar with one, and on standard error alone."""

import dataclasses
import io
import re
import time
from typing import Any

import pytest
from rich.console import Console

from striate.training.moment import Moment
from striate.training.progress import Bar, Quiet, Running, line, looking
from tests.learning import epoch, history

EPOCH = epoch(3, 0.5, 0.875, 0.25, 0.9375, 0.01, 12345.6, 1.25)


def test_a_line_has_every_figure() -> None:
    assert line(history(EPOCH)) == (
        "epoch   3  loss 0.5000  accuracy 87.50%  validation loss 0.2500  accuracy 93.75% kept  12,346 images/s  1.2 s"
    )
    worse = dataclasses.replace(EPOCH, epoch=4, figures={**EPOCH.figures, "validation_accuracy": 0.5})
    assert "50.00%  " in line(history(EPOCH, worse))


def test_where_no_one_looks_there_is_a_line_an_epoch_and_nothing_else() -> None:
    written = io.StringIO()
    with Bar(100, 2, console=Console(file=written)) as bar:
        bar.batch(now(1, 50, 1.0, 3))
        bar.epoch(history(EPOCH))
    assert written.getvalue() == line(history(EPOCH)) + "\n"


@pytest.mark.parametrize("started", [4.0, 1.0])
@pytest.mark.parametrize("terminal", [True, False])
def test_how_long_it_will_take_is_said_once_after_the_first_batches_of_a_long_training(
    terminal: bool, started: float
) -> None:
    console = screen(80) if terminal else Console(file=io.StringIO(), width=80)
    with Bar(1000, 100, console=console) as bar:
        for number in range(1, 6):
            bar.started, bar.shown_at = time.perf_counter() - started * number, 0.0
            bar.batch(now(1, 10 * number, 1.0, 3))
    said = re.findall(r"about (\d+ \w+|\d\.\d hours) to go", written(console))
    assert said == ["11 hours" if started == 4 else "2.8 hours"]  # 100,000 images at 0.4 s or 0.1 s


def test_a_short_training_says_no_time() -> None:
    console = screen(80)
    with Bar(100, 2, console=console, decides="accuracy") as bar:
        for number in range(1, 6):
            bar.started, bar.shown_at = time.perf_counter() - number, 0.0
            bar.batch(now(1, 20 * number, 1.0, 3))
    assert "to go" not in written(console)


def test_the_look_at_the_validation_set_is_seen_while_it_lasts() -> None:
    console = screen(80)
    with Bar(100, 2, console=console, unit="sentences") as bar:
        bar.looked(512, 6000)
        assert str(bar._drawn()) == "epoch 1/2  512/6,000 validation sentences"
        bar.looked(980, 6000)  # files that can't be read are left out: it ends before the last
        bar.batch(now(2, 10, 1.0, 3))
        assert "validation" not in str(bar._drawn())
        bar.looked(6000, 6000)
        assert "validation" not in str(bar._drawn())


@pytest.mark.parametrize(("terminal", "quiet"), [(True, False), (False, False), (True, True), (False, True)])
def test_an_evaluation_shows_how_far_it_is(terminal: bool, quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    console = screen(80) if terminal else Console(file=io.StringIO(), width=80)
    clock = iter(range(0, 1000, 30))
    monkeypatch.setattr("striate.training.progress.time.perf_counter", lambda: float(next(clock)))
    with looking("the test set", "sentences", quiet, console) as looked:
        for done in (100, 200, 300):
            looked(done, 1000)
    shown = written(console)
    assert ("300/1000 sentences" in shown) == (terminal and not quiet)
    assert shown.count("the test set: about 4 minutes to go\n") == (not terminal and not quiet)


def now(epoch: int, done: int, loss: float, right: int) -> Moment:
    """After `done` images with this summed loss."""
    return Moment(epoch, 1, done, {"loss": loss}, right, done)


def screen(width: int, **options: Any) -> Console:
    """A terminal of a given width that keeps what is written."""
    options = {"force_terminal": True, "legacy_windows": False, "_environ": {"TERM": "xterm"}} | options
    return Console(file=io.StringIO(), width=width, **options)


def written(console: Console) -> str:
    """All that was written to the terminal, without cursor movements and colours."""
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


MOMENTS = [
    Running(3, 10, 12_800, 60_000, 0.1234, 45_000, 83, "accuracy", 0.9651),
    Running(1000, 1000, 59_936, 60_000, 0.1234, 45_000, 8_300_000, "accuracy", 1.0),
    Running(99, 100, 1_000_000, 1_281_167, 6.9, 300, 360_000, "accuracy", 0.0012),
]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("moment", MOMENTS)
def test_epoch_images_accuracy_and_time_left_fit_any_width(moment: Running, width: int) -> None:
    shown = moment.shown(width)
    assert len(shown) <= width
    assert f"{moment.epoch}/{moment.epochs}" in shown
    assert f"{moment.done:,}/{moment.examples:,}" in shown or f" {moment.done / moment.examples:.0%} " in shown
    assert f"{moment.right:.2%}" in shown or f"{moment.right:.1%}" in shown
    assert re.search(r"\d+:\d\d:\d\d", shown)
    assert "loss" in moment.shown(120)


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_on_a_terminal_the_running_epoch_is_one_line(width: int) -> None:
    console = screen(width)
    with Bar(60_000, 12, first=1, console=console, decides="accuracy") as bar:
        assert bar.live
        bar.shown_at = bar.started = time.perf_counter() - 10
        bar.batch(now(2, 30_000, 15_000.0, 24_000))
        bar.live.refresh()
        bar.epoch(history(EPOCH))
    assert 200 <= bar.now.left <= 230, "10 and a half epochs at 20 seconds each"
    lines = [part for part in re.split(r"[\r\n]+", written(console)) if "30,000/60,000" in part]
    assert lines
    for shown in lines:
        assert len(shown) <= width
        assert "2/12" in shown
        assert "80.0" in shown
        assert re.search(r"0:03:\d\d", shown)
    assert line(history(EPOCH)) in written(console).replace("\n", "")


@pytest.mark.parametrize(
    "options", [{"force_terminal": False}, {"_environ": {"TERM": "dumb"}}], ids=["no terminal", "dumb terminal"]
)
def test_nothing_moves_where_nothing_can(options: dict[str, Any]) -> None:
    console = screen(80, **options)
    with Bar(100, 2, console=console, decides="accuracy") as bar:
        bar.shown_at -= 1
        bar.batch(now(1, 50, 1.0, 3))
        bar.epoch(history(EPOCH))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == line(history(EPOCH)) + "\n"


def test_it_draws_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(10, 1) as bar:
        bar.epoch(history(EPOCH))
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch   3" in err


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Quiet() as quiet:
        quiet.batch(now(1, 1, 1.0, 1))
        quiet.epoch(history(EPOCH))
    assert capsys.readouterr() == ("", "")
