"""The page in one file that opens from the disk: its style, its modules and what it holds are inside.

Modules import each other by bare names, which an import map leads to `data:` addresses; nothing is bundled.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

STATIC = files("striate.page") / "static"
MAIN = "main.js"
IMPORT = re.compile(r"""((?:from|import|import\()\s*)"\./([\w-]+\.js)\"""")
STYLE, SCRIPT = '<link rel="stylesheet" href="page.css">', '<script type="module" src="main.js"></script>'


def inlined(held: Mapping[str, Any]) -> str:
    """The page's text.

    Args:
        held: What it holds, for JSON.
    """
    addresses = {name: _address(text) for name, text in modules().items()}
    parts = [
        f'<script type="importmap">{json.dumps({"imports": addresses})}</script>',
        f'<script type="application/json" id="held">{_json(held)}</script>',
        f'<script type="module">import "{MAIN}"</script>',
    ]
    page = _file("page.html")
    assert STYLE in page
    assert SCRIPT in page
    return page.replace(STYLE, f"<style>\n{_file('page.css')}</style>").replace(SCRIPT, "\n".join(parts))


def modules() -> dict[str, str]:
    """The modules that the page needs, by name, with bare names in their imports.

    >>> sorted(modules())[:3]
    ['arithmetic.js', 'boxes.js', 'bytes.js']
    """
    found: dict[str, str] = {}
    waiting = [MAIN]
    while waiting:
        name = waiting.pop()
        if name not in found:
            text = _file(name)
            waiting += [one[2] for one in IMPORT.finditer(text)]
            found[name] = IMPORT.sub(r'\1"\2"', text)
    return found


def _file(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _address(text: str) -> str:
    return f"data:text/javascript;base64,{b64encode(text.encode()).decode()}"


def _json(value: Any) -> str:
    """JSON that ends no script."""
    return json.dumps(value).replace("<", "\\u003c")
