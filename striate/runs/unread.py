"""Files that can't be read when their turn comes: told once each, and left out from then on.

>>> lines = []
>>> unread = Unread(lines.append)
>>> unread.tell("a/1.png", "cut short"), unread.tell("a/1.png", "cut short"), lines
(None, None, ['left out: a/1.png (cut short)'])
"""

from __future__ import annotations

from striate.data.examples import Examples
from striate.data.files import unreadable
from striate.data.left_out import LeftOut
from striate.tasks.saying import Say


class Unread:
    """The files so far.

    Args:
        say: Is given a line for each.
    """

    def __init__(self, say: Say) -> None:
        self.say, self.files = say, dict[str, str]()

    def tell(self, path: str, why: str) -> None:
        """One more, unless it is known."""
        if path not in self.files:
            self.files[path] = why
            self.say(f"left out: {path} ({why})")

    def left_out(self) -> list[LeftOut]:
        """All of them."""
        return [unreadable(path, why) for path, why in self.files.items()]

    def left_of(self, examples: Examples) -> Examples:
        """The examples that could be read."""
        if not self.files:
            return examples
        return examples.part([row for row in range(len(examples)) if examples.name(row) not in self.files])
