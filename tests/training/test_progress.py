"""The bar: a line an epoch where no one looks, a bar where someone does, and on standard error alone."""

import io

import pytest
from rich.console import Console

from striate.training.history import Epoch, History
from striate.training.progress import Bar, Quiet, line

EPOCH = Epoch(3, 0.5, 0.875, 0.25, 0.9375, 0.01, 12345.6, 1.25)


def test_a_line_has_every_figure() -> None:
    assert line(EPOCH, best=True) == (
        "epoch   3  loss 0.5000  accuracy 87.50%  validation loss 0.2500  accuracy 93.75%*  12,346 images/s  1.2 s"
    )
    assert "93.75% " in line(EPOCH, best=False)


def test_where_no_one_looks_there_is_a_line_an_epoch_and_nothing_else() -> None:
    written = io.StringIO()
    with Bar(100, 2, console=Console(file=written)) as bar:
        bar.batch(1, 50, 1.0, 3)
        bar.epoch(History((EPOCH,)))
    assert written.getvalue() == line(EPOCH, best=True) + "\n"


def test_on_a_terminal_the_figures_move() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=160, legacy_windows=False)
    with Bar(100, 2, console=console) as bar:
        bar.batch(1, 50, 25.0, 40)
        bar.progress.refresh()
        bar.epoch(History((EPOCH,)))
    assert "epoch 1" in written.getvalue()
    assert "50/200" in written.getvalue()
    assert "loss 0.5000  accuracy 80.00%" in written.getvalue()
    assert line(EPOCH, best=True) in written.getvalue()


def test_a_bar_of_a_resumed_training_begins_where_it_stopped() -> None:
    bar = Bar(100, 5, first=2, console=Console(file=io.StringIO()))
    assert (bar.progress.tasks[0].completed, bar.progress.tasks[0].total) == (200, 500)


def test_it_draws_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(10, 1) as bar:
        bar.epoch(History((EPOCH,)))
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch   3" in err


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Quiet() as quiet:
        quiet.batch(1, 1, 1.0, 1)
        quiet.epoch(History((EPOCH,)))
    assert capsys.readouterr() == ("", "")
