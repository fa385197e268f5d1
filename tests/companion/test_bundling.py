"""Modules become one script; forms that are not understood are errors, not wrong scripts."""

import doctest
import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
spec = importlib.util.spec_from_file_location("bundling", DOCS / "bundling.py")
assert spec is not None
assert spec.loader is not None
bundling = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bundling)
NODE = shutil.which("node")


def written(folder: Path, **modules: str) -> Path:
    """Modules in a folder; the first one's path."""
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder / f"{next(iter(modules))}.js"


def test_the_examples_hold() -> None:
    assert doctest.testmod(bundling) == doctest.TestResults(failed=0, attempted=5)


@pytest.mark.skipif(NODE is None, reason="there is no Node")
def test_the_script_does_what_the_modules_do(tmp_path: Path) -> None:
    entry = written(
        tmp_path,
        main='import * as shapes from "./shapes.js"\nimport {\n  one,\n  two as more,\n} from "./numbers.js"\n'
        "console.log(shapes.area(one, more), new shapes.Square(3).side)\n",
        shapes='import { two } from "./numbers.js"\nexport const area = (a, b) => a * b * two\n'
        "export class Square { constructor(side) { this.side = side } }\n",
        numbers='console.log("once")\nexport const one = 1\nexport function* unused() {}\nexport let two = 2\n',
    )
    (tmp_path / "bundle.js").write_text(bundling.bundle(entry))
    done = subprocess.run([NODE, tmp_path / "bundle.js"], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["once", "4 3", ""]


@pytest.mark.parametrize(
    "line",
    [
        "export default 3",
        "export { a }",
        'export * from "./other.js"',
        "export const { a } = b",
        'import "./other.js"',
        'import other from "./other.js"',
        'import { a } from "library"',
        'const a = await import("./other.js")',
    ],
)
def test_another_form_is_an_error(line: str, tmp_path: Path) -> None:
    entry = written(tmp_path, main=f"const before = 1\n{line}\n", other="export const a = 1\n")
    with pytest.raises(ValueError, match=r"main\.js: only imports and exports by name can be bundled: "):
        bundling.bundle(entry)


def test_a_type_that_a_comment_imports_is_left_alone(tmp_path: Path) -> None:
    line = '/** @typedef {import("./other.js").Kind} Kind */'
    assert line in bundling.bundle(written(tmp_path, main=f"{line}\n"))


def test_modules_that_import_each_other_are_an_error(tmp_path: Path) -> None:
    entry = written(tmp_path, one='import { b } from "./two.js"\n', two='import { a } from "./one.js"\n')
    with pytest.raises(ValueError, match=r"one\.js imports itself through two\.js"):
        bundling.bundle(entry)
