"""What tests of the native engine need of the machine."""

import pytest

from striate.native import compiler


def has_compiler() -> bool:
    """Whether native code can be made here."""
    try:
        compiler.found()
    except compiler.NoCompiler:
        return False
    return True


needs_compiler = pytest.mark.skipif(not has_compiler(), reason="no C compiler on this machine")
