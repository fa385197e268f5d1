"""`striate see RUN`: draw something and see every layer answer; or open the report."""

from typing import TYPE_CHECKING

import click

from striate.cli.common import check_run, say
from striate.errors import InputError

if TYPE_CHECKING:
    from striate.runs.run import Run


@click.command()
@click.argument("run")
@click.option("--report", is_flag=True, help="Open the report of the training instead.")
@click.option("--static", metavar="FILE", help="Write a page that needs no server: it computes and learns by itself.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where the page is served; a free one if 0.")
@click.option("--browser/--no-browser", default=True, help="Whether the browser is opened.")
def command(run: str, report: bool, static: str | None, port: int, browser: bool) -> None:
    """Serve a page on this machine: draw, drop or film an image, and see every layer of RUN's network answer.

    Networks of sentences get a field to type in. Those that read anything else than one image or one sentence get the
    report of their training.
    """
    check_run(run)
    from striate.runs.run import Run  # there is a run: from here on it takes PyTorch

    opened = Run(run, "cpu")
    if report:
        _open_report(opened, browser)
        return
    if static:
        _save_page(opened, static)
        return
    from striate.page import see
    from striate.training.interrupt import as_exception

    try:
        server = see(opened, port=port, browser=browser)
    except InputError as error:
        say(f"{error}; here is the report")
        _open_report(opened, browser)
        return
    for note in opened.notes:
        say(note)
    click.echo(server.address)
    say("Ctrl-C ends it")
    try:
        with as_exception():
            server.wait()
    except KeyboardInterrupt:
        server.stop()


def _save_page(run: "Run", path: str) -> None:
    from striate.page import save_page

    saved = save_page(run, path, say=say)
    for note in run.notes:
        say(note)
    click.echo(str(saved))


def _open_report(run: "Run", browser: bool) -> None:
    path, shown = run.see(browser)
    for note in run.notes:
        say(note)
    if browser and not shown:
        say("no browser was found; open this file in one")
    click.echo(str(path))
