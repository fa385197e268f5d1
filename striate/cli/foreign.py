"""What other packages say of themselves (warnings, logs, paths of their own) is kept from the user; ours is a line.

Whoever wants to read it all says so as always in Python: `python -W default -m striate`, or `$PYTHONWARNINGS`.
"""

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import TextIO

OURS = str(Path(__file__).resolve().parent.parent) + os.sep
LEVELS = {"TORCH_CPP_LOG_LEVEL": "ERROR", "TF_CPP_MIN_LOG_LEVEL": "2"}  # for what is written by C++, past Python


def hush() -> None:
    """From here on, in this process."""
    if sys.warnoptions:
        return
    for name, level in LEVELS.items():
        os.environ.setdefault(name, level)
    warnings.showwarning = _show
    logging.getLogger().addHandler(logging.NullHandler())  # else what nobody handles goes to standard error


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if filename.startswith(OURS) and sys.stderr:
        print(message, file=sys.stderr)
