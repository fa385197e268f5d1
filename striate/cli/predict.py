"""`striate predict RUN IMAGE...`: what image files show."""

import click

from striate.cli.common import (
    bad_files_option,
    check_run,
    device_option,
    engine_option,
    json_option,
    print_json,
    say,
    threads_option,
)
from striate.data.files import images_under
from striate.runs import devices


@click.command()
@click.argument("run")
@click.argument("images", nargs=-1, required=True)
@engine_option
@device_option
@threads_option
@bad_files_option
@json_option
def command(
    run: str, images: tuple[str, ...], engine: str, device: str, threads: int | None, bad: str, as_json: bool
) -> None:
    """Say what IMAGES (files, or folders that hold some) show: class, probability, and the next two.

    RUN is a run's folder, or its model.safetensors alone, wherever that was copied to.
    """
    check_run(run)
    devices.check(device)
    images_under(images)
    from striate.runs.run import Run  # the words are right: from here on it takes PyTorch

    opened = Run(run, device, engine, threads, say)
    answers = opened.predict(*images, bad=bad)
    for note in opened.notes:
        say(note)
    if as_json:
        print_json([answer.to_json() for answer in answers])
        return
    paths = [click.format_filename(answer.path) for answer in answers]
    width = max(map(len, paths))
    for path, answer in zip(paths, answers, strict=True):
        click.echo(f"{path:<{width}}  {answer.said}")
