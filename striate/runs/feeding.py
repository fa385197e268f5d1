"""From examples to the batches that an engine reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from striate.augmentation.augment import Augment
from striate.data.examples import Examples, Schema, Table
from striate.data.kinds import Image
from striate.data.lazy import Lazy
from striate.data.recipe import Recipe
from striate.training.feed import WHOLE, Feed, Part
from striate.training.fields import Fields
from striate.training.pool import Pool, prepared
from striate.training.stream import Stream


def feed_of(
    examples: Examples,
    schema: Schema,
    recipe: Recipe | None,
    device: torch.device | str = "cpu",
    augment: Augment | None = None,
    bad: str = "skip",
    tell: Callable[[str, str], None] = lambda path, why: None,
    workers: int | None = None,
    groups: Tensor | None = None,
    part: Part = WHOLE,
    before: int = 0,
) -> Feed:
    """The batches of examples.

    Args:
        examples: What they are made of.
        schema: What their fields are.
        recipe: How images become the network's input; None where they are that already.
        device: Where the batches go.
        augment: How they are changed in each epoch of a training.
        bad: Whether a file that can't be read when its turn comes is left out ("skip") or refused ("refuse").
        tell: Is given such a file and why.
        workers: Processes that read images which stay in their files; by default one for each core.
        groups: The group of each, (N,), where an epoch draws each group equally often.
        part: Which part of every batch of a training is read here.
        before: How many examples come before these, where these are a part of those that are judged.
    """
    assert isinstance(examples, Table)
    prepare, kinds = prepares(schema, recipe), {**schema.inputs, **schema.targets}
    inputs, targets = ({name: examples.columns[name] for name in part} for part in (schema.inputs, schema.targets))
    shapes = {name: one.shape for name, one in prepare.items()}
    if examples.streams:
        every = {name: shapes.get(name, tuple(column.shape)) for name, column in inputs.items()}
        lazy = [column for column in (*inputs.values(), *targets.values()) if isinstance(column, Lazy)]
        workers = workers if reads_files(examples) else 0
        ragged = any(column.shape[-1] == 0 for column in lazy)
        how = (bad == "refuse", tell, workers, ragged)
        return Stream(inputs, targets, prepare, every, device, kinds, augment, groups, *how, part, schema.made, before)
    how_made = (part, schema.made, before)
    pool = Pool(inputs, targets, prepare, device, kinds, augment, groups, *how_made)  # type: ignore[arg-type]
    return prepared(pool, shapes)


def reads_files(examples: Examples) -> bool:
    """Whether some of it is read from files in every epoch."""
    columns = examples.columns.values() if isinstance(examples, Table) else ()
    return any(isinstance(column, Lazy) and not column.held for column in columns)


def prepares(schema: Schema, recipe: Recipe | None) -> dict[str, Recipe]:
    """What is applied to which input: the recipe to the images."""
    images = [name for name, kind in schema.inputs.items() if isinstance(kind, Image)]
    return {images[0]: recipe} if recipe and images else {}


def unlabelled(inputs: Fields, recipe: Recipe | None, device: torch.device | str) -> Feed:
    """The batches of inputs alone, to which the recipe is applied where there is one."""
    prepare: Mapping[str, Recipe] = {next(iter(inputs)): recipe} if recipe else {}
    pool = Pool(inputs, {}, prepare, device)
    return prepared(pool, {name: one.shape for name, one in prepare.items() if one.fit != "any size"})
