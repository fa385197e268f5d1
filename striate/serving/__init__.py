"""Pages and answers over HTTP, on this machine alone unless asked otherwise; what a client sends is trusted in nothing.

`guard` turns away what does not come from our own page, `server` runs an application in a thread.
"""

from striate.serving.guard import Guard
from striate.serving.server import Server

__all__ = ["Guard", "Server"]
