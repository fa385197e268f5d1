"""A bound on the memory that threads take at once.

>>> budget = Budget(100)
>>> with budget.held(60), budget.held(40):
...     budget.used
100
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """A number of bytes, shared by all threads.

    Attributes:
        limit: bytes that may be held at once.
        used: bytes that are held now.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0
        self._changed = threading.Condition()

    @contextmanager
    def held(self, amount: int) -> Iterator[None]:
        """Holds `amount` bytes while inside; waits until they are free. More than the limit is held only alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self.used or self.used + amount <= self.limit)
            self.used += amount
        try:
            yield
        finally:
            with self._changed:
                self.used -= amount
                self._changed.notify_all()
