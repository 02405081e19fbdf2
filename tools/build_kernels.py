"""Build the code of all entry points ahead: libraries for Linux, LLVM code for other machines, and WebAssembly.

Run it after a change of compiled functions, or of constants and types that they use, on Linux with x86-64; a test says
when:

    python tools/build_kernels.py            # writes sim/nephrosyn/kernels/built_ahead
    python tools/build_kernels.py --check    # builds them anew and compares

It needs LLVM's linker (Debian's package lld). An entry point is built for the types of arguments with which `RUNS` call
it. The same sources and the same versions of Python, numba, llvmlite and lld give the same bytes.
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kernel_sources import kernel_sources

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "sim" / "nephrosyn" / "kernels" / "built_ahead"

PROCESSOR = "x86-64-v3"
"""Processor for which numba optimises: x86-64 with the extensions of 2013."""
FEATURES = ("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe")
"""Its extensions, as Linux names them."""
TARGETS: dict[str, dict[str, Any]] = {
    "linux-x86_64": {"triple": "x86_64-unknown-linux-gnu", "cpu": PROCESSOR, "features": FEATURES},
    "linux-aarch64": {"triple": "aarch64-unknown-linux-gnu", "cpu": "generic", "features": ()},
}
"""Machines that get a library."""
WASM = {"triple": "wasm32-unknown-unknown", "features": "+bulk-memory,+nontrapping-fptoint"}
"""WebAssembly; converting a number too large for an integer does not stop it, as on other machines."""
WASM_STACK_BYTES = 1 << 20
FIXED = {
    "NUMBA_CPU_NAME": PROCESSOR,
    "NUMBA_CPU_FEATURES": "",
    "NEPHROSYN_KERNELS": "numba",
    "NUMBA_DISABLE_JIT": "0",
    "PYTHONHASHSEED": "0",
}
"""Environment of a build, so that it gives the same bytes on every machine."""

C_FUNCTIONS = {
    "erfc": "double (double)",
    "exp": "double (double)",
    "log": "double (double)",
    "log1p": "double (double)",
    "pow": "double (double, double)",
    "memcpy": "ptr (ptr, ptr, i64)",
    "memmove": "ptr (ptr, ptr, i64)",
    "memset": "ptr (ptr, i32, i64)",
}
"""Functions of the C library that the code may call; it finds them in a table, so that a library needs no other."""
SQUARE_ROOT = """
declare double @llvm.sqrt.f64(double)
define double @sqrt(double %a) alwaysinline {
  %r = call double @llvm.sqrt.f64(double %a)
  ret double %r
}
"""
"""The square root as an instruction, which gives the same bits as the function of the C library."""
WIDE_PRODUCT = """
define void @__multi3(ptr %to, i64 %a, i64 %aa, i64 %b, i64 %bb) noinline {
  %a0 = and i64 %a, 4294967295
  %a1 = lshr i64 %a, 32
  %b0 = and i64 %b, 4294967295
  %b1 = lshr i64 %b, 32
  %p00 = mul i64 %a0, %b0
  %p01 = mul i64 %a0, %b1
  %p10 = mul i64 %a1, %b0
  %p11 = mul i64 %a1, %b1
  %c0 = lshr i64 %p00, 32
  %m0 = add i64 %p10, %c0
  %l = and i64 %m0, 4294967295
  %m1 = add i64 %p01, %l
  %h0 = lshr i64 %m0, 32
  %h1 = lshr i64 %m1, 32
  %s0 = add i64 %p11, %h0
  %s1 = add i64 %s0, %h1
  %x0 = mul i64 %a, %bb
  %x1 = mul i64 %aa, %b
  %s2 = add i64 %s1, %x0
  %high = add i64 %s2, %x1
  %low = mul i64 %a, %b
  store i64 %low, ptr %to, align 8
  %place = getelementptr i64, ptr %to, i64 1
  store i64 %high, ptr %place, align 8
  ret void
}
"""
"""The product of two numbers of 128 bits, which WebAssembly lacks."""
OTHER_VERSIONS = 3
NO_COUNTING = ("NRT_incref", "NRT_decref")
"""numba's functions that count references: callers hold all arrays, so they do nothing."""


