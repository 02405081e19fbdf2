"""exp, log and pow of the pages have the bits of the C library in all but a few calls of a thousand."""

from __future__ import annotations

import json
import math
import random
import subprocess
from pathlib import Path

import numpy as np

CALLS = 30_000


def row(numbers: random.Random) -> list[float]:
    exponent = numbers.choice([numbers.gauss(0, 5), numbers.uniform(-690, 690), numbers.gauss(0, 0.01)])
    near_one = 1.0 + numbers.gauss(0, 1e-3)
    positive = numbers.choice([numbers.random() + 1e-9, near_one, math.exp(numbers.uniform(-300, 300))])
    base, power = numbers.choice([numbers.uniform(0.5, 2), numbers.uniform(0.01, 100)]), numbers.uniform(-20, 20)
    return [exponent, math.exp(exponent), positive, math.log(positive), base, power, base**power]


def test_bits_are_those_of_the_c_library(tmp_path):
    numbers, given = random.Random(8), tmp_path / "numbers"
    given.write_bytes(np.array([row(numbers) for _ in range(CALLS)]).tobytes())
    script = Path(__file__).with_name("mathematics.mjs")
    done = subprocess.run(["node", script, given], check=True, capture_output=True, text=True)
    *different, worst = json.loads(done.stdout)
    assert max(different[:2]) < 0.002 * CALLS  # JavaScript's own: 0.07
    assert different[2] < 0.008 * CALLS
    assert worst < 2.0
