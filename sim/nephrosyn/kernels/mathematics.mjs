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

function rounded([value, k]) {
  const half = Math.trunc(k / 2);
  return (value[0] + value[1]) * 2 ** half * 2 ** (k - half);
}

export function exp(x) {
  return Number.isFinite(x) && Math.abs(x) < 700 ? rounded(expPair([x, 0])) : Math.exp(x);
}

export function log(x) {
  if (!(x > 1e-300) || x === Infinity) return Math.log(x);
  const [value, error] = logPair([x, 0]);
  return value + error;
}

export function pow(x, y) {
  const usual = Math.pow(x, y);
  if (!(x > 1e-300) || x === Infinity || !Number.isFinite(y) || !(usual > 1e-290 && usual < 1e290)) return usual;
  return rounded(expPair(times(logPair([x, 0]), [y, 0])));
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
