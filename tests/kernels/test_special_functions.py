"""The compiled functions of scipy.special are imported alone, and leave scipy as it is."""

from __future__ import annotations

import subprocess
import sys

ALONE = """
import sys
from nephrosyn.kernels.special_functions import import_alone, special_functions
import_alone()
alone = special_functions()
assert "scipy._lib._array_api" not in sys.modules, "the rest of scipy.special was imported"
assert "scipy.special" not in sys.modules, "the package was left half imported"
"""
LATER = """
import scipy.optimize, scipy.special, scipy.stats
for name in ("ndtr", "ndtri", "log_ndtr", "ndtri_exp", "gammainc", "gammaincinv", "betainc", "betaincinv", "inv_boxcox",
             "stdtrit", "chdtri", "bdtr", "pdtr", "expm1", "log1p"):
    assert getattr(scipy.special, name) is getattr(alone, name), name
assert scipy.special._ufuncs is alone
assert round(scipy.stats.truncnorm.cdf(0.3, -1.0, 2.0), 6) == 0.561030
assert special_functions() is alone
"""
EARLIER = """
import scipy.special
from nephrosyn.kernels.special_functions import special_functions
assert special_functions() is scipy.special._ufuncs
"""
FALLBACK = """
import sys
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name == "scipy.special._ufuncs" and not hasattr(sys.modules["scipy.special"], "__file__"):
            raise ImportError("this module needs its package")
sys.meta_path.insert(0, Refuses())
from nephrosyn.kernels.special_functions import import_alone, special_functions
import_alone()
whole = special_functions()
import scipy.special
assert whole is scipy.special
"""


UNASKED = """
import sys
from nephrosyn.kernels.special_functions import special_functions
assert special_functions() is sys.modules["scipy.special"]._ufuncs
"""


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_rest_of_scipy_works_afterwards_with_the_same_functions():
    run(ALONE + LATER)


def test_a_package_that_is_imported_already_is_used():
    run(EARLIER)


def test_a_version_whose_functions_need_their_package_is_imported_as_a_whole():
    run(FALLBACK)


def test_a_program_that_uses_the_package_imports_it_as_a_whole():
    run(UNASKED)
