"""Code built ahead belongs to the sources that it depends on, and to no others."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from nephrosyn.kernels.index import BUILT, read_index
from nephrosyn.kernels.sources import PACKAGE

TOOL = PACKAGE.parents[1] / "tools" / "kernel_sources.py"


@pytest.fixture(scope="module")
def kernel_sources():
    spec = importlib.util.spec_from_file_location("kernel_sources", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.kernel_sources


SMALL = {
    "__init__.py": "",
    "kernels/__init__.py": "",
    "kernels/compile.py": "def kernel(function):\n    return function\n",
    "course.py": "from p.kernels.compile import kernel\nfrom p import words\nfrom p.parts import LAST\n"
    "import p.unused\n"
    "TABLE = {}\nfor name in words.NAMES:\n    TABLE[name] = LAST\n"
    "@kernel\ndef play(x):\n    return TABLE[x]\n"
    "def talk():\n    return p.unused.TEXT\n",
    "words.py": "from p.letters import LETTERS\nNAMES = list(LETTERS)\n",
    "letters.py": "LETTERS = 'ab'\n",
    "parts/__init__.py": "from p.parts.count import LAST\n",
    "parts/count.py": "from p import numbers\nLAST = 1\nFIRST = numbers.ONE\n",
    "numbers.py": "ONE = 1\n",
    "unused.py": "TEXT = 'x'\n",
}


def test_files_are_found_through_constants_and_imports(kernel_sources, tmp_path):
    for name, text in SMALL.items():
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = kernel_sources(tmp_path / "p")
    assert found == sorted(SMALL.keys() - {"__init__.py", "numbers.py", "unused.py"})


def test_the_index_lists_the_sources_of_today(kernel_sources):
    index = read_index(BUILT)
    assert index is not None, "the kernels were edited: run tools/build_kernels.py"
    assert list(index.sources) == kernel_sources(PACKAGE)


@pytest.mark.parametrize("name", ["course/advance.py", "scenario/schema/limits.py", "kernels/numba_compiler.py"])
def test_an_edit_of_a_source_makes_the_code_stale(package, name):
    assert read_index(BUILT, package) is not None
    with (package / name).open("a") as file:
        file.write("\n")
    assert read_index(BUILT, package) is None
    (package / name).unlink()
    assert read_index(BUILT, package) is None


@pytest.mark.parametrize("name", ["scenario/loading.py", "errors.py", "report/text.py"])
def test_an_edit_elsewhere_does_not(package, name):
    with (package / name).open("a") as file:
        file.write("\n")
    assert read_index(BUILT, package) is not None


@pytest.fixture
def package(tmp_path):
    return shutil.copytree(PACKAGE, tmp_path / "nephrosyn", ignore=shutil.ignore_patterns("__pycache__", "built_ahead"))
