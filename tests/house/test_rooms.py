"""Some imports and calls are allowed in one room only."""

from __future__ import annotations

import re

from .source import PACKAGE, ROOT, modules, outer_imports

SPEAKS = {"cli", "__main__"}
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
PASSES_DESCRIPTORS = {"nephrosyn.runs.workers.local", "nephrosyn.runs.workers.local_worker"}
"""Modules that use a pair of connected sockets to share the lock of a run with a child process; no network."""
LONGEST = 500


def offenders(rule) -> list[str]:
    """Names of the modules that break a rule."""
    return [name for name, module in sorted(modules().items()) if rule(module)]


def test_matplotlib_only_in_the_figures():
    assert not offenders(
        lambda m: not m.name.startswith("nephrosyn.report.figures") and "matplotlib" in outer_imports(m)
    )


def test_simpy_only_in_its_driver():
    assert not offenders(lambda m: m.name != "nephrosyn.engine.simpy_driver" and "simpy" in outer_imports(m))


def test_random_numbers_only_from_keyed_streams():
    assert not offenders(
        lambda m: (
            any(i.startswith("numpy.random") for i in m.imports)
            or any(a.startswith(("np.random", "numpy.random")) or a.endswith(".rvs") for a in m.attributes)
        )
    )


def test_only_the_command_line_writes_to_the_terminal():
    assert not offenders(
        lambda m: (
            m.room not in SPEAKS
            and (
                outer_imports(m) & {"rich", "typer", "click"}
                or m.calls & {"print", "input", "sys.stdout.write", "sys.stderr.write"}
            )
        )
    )


def test_no_network_no_pickle_no_eval():
    assert not offenders(
        lambda m: (
            outer_imports(m) & (FORBIDDEN - ({"socket"} if m.name in PASSES_DESCRIPTORS else set()))
            or m.calls & {"socket.create_connection", "socket.create_server"}
            or any(i.startswith("urllib.request") for i in m.imports)
            or m.calls & {"eval", "exec", "compile", "__import__", "os.system"}
        )
    )


def test_no_module_named_for_nothing():
    assert not offenders(lambda m: set(m.name.split(".")) & {"utils", "util", "helpers", "common", "manager", "misc"})


def test_few_modules_stand_outside_a_room():
    loose = {path.stem for path in PACKAGE.glob("*.py")}
    assert loose <= {
        "__init__",
        "__main__",
        "api",
        "datasets",
        "errors",
        "text_files",
        "toml_files",
        "vocabulary",
    }


def own_files():
    rooms = ("sim", "scenarios", "tests", "benchmarks", "docs", "tools", ".ci", "outputs/README.md")
    listed = [
        path for room in rooms for path in ([ROOT / room] if (ROOT / room).is_file() else (ROOT / room).rglob("*"))
    ]
    listed += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    skipped = {"__pycache__", ".hypothesis", "node_modules"}
    return sorted(path for path in listed if path.is_file() and not skipped & set(path.parts))


def test_files_hold_one_subject():
    python = [path for path in own_files() if path.suffix == ".py"]
    assert len(python) > 300
    long = [path for path in python if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST]
    assert not long, f"more than {LONGEST} lines: {long}"


def test_no_path_of_one_machine_anywhere():
    machine = re.compile(r"(?<![\w.:/-])/(?:work|root|home|Users|tmp|mnt|opt/[a-z])/[\w.-]")
    offending = []
    for path in own_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        offending += [
            f"{path.relative_to(ROOT)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if machine.search(line)
        ]
    assert not offending, "\n".join(offending)


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()
