"""How long a visit occupies a slot of the clinic."""

from __future__ import annotations

from nephrosyn.course.state.quantiles import quantile
from nephrosyn.kernels.compile import inline
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms

_VISIT_LENGTH = int(Purpose.VISIT_LENGTH)


@inline
def visit_length(prepared, patient, visit):
    """Length (days) of a patient's visit, by the visit's number among those that queue for a slot."""
    params = prepared.parameters[0]
    draws = uniforms(params.seed, params.replicate, patient, _VISIT_LENGTH, visit)
    return quantile(prepared.tables, params.visit_length_table, normal_quantile(draws[0]))
