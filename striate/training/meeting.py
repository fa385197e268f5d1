"""Processes that find each other in a store where those of an earlier attempt have left their names.

`torchrun` keeps one store for all attempts. A process that has come back may read the address of one that has died, and
call it in vain: so the processes of an attempt first agree on a name that no other attempt has.
"""

from __future__ import annotations

import json
import time
from uuid import uuid4

from torch.distributed.distributed_c10d import PrefixStore, Store

from striate.errors import WorkError

HERE, TOGETHER = "striate/here", "striate/together"  # keys: the name of each process, and those that the first has seen
PAUSE, PATIENCE = 0.02, 300.0  # seconds between two looks, and for all of them


def met(store: Store, rank: int, world: int, within: float = PATIENCE) -> Store:
    """The part of a store that is this attempt's alone.

    Args:
        store: All processes of all attempts have it.
        rank: This process's number, from 0.
        world: How many there are.
        within: Seconds after which it gives up.

    Raises:
        WorkError: Others did not come in time.
    """
    own, end = uuid4().hex, time.monotonic() + within
    store.set(f"{HERE}/{rank}", own)
    while time.monotonic() < end:
        names = _seen(store, own, world) if rank == 0 else _told(store)
        if rank and names[rank : rank + 1] == [own]:
            store.set(f"{names[0]}/{own}", "seen")
            return PrefixStore(names[0], store)
        if rank == 0 and len(names) == world and (world == 1 or store.check([f"{own}/{name}" for name in names[1:]])):
            return PrefixStore(own, store)
        time.sleep(PAUSE)
    raise WorkError(f"process {rank} of {world} waited in vain for the others")


def _seen(store: Store, own: str, world: int) -> list[str]:
    """The names that stand there now, told to all; some may be of those that have died. None while one is missing."""
    keys = [f"{HERE}/{rank}" for rank in range(1, world)]
    if keys and not store.check(keys):  # to get what is not there would wait for as long as the store does
        return []
    names = [own, *(store.get(key).decode() for key in keys)]
    store.set(TOGETHER, json.dumps(names))
    return names


def _told(store: Store) -> list[str]:
    """The names as the first process has told them."""
    return list(json.loads(store.get(TOGETHER))) if store.check([TOGETHER]) else []
