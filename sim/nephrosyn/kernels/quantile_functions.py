"""Quantile functions of distributions for compiled code.

The normal one gives the bits of ``scipy.special.ndtri`` where both are compiled without fused operations, that of the
gamma distribution agrees with ``scipy.special.gammaincinv`` to about 1e-12.

References
----------
.. [1] Moshier SL. Methods and programs for mathematical functions. Ellis Horwood, 1989 (Cephes, release 2.8).
.. [2] Gil A, Segura J, Temme NM. Efficient and accurate algorithms for the computation and inversion of the incomplete
   gamma function ratios. SIAM J Sci Comput 2012;34:A2965.
"""

from __future__ import annotations

import math

from nephrosyn.kernels.compile import inline, kernel

_ROOT_TWO_PI = 2.50662827463100050242
_TAIL_FROM = 0.13533528323661269189  # exp(-2)
_FAR_FROM = 8.0  # sqrt(-2 log p)
_STIRLING_FROM = 15.0
_HALF_LOG_TWO_PI = 0.91893853320467274178
_SMALLEST = 1e-300
_MOST_TERMS = 10_000
_MOST_STEPS = 60
_PRECISION = 2.0**-52


@kernel
def normal_score(probability):
    """Quantile of the standard normal distribution [1]_.

    Parameters
    ----------
    probability : float
        Probability, strictly between 0 and 1.

    Returns
    -------
    float
        The quantile.
    """
    tail = probability
    upper = tail > 1.0 - _TAIL_FROM
    if upper:
        tail = 1.0 - tail
    if tail > _TAIL_FROM:
        offset = tail - 0.5
        square = offset * offset
        return (offset + offset * _central(square)) * _ROOT_TWO_PI
    distance = math.sqrt(-2.0 * math.log(tail))
    first = distance - math.log(distance) / distance
    inverse = 1.0 / distance
    score = first - (_tail(inverse) if distance < _FAR_FROM else _far_tail(inverse))
    return score if upper else -score


@inline
def _central(value):
    top = -5.99633501014107895267e1 * value + 9.80010754185999661536e1
    top = (top * value - 5.66762857469070293439e1) * value + 1.39312609387279679503e1
    top = top * value - 1.23916583867381258016e0
    low = (value + 1.95448858338141759834e0) * value + 4.67627912898881538453e0
    low = (low * value + 8.63602421390890590575e1) * value - 2.25462687854119370527e2
    low = (low * value + 2.00260212380060660359e2) * value - 8.20372256168333339912e1
    low = (low * value + 1.59056225126211695515e1) * value - 1.18331621121330003142e0
    return value * top / low


@inline
def _tail(value):
    top = 4.05544892305962419923e0 * value + 3.15251094599893866154e1
    top = (top * value + 5.71628192246421288162e1) * value + 4.40805073893200834700e1
    top = (top * value + 1.46849561928858024014e1) * value + 2.18663306850790267539e0
    top = (top * value - 1.40256079171354495875e-1) * value - 3.50424626827848203418e-2
    top = top * value - 8.57456785154685413611e-4
    low = (value + 1.57799883256466749731e1) * value + 4.53907635128879210584e1
    low = (low * value + 4.13172038254672030440e1) * value + 1.50425385692907503408e1
    low = (low * value + 2.50464946208309415979e0) * value - 1.42182922854787788574e-1
    low = (low * value - 3.80806407691578277194e-2) * value - 9.33259480895457427372e-4
    return value * top / low


@inline
def _far_tail(value):
    top = 3.23774891776946035970e0 * value + 6.91522889068984211695e0
    top = (top * value + 3.93881025292474443415e0) * value + 1.33303460815807542389e0
    top = (top * value + 2.01485389549179081538e-1) * value + 1.23716634817820021358e-2
    top = (top * value + 3.01581553508235416007e-4) * value + 2.65806974686737550832e-6
    top = top * value + 6.23974539184983293730e-9
    low = (value + 6.02427039364742014255e0) * value + 3.67983563856160859403e0
    low = (low * value + 1.37702099489081330271e0) * value + 2.16236993594496635890e-1
    low = (low * value + 1.34204006088543189037e-2) * value + 3.28014464682127739104e-4
    low = (low * value + 2.89247864745380683936e-6) * value + 6.79019408009981274425e-9
    return value * top / low


