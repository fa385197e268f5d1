"""`striate inside RUN METHOD [EXAMPLE]`: look inside a run's network."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate.cli.asking import Asked, read_unit
from striate.cli.common import Known, Option, check_run, json_option, print_json, say
from striate.data.writing import check_unread

if TYPE_CHECKING:
    from striate.inside.drawn import Drawn

METHODS = {
    "filters": "The weights of a layer; by default the first that has filters.",
    "maps": "What a layer gives for an example.",
    "field": "The receptive field of a unit, on an example or without one.",
    "deconv": "A unit's activation projected back to the input, as in a deconvnet.",
    "guided": "Guided backpropagation from a class or a unit.",
    "patches": "The parts of the test examples that excite a unit most.",
    "saliency": "The gradient of a class or a unit with respect to the input.",
    "smooth": "SmoothGrad: the mean gradient over noisy inputs.",
    "integrated": "Integrated gradients from an input of zeros.",
    "cam": "Class activation map, for networks that end in gap and one fc; others get Grad-CAM.",
    "occlusion": "How far the score falls when a part of the input is hidden.",
    "dream": "An input made to excite a class or a unit.",
    "classes": "The class that each unit of a layer stands for, on the test examples.",
    "embedding": "The test examples as points, by the features of a layer; by default those that the last one reads.",
    "words": "What each word of a sentence has to do with the class.",
}
ALSO = {
    "filters": ("weights", "kernels"),
    "maps": ("features", "activations"),
    "field": ("receptive",),
    "deconv": ("deconvnet",),
    "guided": ("guidedbackprop",),
    "smooth": ("smoothgrad",),
    "saliency": ("gradient",),
    "integrated": ("integratedgradients", "ig"),
    "cam": ("gradcam",),
    "dream": ("maximise", "maximize", "deepdream"),
    "embedding": ("tsne", "pca", "umap"),
}


LISTED = "\b\n" + "\n".join(f"{word:<11} {line}" for word, line in METHODS.items())
FEW = 16  # numbers of a list that are printed


@click.command(epilog=LISTED)
@click.argument("run")
@click.argument("method", type=Known(METHODS, ALSO), metavar="METHOD")
@click.argument("example", required=False)
@click.option("--layer", metavar="LAYER", help="A layer, by its name in the module, as conv1.")
@click.option("--unit", metavar="UNIT", help="A unit of the layer: its channel, 5, or with a position, 5,0,3.")
@click.option("--class", "label", metavar="CLASS", help="A class by name or number; by default the most probable.")
@click.option("--head", default="", metavar="NAME", help="Which output, of a network that has several.")
@click.option(
    "--data", metavar="DATA", help="Examples for patches, classes and embedding; by default the test examples."
)
@click.option("--by", type=Known(["pca", "tsne", "umap"]), default="pca", show_default=True, help="For embedding.")
@click.option("--steps", type=click.IntRange(1, 100_000), metavar="N", help="Of dream and integrated.")
@click.option(
    "--count", type=click.IntRange(1, 1000), metavar="N", default=16, show_default=True, help="How many patches."
)
@click.option(
    "--out",
    metavar="FILE",
    help="The picture: .png, .svg or .pdf; by default METHOD.png, and none with --json.",
    cls=Option,
    also=("output", "save", "file", "picture"),
)
@json_option
def command(run: str, method: str, unit: str | None, out: str | None, as_json: bool, **words: Any) -> None:
    """Look inside RUN's network by METHOD, most of which look at an EXAMPLE: an image file, or a sentence.

    RUN is a run's folder, or its model.safetensors alone.
    """
    check_run(run)
    place = read_unit(unit)
    from striate.inside.drawn import check_path

    picture = out if out is not None else None if as_json else f"{method}.png"
    if picture is not None:
        check_path(picture)
        check_unread(Path(picture), [words["example"], words["data"]])
    from striate.cli.looks import looked
    from striate.runs.run import Run

    asked = Asked(Run(run, "cpu"), method, unit=place, **words)
    result = looked(asked)
    for note in asked.run.notes:
        say(note)
    if picture is not None:
        with_names(result, asked.classes).save(picture)
    facts = result.facts()
    if as_json:
        print_json({"run": run, "look": method, "picture": picture, "classes": list(asked.classes), **facts})
        return
    for line in said(facts, asked.classes):
        click.echo(line)
    click.echo(f"picture: {picture}")


def with_names(result: Drawn, classes: tuple[str, ...]) -> Drawn:
    """A result that says what classes are called, where it explains some."""
    if not classes or not hasattr(result, "explained"):
        return result
    return dataclasses.replace(result, explained=tuple(_named(one, classes) for one in result.explained))  # type: ignore[type-var]


def said(facts: Mapping[str, Any], classes: tuple[str, ...]) -> Iterator[str]:
    """What there is to read of a result, a line each: what is short.

    >>> list(said({"explained": ["class 1"], "score": [2.5], "map": [[0.0] * 9] * 9}, ("cat", "dog")))
    ['explained: class 1 (dog)', 'score: 2.5']
    """
    for name, value in facts.items():
        values = value if isinstance(value, list) else [value]
        if name == "explained" and classes:
            values = [_named(one, classes) for one in values]
        if (
            value != ""
            and value != []
            and len(values) <= FEW
            and not any(isinstance(one, list | dict) for one in values)
        ):
            shown = ", ".join(f"{one:.4g}" if isinstance(one, float) else str(one) for one in values)
            yield f"{name.replace('_', ' ')}: {shown}"


def _named(explained: str, classes: tuple[str, ...]) -> str:
    """`class 1` with the name of the class."""
    word, _, number = explained.partition(" ")
    known = word == "class" and number.isdecimal() and int(number) < len(classes)
    return f"{explained} ({classes[int(number)]})" if known else explained
