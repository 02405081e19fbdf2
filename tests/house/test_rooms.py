"""What belongs in one room of the package is found in no other."""

from __future__ import annotations

import re

import pytest

from .source import PACKAGE, ROOT, modules, outer_imports

EVERY = sorted(modules())
SPEAKS = {
    "checking",
    "cli",
    "evidence_verbs",
    "teaching_verbs",
    "bench_verbs",
    "run_verbs",
    "options",
    "console",
    "__main__",
}
FORBIDDEN = {
    "pickle",
    "marshal",
    "shelve",
    "random",
    "secrets",
    "socket",
    "http",
    "ftplib",
    "requests",
    "httpx",
    "aiohttp",
}
LONGEST = 500


@pytest.mark.parametrize("name", EVERY)
def test_matplotlib_only_in_the_figures(name):
    if not name.startswith("nephrosyn.report.figures"):
        assert "matplotlib" not in outer_imports(modules()[name])


@pytest.mark.parametrize("name", EVERY)
def test_simpy_only_in_the_clinic(name):
    if name != "nephrosyn.engine.simpy_driver":
        assert "simpy" not in outer_imports(modules()[name])


@pytest.mark.parametrize("name", EVERY)
def test_random_numbers_only_from_streams(name):
    module = modules()[name]
    assert not {i for i in module.imports if i.startswith("numpy.random")}
    assert not {a for a in module.attributes if a.startswith(("np.random", "numpy.random")) or a.endswith(".rvs")}


@pytest.mark.parametrize("name", EVERY)
def test_only_the_command_line_speaks(name):
    module = modules()[name]
    if module.layer not in SPEAKS:
        assert not outer_imports(module) & {"rich", "typer", "click"}
        assert not module.calls & {"print", "input", "sys.stdout.write", "sys.stderr.write"}


@pytest.mark.parametrize("name", EVERY)
def test_no_network_no_pickle_no_eval(name):
    module = modules()[name]
    assert not outer_imports(module) & FORBIDDEN
    assert not {i for i in module.imports if i.startswith("urllib.request")}
    assert not module.calls & {"eval", "exec", "compile", "__import__", "os.system"}


@pytest.mark.parametrize("name", EVERY)
def test_no_module_named_for_nothing(name):
    assert not set(name.split(".")) & {"utils", "util", "helpers", "common", "manager", "misc"}


def own_files():
    rooms = ("sim", "scenarios", "tests", "benchmarks", "docs", ".ci", "outputs/README.md")
    listed = [
        path for room in rooms for path in ([ROOT / room] if (ROOT / room).is_file() else (ROOT / room).rglob("*"))
    ]
    listed += [path for path in ROOT.iterdir() if path.is_file()]
    skipped = {"__pycache__", ".hypothesis", "node_modules"}
    return sorted(path for path in listed if path.is_file() and not skipped & set(path.parts))


@pytest.mark.parametrize("path", [p for p in own_files() if p.suffix == ".py"], ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_path_of_one_machine_anywhere():
    machine = re.compile(r"(?<![\w.:/-])/(?:work|root|home|Users|tmp|mnt|opt/[a-z])/[\w.-]")
    told = []
    for path in own_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        told += [
            f"{path.relative_to(ROOT)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if machine.search(line)
        ]
    assert not told, "\n".join(told)


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()
