"""An optimiser has one number, in C and in Python, whatever order a dictionary has."""

import re

import pytest

from striate.native.lowering import Refused
from striate.native.optimizers import Optimizer, optimizer_named
from striate.native.source import KERNELS
from striate.training.optimizers import OPTIMIZERS


def test_c_and_python_number_alike() -> None:
    text = (KERNELS / "optimizer.h").read_text()
    (constants,) = re.findall(r"enum optimizer \{(.*?)\}", text)
    assert dict(re.findall(r"(\w+) = (\d+)", constants)) == {o.name: str(int(o)) for o in Optimizer}
    assert set(re.findall(r"case (\w+):", text)) == set(Optimizer.__members__)


def test_every_optimizer_has_its_number() -> None:
    assert {optimizer_named(name) for name in OPTIMIZERS} == set(Optimizer)
    assert all(optimizer_named(name).name.lower() == name for name in OPTIMIZERS)


def test_what_the_machine_code_lacks_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"^the native engine lacks the optimiser 'lion'$"):
        optimizer_named("lion")
