"""Modules in one plain script: a page that is opened from disk may load scripts, but no modules.

Each module becomes a function that runs once, those that it imports before it; what it exports, it returns. Imports and
exports by name are understood, in the forms that the project's modules have; any other form is an error.

>>> import tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> _ = (folder / "one.js").write_text("export const one = 1\\n")
>>> _ = (folder / "two.js").write_text('import { one as less } from "./one.js"\\nconsole.log(less + 1)\\n')
>>> print(bundle(folder / "two.js"))
"use strict"
{
const module0 = (() => {
const one = 1
return { one }
})()
const module1 = (() => {
const { one: less } = module0
console.log(less + 1)
return {  }
})()
}
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import (?:\* as (?P<all>\w+)|\{(?P<names>[^}]*)\}) from "(?P<path>\.[^"]+)";?$', re.MULTILINE)
EXPORT = re.compile(r"^export (?P<kind>const|let|class|function\*?|async function) (?P<name>\w+)", re.MULTILINE)
OTHER = re.compile(r"^(?:import\b|export\b).*|(?<![{<])\bimport\(.*", re.MULTILINE)  # types are {import("…").Kind}


def bundle(entry: Path) -> str:
    """A module and all that it imports, as the text of one script.

    Args:
        entry: The file of the module that the page would load.

    Raises:
        ValueError: An import or export is written in a form that is not understood, or modules import each other.
    """
    names: dict[Path, str] = {}
    return "\n".join(['"use strict"', "{", *_modules(entry.resolve(), names, ()), "}"])


def _modules(path: Path, names: dict[Path, str], above: tuple[Path, ...]) -> list[str]:
    """The functions of a module and of what it imports that have no name yet."""
    if path in above:
        raise ValueError(f"{path.name} imports itself through {above[-1].name}")
    text = path.read_text(encoding="utf-8")
    imported = [(path.parent / found["path"]).resolve() for found in IMPORT.finditer(text)]
    before = [part for one in imported if one not in names for part in _modules(one, names, (*above, path))]
    names[path] = f"module{len(names)}"
    body = IMPORT.sub(lambda found: _bound(found, names[(path.parent / found["path"]).resolve()]), text)
    exported = ", ".join(found["name"] for found in EXPORT.finditer(body))
    body = EXPORT.sub(r"\g<kind> \g<name>", body)
    if other := OTHER.search(body):
        raise ValueError(f"{path.name}: only imports and exports by name can be bundled: {other[0]}")
    return [*before, f"const {names[path]} = (() => {{\n{body.strip()}\nreturn {{ {exported} }}\n}})()"]


def _bound(found: re.Match[str], module: str) -> str:
    """An import, as a declaration of the names that it binds."""
    if found["all"]:
        return f"const {found['all']} = {module}"
    return f"const {{ {found['names'].strip().replace(' as ', ': ')} }} = {module}"
