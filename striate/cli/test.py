"""`striate test RUN DATA`: how a run does on a data set."""

import click

from striate.cli.common import bad_files_option, check_run, device_option, engine_option, json_option, print_json, say
from striate.data.loading import check as check_data
from striate.tasks import devices


@click.command()
@click.argument("run")
@click.argument("data", required=False)
@engine_option
@device_option
@bad_files_option
@json_option
def command(run: str, data: str | None, engine: str, device: str, bad: str, as_json: bool) -> None:
    """Test RUN on DATA; without DATA, on what was held out when it was trained.

    RUN is a run's folder, or its model.safetensors alone, wherever that was copied to.
    """
    check_run(run)
    devices.check(device)
    if data:
        check_data(data)
    from striate.tasks.run import Run  # the words are right: from here on it takes PyTorch

    opened = Run(run, device, engine)
    result = opened.test(data, bad=bad)
    for note in opened.notes:
        say(note)
    if as_json:
        print_json(result.to_json())
        return
    figures = f"accuracy {result.accuracy:.2%}, error {result.error:.2f} %, loss {result.loss:.4f}"
    click.echo(f"{figures}, {result.examples:,} images")
