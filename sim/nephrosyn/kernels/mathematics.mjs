// exp, log and pow with the last bit of the C library's but for one call in a thousand, where those of JavaScript differ
// in one of ten; a course may depend on it. Numbers are carried as the sum of two, the second the error of the first.
const SPLITTER = 134217729;
const LN2 = [0.6931471805599453, 2.3190468138462996e-17];
const TWO_OVER_ROOT_PI = [1.1283791670955126, 1.533545961316588e-17];
const SQRT2 = 1.4142135623730951;

function sum(a, b) {
  const s = a + b;
  const t = s - a;
  return [s, a - (s - t) + (b - t)];
}

function product(a, b) {
  const p = a * b;
  const ta = SPLITTER * a;
  const ah = ta - (ta - a);
  const al = a - ah;
  const tb = SPLITTER * b;
  const bh = tb - (tb - b);
  const bl = b - bh;
  return [p, ah * bh - p + ah * bl + al * bh + al * bl];
}

function add(a, b) {
  const [s, e] = sum(a[0], b[0]);
  return sum(s, e + a[1] + b[1]);
}

function times(a, b) {
  const [p, e] = product(a[0], b[0]);
  return sum(p, e + a[0] * b[1] + a[1] * b[0]);
}

function over(a, b) {
  const q = a[0] / b[0];
  const rest = add(a, times([-q, 0], b));
  return sum(q, (rest[0] + rest[1]) / b[0]);
}

// [e^x / 2^k, k] for a pair x.
/** @returns {[number[], number]} */
function expPair(x) {
  const k = Math.round(x[0] / LN2[0]);
  const part = add(x, times([-k, 0], LN2));
  const r = [part[0] / 64, part[1] / 64];
  let result = [1, 0];
  for (let n = 12; n >= 1; n--) result = add([1, 0], over(times(r, result), [n, 0]));
  for (let n = 0; n < 6; n++) result = times(result, result);
  return [result, k];
}

// The natural logarithm of a pair x > 0.
function logPair(x) {
  let k = Math.floor(Math.log2(x[0]));
  let scale = 2 ** k;
  if (x[0] / scale > SQRT2) {
    k += 1;
    scale *= 2;
  }
  const m = [x[0] / scale, x[1] / scale];
  const guess = Math.log(m[0]);
  const [e, shift] = expPair([-guess, 0]);
  const factor = 2 ** shift;
  const off = add(times(m, [e[0] * factor, e[1] * factor]), [-1, 0]);
  const square = times(off, off);
  const correction = add(off, [-square[0] / 2, 0]);
  return add(times([k, 0], LN2), add([guess, 0], correction));
}

// 2^(j / 256), and 1 / m and -log(1 / m) for m in the middle of the 256 parts of 1 to 2, each as the sum of two.
const PARTS = 256;
const [POWER, POWER_LOW, INVERSE, LOG, LOG_LOW] = Array.from({ length: 5 }, () => new Float64Array(PARTS + 1));
for (let j = 0; j <= PARTS; j++) {
  const [value, k] = expPair(times([j / PARTS, 0], LN2));
  [POWER[j], POWER_LOW[j]] = [value[0] * 2 ** k, value[1] * 2 ** k];
  INVERSE[j] = j === 0 ? 1 : j === PARTS ? 0.5 : Math.round((PARTS * 2 * PARTS) / (PARTS + j)) / (2 * PARTS);
  [LOG[j], LOG_LOW[j]] = logPair([1 / INVERSE[j], INVERSE[j] === 1 ? 0 : remainder(INVERSE[j])]);
}

// What 1 / x lacks of its exact value.
function remainder(x) {
  const quotient = 1 / x;
  const [p, e] = product(quotient, x);
  return ((1 - p) - e) / x;
}

const LN2_PART = 0.6931471805599453 / PARTS;
const LN2_HIGH = Math.fround(0.6931471805599453); // few enough digits for exact multiples
const [LN2_MIDDLE, LN2_LOW] = sum(LN2[0] - LN2_HIGH, LN2[1]);
const number = new Float64Array(1);
const words = new Int32Array(number.buffer); // the lower word first, as WebAssembly has it