PAGE = (
    "nephrosyn.patients.compiled_traits.draw",
    "nephrosyn.course.advance.advance",
    "nephrosyn.record.bodies.write_bodies",
    "nephrosyn.record.chart.survey",
    "nephrosyn.record.chart.write_chart",
    "nephrosyn.criteria.evaluation.evaluate_clauses.evaluate_all",
)
"""Entry points of the WebAssembly module: the way from a scenario to tables and verdicts."""
RUNS: tuple[dict[str, Any], ...] = (
    {"scenario": "busy-clinic", "engine": "simpy"},
    {"scenario": "busy-clinic", "engine": "auto"},
    {"scenario": "children-first-episode", "criteria": ["source", "jspn-2013-children"]},
)
"""Runs that call every entry point with arguments of all types that the package passes."""
PATIENTS = 40


def call_what_runs_do_not() -> None:
    """Call what only pages, uncertain numbers, the bootstrap and perturbations call."""
    import numpy as np

    from nephrosyn.kernels.random_streams import Purpose, fill_uniforms, lanes_at
    from nephrosyn.patients.compiled_traits import draw
    from nephrosyn.patients.trait_numbers import trait_numbers
    from nephrosyn.patients.traits import TRAITS, records
    from nephrosyn.scenario import load

    fill_uniforms(1, 0, np.arange(PATIENTS, dtype=np.int64), int(Purpose.UNCERTAINTY), 1)
    lanes_at(1, 0, int(Purpose.UNCERTAINTY), np.arange(PATIENTS), np.zeros(PATIENTS, np.int64))
    scenario, traits = load(RUNS[0]["scenario"]).scenario, records(PATIENTS, TRAITS)
    draw(1, 0, np.arange(PATIENTS, dtype=np.int64), trait_numbers(scenario), traits)


def call_entries() -> None:
    """Play `RUNS`, explain their verdicts, and call what runs do not."""
    import nephrosyn as ns

    call_what_runs_do_not()
    for run in RUNS:
        cohort = ns.run(**run, patients=PATIENTS, seed=1)
        for patient in range(PATIENTS):
            for view in ("complete", "observed"):
                for verdict in cohort.patient(patient).verdicts(view=view):
                    str(verdict)


# ------------------------------------------------------------------------------------------------ numba's code


def compiled_entries() -> Iterator[tuple[str, Any]]:
    """Yield the name of each entry point that was called, and numba's result for each variant."""
    from nephrosyn.kernels.compile import Entry

    loaded = [module for name, module in sorted(sys.modules.items()) if name.startswith("nephrosyn.")]
    entries = {value.name: value for module in loaded for value in vars(module).values() if isinstance(value, Entry)}
    for name, entry in sorted(entries.items()):
        variants = entry.compiled.overloads
        for signature in sorted(variants, key=str):
            yield name, variants[signature]


def layout(kind: Any) -> Any:
    """Return the layout of an argument of one of numba's types; see `nephrosyn.kernels.arguments.words_of`."""
    from numba.core import types
    from numba.np.numpy_support import as_dtype

    from nephrosyn.kernels.arguments import dtype_layout

    if isinstance(kind, types.BaseTuple):
        return [layout(item) for item in kind]
    if isinstance(kind, types.Array):
        if kind.layout != "C" or not kind.aligned:
            raise SystemExit(f"an array must be contiguous and aligned: {kind}")
        return {"dtype": dtype_layout(as_dtype(kind.dtype)), "ndim": kind.ndim, "written": kind.mutable}
    return scalar(kind)


def scalar(kind: Any) -> str:
    """Return the layout of a number, or of a result."""
    from numba.core import types

    names = {types.int64: "int", types.float64: "float", types.boolean: "bool", types.none: "none"}
    if kind not in names:
        raise SystemExit(f"an entry point takes and returns int64, float64 and bool, and takes arrays, not {kind}")
    return names[kind]


