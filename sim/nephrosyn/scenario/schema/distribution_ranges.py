"""The distributions a scenario may use, and the range of each parameter in which their quantiles are reliable."""

from __future__ import annotations

from collections.abc import Mapping

FIXED = "fixed"
LOCATION_AND_SCALE: Mapping[str, tuple[float, float]] = {"loc": (-1e6, 1e6), "scale": (1e-6, 1e6)}
"""Parameters of every distribution: location and scale."""

_SHAPE = (0.05, 1000.0)
_STEEP = (0.2, 100.0)
_TAILED = (1.0, 100.0)  # exponents of heavy-tailed distributions
_LOG_ENDS = (1e-6, 1e6)
_SCORES = (-10.0, 10.0)
_SHARE = (0.0, 1.0)

_SHAPES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "arcsine": {},
    "beta": {"a": _SHAPE, "b": _SHAPE},
    "betaprime": {"a": (0.5, 100.0), "b": _TAILED},
    "burr12": {"c": _TAILED, "d": _TAILED},
    "chi2": {"df": (0.1, 1000.0)},
    "cosine": {},
    "expon": {},
    "exponweib": {"a": (0.1, 100.0), "c": (0.2, 20.0)},
    "fisk": {"c": _TAILED},
    "gamma": {"a": _SHAPE},
    "genextreme": {"c": (-0.5, 0.5)},
    "gengamma": {"a": (0.1, 100.0), "c": (0.2, 20.0)},
    "gompertz": {"c": (0.0001, 100.0)},
    "gumbel_l": {},
    "gumbel_r": {},
    "halfnorm": {},
    "invgamma": {"a": (0.5, 1000.0)},
    "invgauss": {"mu": (0.01, 20.0)},
    "johnsonsb": {"a": (-5.0, 5.0), "b": (0.3, 20.0)},
    "johnsonsu": {"a": (-5.0, 5.0), "b": (0.3, 20.0)},
    "laplace": {},
    "loggamma": {"c": _SHAPE},
    "logistic": {},
    "lognorm": {"s": (0.001, 3.0)},
    "loguniform": {"a": _LOG_ENDS, "b": _LOG_ENDS},
    "lomax": {"c": _TAILED},
    "maxwell": {},
    "nakagami": {"nu": (0.1, 100.0)},
    "norm": {},
    "pareto": {"b": _TAILED},
    "powerlaw": {"a": (0.05, 100.0)},
    "rayleigh": {},
    "semicircular": {},
    "skewnorm": {"a": (-20.0, 20.0)},
    "t": {"df": (2.0, 1000.0)},
    "trapezoid": {"c": _SHARE, "d": _SHARE},
    "triang": {"c": _SHARE},
    "truncexpon": {"b": (0.001, 100.0)},
    "truncnorm": {"a": _SCORES, "b": _SCORES},
    "uniform": {},
    "weibull_max": {"c": _STEEP},
    "weibull_min": {"c": _STEEP},
}

DISTRIBUTIONS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    FIXED: {"value": (-1e6, 1e6)},
    **{name: {**shapes, **LOCATION_AND_SCALE} for name, shapes in _SHAPES.items()},
}
"""Range of every parameter of every distribution, by its name in scipy.stats. Others are slow or unreliable."""