@kernel
def gamma_quantile(shape, probability):
    """Quantile of the gamma distribution of scale 1: Halley's method from an estimate.

    Parameters
    ----------
    shape : float
        Shape, from 0.05 to 1000.
    probability : float
        Probability, strictly between 0 and 1.

    Returns
    -------
    float
        The quantile; 0 where it is too small for a number.
    """
    log_factorial = log_gamma(shape + 1.0)
    value = _first_estimate(shape, probability, log_factorial)
    if value < _SMALLEST:
        return 0.0
    for _ in range(_MOST_STEPS):
        density = shape * math.exp(shape * math.log(value) - value - log_factorial) / value
        step = _excess(shape, value, probability, log_factorial) / density
        step /= 1.0 - 0.5 * min(1.0, step * ((shape - 1.0) / value - 1.0))
        moved = value - step if step < value else 0.5 * value
        done = abs(moved - value) <= 2.0 * _PRECISION * value
        value = moved
        if done:
            break
    return value


@kernel
def _first_estimate(shape, probability, log_factorial):
    """A quantile to start from: by Wilson and Hilferty, or by the first term of the series near 0."""
    third = 1.0 / (9.0 * shape)
    root = 1.0 - third + normal_score(probability) * math.sqrt(third)
    estimate = shape * root * root * root
    if shape > 1.0 and root > 0.3:
        return estimate
    near_zero = math.exp((math.log(probability) + log_factorial) / shape)
    return near_zero if near_zero < 1.0 or root <= 0.0 else max(estimate, 0.5)


@kernel
def _excess(shape, value, probability, log_factorial):
    """By how much the probability of smaller values exceeds a given one, from the smaller of both tails."""
    factor = math.exp(shape * math.log(value) - value - log_factorial)
    if value < shape + 1.0:
        return _lower_series(shape, value) * factor - probability
    return (1.0 - probability) - _upper_fraction(shape, value) * factor * shape


@kernel
def _lower_series(shape, value):
    """The series of the lower incomplete gamma function, without its factor."""
    total = term = 1.0
    for n in range(1, _MOST_TERMS):
        term *= value / (shape + n)
        total += term
        if term < total * _PRECISION:
            break
    return total


@kernel
def _upper_fraction(shape, value):
    """The continued fraction of the upper incomplete gamma function, without its factor, by Lentz's method."""
    b = value + 1.0 - shape
    c, d = 1.0 / _SMALLEST, 1.0 / b
    fraction = d
    for n in range(1, _MOST_TERMS):
        a = n * (shape - n)
        b += 2.0
        d = a * d + b
        d = 1.0 / (d if abs(d) > _SMALLEST else _SMALLEST)
        c = b + a / c
        c = c if abs(c) > _SMALLEST else _SMALLEST
        change = c * d
        fraction *= change
        if abs(change - 1.0) < _PRECISION:
            break
    return fraction


@kernel
def log_gamma(value):
    """Logarithm of the gamma function of a positive number, by Stirling's series.

    Parameters
    ----------
    value : float
        A positive number.

    Returns
    -------
    float
        The logarithm, to about 1e-15 of a unit for small numbers.
    """
    product = 1.0
    while value < _STIRLING_FROM:
        product *= value
        value += 1.0
    square = 1.0 / (value * value)
    series = (square / 1188.0 - 1.0 / 1680.0) * square + 1.0 / 1260.0
    series = (series * square - 1.0 / 360.0) * square + 1.0 / 12.0
    return (value - 0.5) * math.log(value) - value + _HALF_LOG_TWO_PI + series / value - math.log(product)