// e^(x + low); low is far smaller than x, and |x| below 700.
function expOf(x, low) {
  const n = Math.round(x / LN2_PART);
  const k = n >> 8;
  const j = n - (k << 8);
  const scaled = n / PARTS;
  const first = x - scaled * LN2_HIGH;
  const second = scaled * LN2_MIDDLE;
  const r = first - second;
  const rest = first - r - second + (low - scaled * LN2_LOW);
  // T + T r + T (r^2 / 2 + ...), where T r is exact
  const table = POWER[j];
  const more = r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r / 720)))) + rest;
  const a = SPLITTER * table;
  const tableHigh = a - (a - table);
  const tableLow = table - tableHigh;
  const b = SPLITTER * r;
  const rHigh = b - (b - r);
  const rLow = r - rHigh;
  const step = table * r;
  const error = tableHigh * rHigh - step + tableHigh * rLow + tableLow * rHigh + tableLow * rLow;
  const total = table + step;
  const value = total + (table - total + step + (error + POWER_LOW[j] + (table * more + POWER_LOW[j] * r)));
  if (k > -1000 && k < 1000) {
    number[0] = value;
    words[1] += k << 20;
    return number[0];
  }
  return value * 2 ** (k >> 1) * 2 ** (k - (k >> 1));
}

// log x for a normal x > 0, as the sum of the result and `logLow`.
let logLow = 0;
function logOf(x) {
  number[0] = x;
  let e = (words[1] >> 20) - 1023;
  words[1] -= e << 20;
  let m = number[0];
  if (m > SQRT2) {
    m *= 0.5;
    e += 1;
  }
  // m from 0.707 to 1.414; its part of 1 to 2, or of 0.5 to 1
  const below = m < 1;
  const j = Math.round(((below ? 2 * m : m) - 1) * PARTS);
  const inverse = below ? 2 * INVERSE[j] : INVERSE[j];
  const power = below ? e - 1 : e;
  // r = m / (the middle) - 1, exact as the sum of two: the inverse has few digits
  const a = SPLITTER * m;
  const mHigh = a - (a - m);
  const mLow = m - mHigh;
  const high = mHigh * inverse - 1;
  const low = mLow * inverse;
  const r = high + low;
  const rest = high - r + low;
  const series = r * r * (-0.5 + r * (1 / 3 + r * (-0.25 + r * (0.2 + r * (-1 / 6 + r / 7))))) - r * rest;
  const tableAt = below && j === PARTS ? 0 : j;
  const whole = below && j === PARTS ? power + 1 : power;
  let total = whole * LN2_HIGH;
  let lost = whole * LN2_LOW + rest + series + LOG_LOW[tableAt];
  for (const part of [whole * LN2_MIDDLE, LOG[tableAt], r]) {
    const next = total + part;
    const shift = next - total;
    lost += total - (next - shift) + (part - shift);
    total = next;
  }
  const result = total + lost;
  logLow = total - result + lost;
  return result;
}

export function exp(x) {
  return Math.abs(x) < 700 ? expOf(x, 0) : Math.exp(x);
}

export function log(x) {
  return x > 1e-300 && x < Infinity ? logOf(x) : Math.log(x);
}

export function pow(x, y) {
  const usual = Math.pow(x, y);
  if (!(x > 1e-300 && x < Infinity && Math.abs(y) < 1e100 && usual > 1e-290 && usual < 1e290)) return usual;
  const [p, e] = product(logOf(x), y);
  const [value, error] = sum(p, e + logLow * y);
  return expOf(value, error);
}

// The complementary error function: its series near zero, its continued fraction beyond.
export function erfc(x) {
  const a = Math.abs(x);
  let small;
  if (a < 2) {
    const square = times(product(a, a), [-1, 0]);
    let [total, term] = [[a, 0], [a, 0]];
    for (let n = 1; n < 60; n++) {
      term = over(times(term, square), [n, 0]);
      total = add(total, over(term, [2 * n + 1, 0]));
    }
    const scaled = times(total, TWO_OVER_ROOT_PI);
    small = add([1, 0], [-scaled[0], -scaled[1]]);
  } else {
    let fraction = [0, 0];
    for (let k = 150; k > 0; k--) fraction = over([k / 2, 0], add([a, 0], fraction));
    const [value, k] = expPair(times(product(a, a), [-1, 0]));
    const bottom = add([a, 0], fraction);
    const half = over(times(value, TWO_OVER_ROOT_PI), bottom);
    const factor = 2 ** (k - 1);
    small = [half[0] * factor, half[1] * factor];
  }
  if (x < 0) small = add([2, 0], [-small[0], -small[1]]);
  return small[0] + small[1];
}
