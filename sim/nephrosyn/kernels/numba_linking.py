"""Link kernels late: each is lowered once, and optimised only as part of the entry points that call it.

numba builds a complete library for every function: it links everything that the function calls, optimises all of it and
generates machine code, and then repeats that for each caller. In a model of two hundred functions with calls ten deep,
the innermost functions are optimised dozens of times, although only the code of the entry points ever runs. Here a
kernel stays as lowered; an entry point links all kernels that it needs, and optimises them together.

Results are the same: LLVM changes no floating-point result unless that is allowed explicitly.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

NOT_NEEDED = {
    "WithLifting",
    "InlineClosureLikes",
    "RewriteDynamicRaises",
    "MakeFunctionToJitFunction",
    "FindLiterallyCalls",
    "LiteralUnroll",
    "LiteralPropagationSubPipelinePass",
    "InlineOverloads",
    "NopythonRewrites",
    "NoPythonSupportedFeatureValidation",
    "DumpParforDiagnostics",
}
"""Compiler passes for ``with``, closures, run-time messages, ``literally``, overloads and whole-array expressions."""


class KernelLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of one kernel, not optimised, and the libraries that it calls."""

    _shared_module: Any

    def finalize(self) -> None:
        """Do nothing; the entry points optimise the code."""
        self._raise_if_finalized()
        self._finalized = True

    def add_llvm_module(self, ll_module: Any) -> None:
        """Add code as it is; numba would optimise each function first."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code to call."""
        return 0

    def _reachable(self) -> list[JITCodeLibrary]:
        """All libraries called, directly or through other kernels, each once."""
        reachable: dict[JITCodeLibrary, None] = {}
        todo = [self]
        while todo:
            for library in todo.pop()._linking_libraries:
                if library not in reachable:
                    reachable[library] = None
                    if isinstance(library, KernelLibrary):
                        todo.append(library)
        reachable.pop(self, None)
        return list(reachable)

    def _get_module_for_linking(self) -> Any:
        """Return this code together with all code that it needs, as entry points link it."""
        if self._shared_module is None:
            whole = self._final_module.clone()
            for library in self._reachable():
                is_kernel = isinstance(library, KernelLibrary)
                module = library._final_module if is_kernel else library._get_module_for_linking()
                whole.link_in(module, preserve=True)
            for function in whole.functions:
                if not function.is_declaration and function.linkage.name == "external":
                    function.linkage = "linkonce_odr"  # several entry points may contain it, and drop it where inlined
            self._shared_module = whole
        return self._shared_module


@register_pass(mutates_CFG=True, analysis_only=False)
class LowerKernel(NativeLowering):  # type: ignore[misc]
    """Lower a kernel into a `KernelLibrary`."""

    _name = "lower_kernel"

    def run_pass(self, state: Any) -> bool:
        """Lower the kernel, and register it for its callers."""
        target = state.targetctx
        state.library = library = KernelLibrary(target.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        # Callers refer to a kernel by this object; it has no address and is never called.
        name, module = lowered.fndesc.qualname.split(".")[-1], lowered.fndesc.lookup_module()
        function = _dynfunc.make_function(module, name, "", 0, lowered.env, (library,))
        target.insert_user_function(function, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=function)
        return True


class _Types(tuple[Any, ...]):
    """Argument types with a short repr: numba would write out all fields for every pass of every function."""

    def __repr__(self) -> str:
        return f"<{len(self)} types>"


class KernelCompiler(CompilerBase):  # type: ignore[misc]
    """numba's compiler without the passes that kernels do not need, and with another lowering pass."""

    def __init__(self, typing: Any, target: Any, library: Any, types: Any, result: Any, flags: Any, names: Any) -> None:
        super().__init__(typing, target, library, _Types(types), result, flags, names)

    def define_pipelines(self) -> list[Any]:
        """Return numba's passes except those in ``NOT_NEEDED``, with `LowerKernel` for lowering."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state, name="kernel")
        passes.passes = [
            (LowerKernel if step is NativeLowering else step, description)
            for step, description in passes.passes
            if step.__name__ not in NOT_NEEDED
        ]
        passes.finalize()
        return [passes]


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause garbage collection: compiling creates millions of objects, and hardly any garbage."""
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()


class EntryCompiler(Compiler):  # type: ignore[misc]
    """numba's compiler, without garbage collection."""

    def compile_extra(self, function: Any) -> Any:
        """Compile the function together with all that it calls."""
        with _without_garbage_collection():
            return super().compile_extra(function)