def caller(symbol: str, function: Any) -> str:
    """Return LLVM code of a function that reads the arguments of numba's function from words."""
    kinds = [str(argument.type) for argument in function.arguments]
    lines, values = [], ["ptr %words", "ptr %error"]
    for place, kind in enumerate(kinds[2:], 2):
        lines.append(f"  %p{place} = getelementptr i64, ptr %words, i64 {place}")
        lines.append(f"  %v{place} = load {kind}, ptr %p{place}, align 8")
        values.append(f"{kind} %v{place}")
    name = json.dumps(function.name)
    body = "\n".join(["  %error = getelementptr i64, ptr %words, i64 1", *lines])
    return (
        f"declare i32 @{name}({', '.join(kinds)})\n"
        f"define i32 @{symbol}(ptr %words) {{\n{body}\n"
        f"  %status = call i32 @{name}({', '.join(values)})\n  ret i32 %status\n}}\n"
    )


def c_library(names: list[str], table: str) -> str:
    """Return LLVM code of functions that call those of the C library through a table."""
    code = [f"@{table} = global [{len(names)} x ptr] zeroinitializer"]
    for place, name in enumerate(names):
        result, _, kinds = C_FUNCTIONS[name].partition(" ")
        typed = [f"{kind} %a{k}" for k, kind in enumerate(kinds.strip("()").split(", "))]
        arguments = ", ".join(typed)
        code.append(
            f"define {result} @{name}({arguments}) noinline nobuiltin {{\n"
            f"  %p = getelementptr [{len(names)} x ptr], ptr @{table}, i64 0, i64 {place}\n"
            f"  %f = load ptr, ptr %p\n  %r = tail call {result} %f({arguments})\n  ret {result} %r\n}}"
        )
    return "\n".join(code)


def without_counting(code: str) -> str:
    """Return LLVM code in which counting references does nothing."""
    kept, skipping = [], False
    for line in code.splitlines():
        if line.startswith("define ") and any(f"@{name}(" in line for name in NO_COUNTING):
            name = next(name for name in NO_COUNTING if f"@{name}(" in line)
            kept.append(f"define internal void @{name}(ptr %0) alwaysinline {{\n  ret void\n}}")
            skipping = True
        if not skipping:
            kept.append(line)
        skipping = skipping and not line.startswith("}")
    return "\n".join(kept)


def whole_module() -> tuple[Any, dict[str, list[dict[str, Any]]]]:
    """Return one module of all entry points, and their variants."""
    from llvmlite import binding

    whole, functions, symbols = binding.parse_assembly(""), {}, []
    for name, result in compiled_entries():
        symbol = f"entry_{len(symbols)}"
        symbols.append(symbol)
        module = result.library._get_module_for_linking()
        numbas = result.fndesc.llvm_func_name
        code = without_counting(str(module)) + caller_after(symbol, module.get_function(numbas))
        part = binding.parse_assembly(code)
        for function in part.functions:
            if not function.is_declaration:
                function.linkage = "external" if function.name == symbol else "internal"
        for variable in part.global_variables:
            if not variable.is_declaration:
                variable.linkage = "internal"
        whole.link_in(part)
        variant = {
            "symbol": symbol,
            "arguments": [layout(kind) for kind in result.signature.args],
            "result": scalar(result.signature.return_type),
        }
        functions.setdefault(name, []).append(variant)
    return whole, functions


