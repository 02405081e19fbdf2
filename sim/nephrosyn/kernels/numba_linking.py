"""Kernels compiled as pieces: lowered once each, optimised once, as parts of the entry points that need them.

numba makes a whole library of every function: it links all that the function calls, optimises the lot, and turns it
into machine code, and then does so again for its caller, which links all of that once more. In a model of two hundred
functions that call each other ten deep the leaves are optimised dozens of times, and only the code of the entry points
is ever run. A piece stays as it was lowered; what it needs is linked when an entry point does, and optimised there.

The result is the same arithmetic: no optimisation of LLVM may change a floating-point result unless told that it may.
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
"""Steps for ``with``, closures, messages made at run time, ``literally``, overloads and sums of whole arrays."""


class KernelLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of one kernel, not yet optimised, and which other code it calls."""

    _shared_module: Any

    def finalize(self) -> None:
        """Leave everything to the entry points."""
        self._raise_if_finalized()
        self._finalized = True

    def add_llvm_module(self, ll_module: Any) -> None:
        """Take code as it is; numba would tidy each function by itself first."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code that could be called from Python."""
        return 0

    def _reachable(self) -> list[JITCodeLibrary]:
        """All code called, directly or by other pieces, each once."""
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
        """Return this code with all it needs, as entry points link it."""
        if self._shared_module is None:
            whole = self._final_module.clone()
            for library in self._reachable():
                is_kernel = isinstance(library, KernelLibrary)
                module = library._final_module if is_kernel else library._get_module_for_linking()
                whole.link_in(module, preserve=True)
            for function in whole.functions:
                if not function.is_declaration and function.linkage.name == "external":
                    function.linkage = "linkonce_odr"  # several entry points may hold it, and drop it where inlined
            self._shared_module = whole
        return self._shared_module


@register_pass(mutates_CFG=True, analysis_only=False)
class LowerKernel(NativeLowering):  # type: ignore[misc]
    """Lower a kernel into a piece."""

    _name = "lower_piece"

    def run_pass(self, state: Any) -> bool:
        """Lower, and make the kernel known to its callers."""
        target = state.targetctx
        state.library = library = KernelLibrary(target.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        # Callers know a kernel by such an object; it is never called, as there is no address to call.
        name, module = lowered.fndesc.qualname.split(".")[-1], lowered.fndesc.lookup_module()
        function = _dynfunc.make_function(module, name, "", 0, lowered.env, (library,))
        target.insert_user_function(function, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=function)
        return True


class _Types(tuple[Any, ...]):
    """Types of arguments that are told in one word: numba tells every step of every function those of all fields."""

    def __repr__(self) -> str:
        return f"<{len(self)} types>"


class KernelCompiler(CompilerBase):  # type: ignore[misc]
    """numba's own way to compile a function, less the steps for what kernels do not contain, and another last one."""

    def __init__(self, typing: Any, target: Any, library: Any, types: Any, result: Any, flags: Any, names: Any) -> None:
        super().__init__(typing, target, library, _Types(types), result, flags, names)

    def define_pipelines(self) -> list[Any]:
        """Take numba's steps but for those in ``NOT_NEEDED``, and `LowerKernel` for its lowering."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state, name="piece")
        passes.passes = [
            (LowerKernel if step is NativeLowering else step, description)
            for step, description in passes.passes
            if step.__name__ not in NOT_NEEDED
        ]
        passes.finalize()
        return [passes]


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let Python's collector of cycles rest: compiling makes millions of objects, and hardly any garbage."""
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()


class EntryCompiler(Compiler):  # type: ignore[misc]
    """numba's own way to compile, undisturbed."""

    def compile_extra(self, function: Any) -> Any:
        """Compile with all that the function calls."""
        with _collector_at_rest():
            return super().compile_extra(function)
