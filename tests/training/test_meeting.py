"""Processes of one attempt agree, whatever those of an earlier one have left in the store."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from torch.distributed import HashStore

from striate.errors import WorkError
from striate.training.meeting import met


def meeting(store: Any, world: int) -> None:
    """One attempt: what the first writes under its key is what the others read there, and not an earlier attempt's."""
    with ThreadPoolExecutor(world) as pool:
        own = list(pool.map(lambda rank: met(store, rank, world), range(world)))
    assert not any(one.check(["address"]) for one in own)
    own[0].set("address", "mine")
    assert [one.get("address") for one in own] == [b"mine"] * world


@pytest.mark.parametrize("worlds", [(2, 2, 2), (4, 2, 3), (1, 2, 1)])
def test_each_attempt_has_a_part_of_the_store_of_its_own(worlds: tuple[int, ...]) -> None:
    store = HashStore()
    for world in worlds:
        meeting(store, world)


def test_one_that_comes_alone_does_not_wait_for_ever() -> None:
    store = HashStore()
    meeting(store, 2)
    with pytest.raises(WorkError, match="process 1 of 2 waited in vain"):
        met(store, 1, 2, within=0.3)


def test_the_first_does_not_wait_for_ever_either() -> None:
    with pytest.raises(WorkError, match="process 0 of 2 waited in vain"):
        met(HashStore(), 0, 2, within=0.3)
    with pytest.raises(WorkError, match="process 1 of 2 waited in vain"):
        met(HashStore(), 1, 2, within=0.3)