def with_functions(module: Any, code: str, exported: set[str], foreign: set[str]) -> Any:
    """Return a copy of a module with more functions, and without what the exported symbols do not need."""
    from llvmlite import binding

    whole = module.clone()
    whole.link_in(binding.parse_assembly(code))
    drop_unused(whole, exported)
    whole.verify()
    names = {f.name for f in whole.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if names - foreign:
        raise SystemExit(f"the code calls functions that it does not contain: {len(names - foreign)}")
    return whole


def caller_after(symbol: str, function: Any) -> str:
    """Return the code of `caller` without the declaration, for the module that defines the function."""
    return "\n" + caller(symbol, function).split("\n", 1)[1]


def drop_unused(module: Any, exported: set[str]) -> None:
    """Remove what the exported symbols do not need: among others numba's functions that Python would call."""
    from llvmlite import binding

    for function in module.functions:
        if not function.is_declaration and function.name not in exported:
            function.linkage = "internal"
    machine = binding.Target.from_triple(TARGETS["linux-x86_64"]["triple"]).create_target_machine(cpu=PROCESSOR)
    passes = binding.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=0)))


# ------------------------------------------------------------------------------------------------ files


def build(folder: Path) -> None:
    """Write the index and all files into a folder."""
    from llvmlite import binding

    from nephrosyn.kernels.index import FORMAT, checksum
    from nephrosyn.kernels.library import TABLE
    from nephrosyn.kernels.sources import PACKAGE, digest_of

    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    call_entries()
    module, functions = whole_module()
    module.link_in(binding.parse_assembly(SQUARE_ROOT))
    needs, symbols = sorted(C_FUNCTIONS), {v["symbol"] for variants in functions.values() for v in variants}
    sources, files = kernel_sources(PACKAGE), {}
    digest, of_page = digest_of(PACKAGE, sources), {v["symbol"] for name in PAGE for v in functions[name]}
    files["wasm32"] = write(folder / f"{digest}.wasm", webassembly(module, of_page), ())
    kept = {*symbols, TABLE, *needs}
    module = with_functions(module, c_library(needs, TABLE), kept, set())
    for machine, target in TARGETS.items():
        library = link(module, target, kept)
        files[machine] = write(folder / f"{digest}-{machine}.so", library, target["features"])
    files["bitcode"] = write(folder / f"{digest}.bc.xz", lzma.compress(portable(module, kept), preset=9), ())
    index = {
        "format": FORMAT,
        "built_with": built_with(),
        "sources": sources,
        "functions": functions,
        "needs": needs,
        "files": files,
    }
    index["sha256"] = checksum(index)
    (folder / f"{digest}.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def built_with() -> dict[str, str]:
    """Return the versions on which the bytes depend."""
    linker = subprocess.run([program("ld.lld"), "--version"], check=True, capture_output=True, text=True).stdout
    python = ".".join(map(str, sys.version_info[:2]))
    return {"python": python, "numba": version("numba"), "llvmlite": version("llvmlite"), "lld": linker.strip()}


def write(path: Path, content: bytes, features: tuple[str, ...]) -> dict[str, Any]:
    """Write a file, and return its entry in the index."""
    path.write_bytes(content)
    return {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "features": list(features)}


def optimise(module: Any, machine: Any, exported: set[str]) -> None:
    """Optimise all entry points together.

    numba has optimised each, but could not know that nothing else calls the functions in it: now they lose the
    arguments that they do not use, most of the sixty words of some.
    """
    from llvmlite import binding

    for function in module.functions:
        if not function.is_declaration and function.name not in exported:
            function.linkage = "internal"
    options = binding.create_pipeline_tuning_options(speed_level=3)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)


def portable(module: Any, exported: set[str]) -> bytes:
    """Return LLVM code for any 64-bit machine; its own features are set when it is translated."""
    copy = module.clone()
    optimise(copy, target_machine(TARGETS["linux-x86_64"]), exported)
    return copy.as_bitcode()


def target_machine(target: dict[str, Any]) -> Any:
    """Return LLVM's description of a machine that gets a library."""
    from llvmlite import binding

    return binding.Target.from_triple(target["triple"]).create_target_machine(
        cpu=target["cpu"], opt=3, reloc="pic", codemodel="default"
    )


