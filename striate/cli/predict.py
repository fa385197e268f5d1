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
from striate.tasks import devices


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
    from striate.tasks.run import Run  # the words are right: from here on it takes PyTorch

    opened = Run(run, device, engine, threads, say)
    predictions = opened.predict(*images, bad=bad)
    for note in opened.notes:
        say(note)
    if as_json:
        print_json([prediction.to_json() for prediction in predictions])
        return
    paths = [click.format_filename(prediction.path) for prediction in predictions]
    width = max(map(len, paths))
    for path, prediction in zip(paths, predictions, strict=True):
        first, *others = [f"{label} {probability:.1%}" for label, probability in prediction.top]
        click.echo(f"{path:<{width}}  {first}   ({', '.join(others)})")
