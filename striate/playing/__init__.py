"""Games: a planner's moves are gathered, and episodes are played to be watched and counted.

`gathering` starts processes (`worker`) that write moves; `playing` plays episodes by one of the `players`, and `film`
makes an animation of one; `live` shows it on a page.
"""

from striate.playing.gathering import Gathering, gather
from striate.playing.playing import Played, play

__all__ = ["Gathering", "Played", "gather", "play"]