def link(module: Any, target: dict[str, Any], exported: set[str]) -> bytes:
    """Return the library for a machine."""
    machine, copy = target_machine(target), module.clone()
    copy.triple, copy.data_layout = target["triple"], str(machine.target_data)
    optimise(copy, machine, exported)
    options = ["-shared", "--strip-all", "--hash-style=gnu", "--build-id=none", "-z", "defs", "-Bsymbolic"]
    return linked("ld.lld", options, machine.emit_object(copy))


def webassembly(module: Any, symbols: set[str]) -> bytes:
    """Return a WebAssembly module that imports its memory and a few functions of mathematics."""
    from llvmlite import binding

    machine = binding.Target.from_triple(WASM["triple"]).create_target_machine(features=WASM["features"], opt=3)
    optimised = module.clone()
    optimised.triple, optimised.data_layout = WASM["triple"], str(machine.target_data)
    optimise(optimised, machine, symbols)
    # LLVM would recognise what this function computes, and let it call itself; so it comes afterwards.
    copy = with_functions(optimised, WIDE_PRODUCT, {*symbols, "__multi3"}, set(C_FUNCTIONS))
    copy.triple, copy.data_layout = WASM["triple"], str(machine.target_data)
    options = [
        "--no-entry",
        "--allow-undefined",
        "--import-memory",
        "--strip-all",
        "-z",
        f"stack-size={WASM_STACK_BYTES}",
    ]
    exports = [f"--export={symbol}" for symbol in (*sorted(symbols), "__heap_base")]
    return linked("wasm-ld", [*options, *exports], machine.emit_object(copy))


def linked(linker: str, options: list[str], code: bytes) -> bytes:
    """Return what a linker makes of an object file."""
    with tempfile.TemporaryDirectory() as place:
        source, result = Path(place) / "entries.o", Path(place) / "entries"
        source.write_bytes(code)
        subprocess.run([program(linker), *options, "-o", result, source], check=True)
        return result.read_bytes()


def program(name: str) -> str:
    """Return the path of a linker."""
    path = shutil.which(name)
    if path is None:
        raise SystemExit("LLVM's linker is not installed; on Debian:  sudo apt-get install lld")
    return path


def replace(built: Path) -> None:
    """Put what was built into the package, in place of what was there."""
    OUTPUT.mkdir(exist_ok=True)
    for old in OUTPUT.iterdir():
        old.unlink()
    for new in sorted(built.iterdir()):
        shutil.move(new, OUTPUT / new.name)
        print(f"{(OUTPUT / new.name).stat().st_size:>9,} bytes  {new.name}")


def versions_of(folder: Path) -> dict[str, str]:
    """Return what the files in a folder were built with; nothing if there is no index."""
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.json")]
    versions: dict[str, str] = json.loads(texts[0])["built_with"] if texts else {}
    return versions


def compare(built: Path) -> int:
    """Return 1 if the package does not hold what was built, and 3 if other versions built it."""
    before, after = versions_of(OUTPUT), versions_of(built)
    if before and before != after:
        print(f"not compared: built with {before}, here {after}", file=sys.stderr)
        return OTHER_VERSIONS
    names = sorted({path.name for path in (*built.iterdir(), *OUTPUT.glob("*"))})
    _, different, missing = filecmp.cmpfiles(built, OUTPUT, names, shallow=False)
    for name in (*different, *missing):
        print(f"differs or is missing: {name}; run tools/build_kernels.py", file=sys.stderr)
    return int(bool(different or missing))


def main() -> int:
    """Build in a process of its own, in which nothing depends on this machine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with what is there, and write nothing")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.into:
        build(options.into)
        return 0
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as cache:
        path = os.pathsep.join(filter(None, (str(ROOT / "sim"), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, **FIXED, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": path}
        done = subprocess.run([sys.executable, __file__, "--into", place], env=environment)
        if done.returncode:
            return done.returncode
        if options.check:
            return compare(Path(place))
        replace(Path(place))
    return 0


if __name__ == "__main__":
    sys.exit(main())
