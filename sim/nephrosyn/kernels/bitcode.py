"""LLVM code built ahead, for machines without a library: llvmlite translates it, once per machine and version."""

from __future__ import annotations

import ctypes
import hashlib
import lzma
import os
import platform
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
from llvmlite import binding

from nephrosyn.kernels.cache_folder import cache_folder, warn_without_cache
from nephrosyn.kernels.fallback import CacheWarning, KernelWarning, reasons
from nephrosyn.kernels.index import Index, UnusableError
from nephrosyn.kernels.library import TABLE, c_functions

CHECKSUM_BYTES = hashlib.sha256().digest_size
DURATION = "a few seconds"
_engines: list[Any] = []
"""What holds the loaded code; it must live as long as the process."""


def load(index: Index) -> Callable[[str], int]:
    """Load the LLVM code as machine code of this processor, from the cache if it is there.

    Parameters
    ----------
    index : Index
        What was built.

    Returns
    -------
    callable
        The address of a symbol.

    Raises
    ------
    UnusableError
        If the code is damaged or llvmlite cannot translate it.
    """
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    path = index.checked("bitcode")
    addresses = c_functions(index.needs)
    try:
        engine = _engine(_machine_code(path))
    except (RuntimeError, lzma.LZMAError) as error:
        raise UnusableError(f"{path.name} cannot be translated ({error})") from None
    _engines.append(engine)
    table = (ctypes.c_void_p * len(addresses)).from_address(engine.get_global_value_address(TABLE))
    table[:] = list(addresses)
    address: Callable[[str], int] = engine.get_function_address
    return address


def _target_machine() -> Any:
    """Return this processor for code that runs in this process."""
    target = binding.Target.from_triple(binding.get_process_triple())
    features = binding.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=binding.get_host_cpu_name(), features=features, opt=2, jit=True)


def _engine(code: bytes) -> Any:
    """Return an engine that holds machine code."""
    empty = binding.parse_assembly("")
    empty.triple = binding.get_process_triple()
    engine = binding.create_mcjit_compiler(empty, _target_machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _machine_code(path: Path) -> bytes:
    """Return machine code for this processor, cached or translated now."""
    folder = cache_folder()
    cached = folder / _cache_name() if folder else None
    code = _read(cached) if cached else None
    if code is None:
        why = f"{reasons()}: " if reasons() else ""
        warnings.warn(f"{why}translating the model for this processor ({DURATION})", KernelWarning, stacklevel=2)
        code = translate(path)
        if cached is None:
            warn_without_cache(DURATION)
        else:
            _write(cached, code)
    return code


def translate(path: Path) -> bytes:
    """Translate LLVM code into machine code of this processor.

    Parameters
    ----------
    path : Path
        The compressed LLVM code.

    Returns
    -------
    bytes
        An object file.
    """
    module = binding.parse_bitcode(lzma.decompress(path.read_bytes()))
    machine = _target_machine()
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    code: bytes = machine.emit_object(module)
    return code


def _cache_name() -> str:
    """Return the file name for this processor and llvmlite."""
    processor = (
        f"{binding.get_process_triple()} {binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    )
    digest = hashlib.sha256(f"{processor} {llvmlite.__version__} {platform.machine()}".encode())
    return f"{digest.hexdigest()[:16]}.machine-code"


def _read(path: Path) -> bytes | None:
    """Return cached code without its checksum; None if there is none, or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code, checksum = content[:-CHECKSUM_BYTES], content[-CHECKSUM_BYTES:]
    return code if hashlib.sha256(code).digest() == checksum else None


def _write(path: Path, code: bytes) -> None:
    """Cache code; other processes see the whole file or none."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(code + hashlib.sha256(code).digest())
        Path(name).replace(path)
    except OSError as error:
        text = (
            f"code of the model cannot be cached in {path.parent}: {error.strerror}; the next run translates it again"
        )
        warnings.warn(text, CacheWarning, stacklevel=2)
