// Memory of the compiled model, and calls of its entry points. Arrays lie one after the other, each at a multiple of 64
// bytes; the memory grows as needed. A call passes 64-bit words: two for its result, then those of its arguments, as
// kernels/arguments.py describes them.
const ALIGNMENT = 64;
const PAGE_BYTES = 65536;
const DONE = [0, -2]; // statuses of a call that returned a value, or none
const VIEWS = {
  "<f8": Float64Array,
  "<i8": BigInt64Array,
  "<i4": Int32Array,
  "<i2": Int16Array,
  "|i1": Int8Array,
  "|u1": Uint8Array,
  "|b1": Uint8Array,
};

/** An error of the model. `kind` is "inputs", "module", "memory", "events" or "code". */
export class ModelError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "ModelError";
    this.kind = kind;
  }
}

/** Bytes of one item of a dtype, written as in kernels/arguments.py. */
export function itemBytes(dtype) {
  const record = /\}(\d+)$/.exec(dtype);
  if (record) return Number(record[1]);
  if (!(dtype in VIEWS)) throw new ModelError("inputs", `unknown type of an array: ${dtype}`);
  return VIEWS[dtype].BYTES_PER_ELEMENT;
}

/** Name, offset and dtype of each plain field of a structured dtype. */
export function fieldsOf(dtype) {
  return [...dtype.matchAll(/([a-z_0-9]+)@(\d+):([<|][a-z]\d)(?=[ }])/g)].map(([, name, offset, type]) => ({
    name,
    offset: Number(offset),
    type,
  }));
}

/** The bytes of a text in base64. */
export function bytesOf(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** The bytes of an array of the inputs; rows that occur again are written once there. */
export function arrayBytes({ dtype, shape, data, rows }) {
  const bytes = bytesOf(data);
  if (!rows) return bytes;
  const all = new Uint8Array(shape.reduce((product, length) => product * length, itemBytes(dtype)));
  const length = all.length / rows.length;
  rows.forEach((row, place) => all.set(bytes.subarray(row * length, (row + 1) * length), place * length));
  return all;
}

/** Memory of a module, from a start on. */
export class Arena {
  constructor(memory, start) {
    this.memory = memory;
    this.end = start;
  }

  /** Address of so many zero bytes. */
  allocate(bytes) {
    const address = Math.ceil(this.end / ALIGNMENT) * ALIGNMENT;
    const lacking = address + bytes - this.memory.buffer.byteLength;
    if (lacking > 0) {
      try {
        this.memory.grow(Math.ceil(lacking / PAGE_BYTES));
      } catch {
        throw new ModelError("memory", `${address + bytes} bytes do not fit into memory: simulate fewer patients`);
      }
    }
    this.end = address + bytes;
    return address;
  }

  /** Give back all memory from an address on. */
  release(address) {
    new Uint8Array(this.memory.buffer, address, this.end - address).fill(0);
    this.end = address;
  }

  /** An array of zeros. */
  array(dtype, ...shape) {
    const size = shape.reduce((product, length) => product * length, 1);
    return { dtype, shape, address: this.allocate(size * itemBytes(dtype)) };
  }

  /** An array with the given values. */
  filled(dtype, values) {
    const array = this.array(dtype, values.length);
    this.view(array).set(values);
    return array;
  }

  /** The values of an array, until memory grows; those of a structured one are bytes. */
  view(array) {
    const size = array.shape.reduce((product, length) => product * length, 1);
    const View = VIEWS[array.dtype];
    return View
      ? new View(this.memory.buffer, array.address, size)
      : new Uint8Array(this.memory.buffer, array.address, size * itemBytes(array.dtype));
  }

  /** A column of a structured array, copied. */
  column(array, name) {
    const field = fieldsOf(array.dtype).find((each) => each.name === name);
    if (!field) throw new ModelError("inputs", `an array has no field ${name}`);
    const bytes = itemBytes(array.dtype);
    const data = new DataView(this.memory.buffer, array.address, array.shape[0] * bytes);
    const column = new VIEWS[field.type](array.shape[0]);
    const read = { "<f8": "getFloat64", "<i8": "getBigInt64", "<i4": "getInt32" }[field.type];
    for (let i = 0; i < column.length; i++) column[i] = data[read](i * bytes + field.offset, true);
    return column;
  }

  /** Numbers, arrays and lists of them as the inputs hold them, or unpacked; arrays are put into memory. */
  decoded(value) {
    if (Array.isArray(value)) return value.map((item) => this.decoded(item));
    if (value === null || typeof value !== "object") return value;
    const array = this.array(value.dtype, ...value.shape);
    const bytes = value.bytes ?? arrayBytes(value);
    new Uint8Array(this.memory.buffer, array.address, bytes.length).set(bytes);
    return array;
  }
}

/** The entry points of a module: `call(name, ...arguments)`. */
export class Entries {
  constructor(exports, arena, inputs) {
    this.exports = exports;
    this.arena = arena;
    this.entries = inputs.entries;
    this.resultWords = inputs.result_words;
    for (const [name, { symbol }] of Object.entries(this.entries)) {
      if (!(symbol in exports)) throw new ModelError("module", `the module lacks ${name}: it is of other sources than the inputs`);
    }
  }

  /** Layout of an argument. */
  layout(name, place) {
    return this.entries[name].arguments[place];
  }

  call(name, ...values) {
    const { symbol, arguments: layouts, result } = this.entries[name];
    const words = new Array(this.resultWords).fill(0n);
    values.forEach((value, place) => words.push(...wordsOf(value, layouts[place], name)));
    const address = this.arena.allocate(8 * words.length);
    new BigInt64Array(this.arena.memory.buffer, address, words.length).set(words);
    const status = this.exports[symbol](address);
    if (!DONE.includes(status)) throw new ModelError("code", `${name} failed with status ${status}`);
    const data = new DataView(this.arena.memory.buffer, address, 8);
    return result === "float" ? data.getFloat64(0, true) : Number(data.getBigInt64(0, true));
  }
}

const scratch = new DataView(new ArrayBuffer(8));

function wordsOf(value, layout, name) {
  if (Array.isArray(layout)) {
    if (!Array.isArray(value) || value.length !== layout.length) throw new ModelError("inputs", `${name}: a tuple of ${layout.length} expected`);
    return value.flatMap((item, place) => wordsOf(item, layout[place], name));
  }
  if (typeof layout === "object") return wordsOfArray(value, layout, name);
  if (layout !== "float") return [BigInt(value)];
  scratch.setFloat64(0, value);
  return [scratch.getBigInt64(0)];
}

function wordsOfArray(value, layout, name) {
  if (value?.dtype !== layout.dtype || value.shape.length !== layout.ndim) {
    throw new ModelError("inputs", `${name}: an array of ${layout.ndim} dimensions of ${layout.dtype.slice(0, 40)} expected`);
  }
  const bytes = itemBytes(layout.dtype);
  const size = value.shape.reduce((product, length) => product * length, 1);
  const strides = value.shape.map((_, axis) => value.shape.slice(axis + 1).reduce((step, length) => step * length, bytes));
  return [0, 0, size, bytes, value.address, ...value.shape, ...strides].map(BigInt);
}
