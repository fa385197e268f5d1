"""Examples by name of their fields, and data split as a training splits them."""

import pytest
import torch

from striate.data.examples import Opened, Schema, Table, digest_of
from striate.data.kinds import Number
from striate.errors import InputError

SCHEMA = Schema({"x": Number()}, {"y": Number()})


def table(count: int, names: bool = False) -> Table:
    columns = {"x": torch.arange(count), "y": torch.arange(count) * 10}
    return Table(columns, tuple(f"f{n}" for n in range(count)) if names else ())


def test_a_part_has_the_fields_and_the_names_of_its_examples() -> None:
    part = table(5, names=True).part([3, 0])
    assert {name: values.tolist() for name, values in part.take([0, 1]).items()} == {"x": [3, 0], "y": [30, 0]}
    assert (len(part), part.name(0), part.name(1)) == (2, "f3", "f0")
    assert table(5).part([3]).name(0) == "0", "examples without files are told by their position"


def test_equal_examples_have_equal_sums() -> None:
    assert table(4).digest() == table(4, names=True).digest(), "names are no values"
    changed = Table({"x": torch.arange(4), "y": torch.tensor([0, 10, 20, 31])})
    assert table(4).digest() != changed.digest()
    assert digest_of(table(4), None) == digest_of(table(4)) != digest_of(table(4), table(2))


def test_a_share_is_held_out_of_each_group() -> None:
    opened = Opened("mine", "", SCHEMA, table(20), strata=[0] * 10 + [1] * 10)
    training, validation = opened.split(0.2, seed=3)
    assert (len(training), len(validation)) == (16, 4)
    held = validation.take(range(4))["x"].tolist()
    assert sum(row < 10 for row in held) == 2
    assert sorted([*held, *training.take(range(16))["x"].tolist()]) == list(range(20))
    again, other = (opened.split(0.2, seed)[1].take(range(4))["x"].tolist() for seed in (3, 4))
    assert again == held != other


def test_the_data_s_own_validation_examples_are_taken() -> None:
    opened = Opened("mine", "", SCHEMA, table(20), validation=table(3))
    training, validation = opened.split(0.5, seed=0)
    assert (training, validation) == (opened.train, opened.validation)


def test_too_few_are_told_as_what_they_are() -> None:
    with pytest.raises(InputError, match="no class has two images; give more images"):
        Opened("mine", "", SCHEMA, table(2), strata=[0, 1]).split(0.1, 0)
    with pytest.raises(InputError, match="no class has two sentences; give more sentences"):
        Opened("mine", "", SCHEMA, table(2), strata=[0, 1]).split(0.1, 0, "sentences")
    with pytest.raises(InputError, match="nothing can be set aside: there is only one; give more images"):
        Opened("mine", "", SCHEMA, table(1)).split(0.1, 0)
