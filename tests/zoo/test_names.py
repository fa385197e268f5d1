"""The names of the zoo's weights: files that were saved once must load as long as the text stays."""

from hashlib import sha256
from pathlib import Path

import pytest
import torch

from striate import zoo
from striate.building import build

LINES = Path(__file__).with_name("state_dict_keys.txt").read_text(encoding="utf-8").splitlines()[1:]
KEYS = {name: (int(count), digest) for name, count, digest in map(str.split, LINES)}


def test_each_network_has_its_line() -> None:
    assert list(KEYS) == list(zoo.names())


@pytest.mark.parametrize("name", KEYS)
def test_weights_keep_their_names(name: str) -> None:
    with torch.device("meta"):
        keys = list(build(zoo.net(name)).state_dict())
    assert (len(keys), sha256("\n".join(keys).encode()).hexdigest()[:12]) == KEYS[name]
