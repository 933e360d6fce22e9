// The columns that the page carries, and what can be looked up in them.

const TYPES = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array, i4: Int32Array };
const NOWHERE = 255;

async function inflate(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

async function readColumns(layout, base64) {
  const buffer = await inflate(base64);
  const groups = {};
  let offset = 0;
  for (const [group, name, kind, length, differences] of layout) {
    const Type = TYPES[kind];
    let column = new Type(buffer, offset, length);
    offset += length * Type.BYTES_PER_ELEMENT;
    if (differences) {
      const sums = new Int32Array(length);
      let sum = 0;
      for (let i = 0; i < length; i++) sums[i] = sum += column[i];
      column = sums;
    }
    (groups[group] ??= {})[name] = column;
  }
  return groups;
}

function firstOf(counts) {
  const first = new Int32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) first[i + 1] = first[i] + counts[i];
  return first;
}

// Index of the first element of `sorted` that is above `value`.
function above(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

// A running sum that can be asked for at any second.
function tally(times, values) {
  const sums = new Float64Array(times.length + 1);
  for (let i = 0; i < times.length; i++) sums[i + 1] = sums[i] + values[i];
  return { between: (from, to) => sums[above(times, to)] - sums[above(times, from - 1)] };
}

const BY_STORE = new Set(["ready", "collected", "no_show"]);

// What happened so far, by kind of mark: marks, lines and yen, each since any second.
function tallies({ marks, stays }, order, codes) {
  const groups = new Map();
  const put = (key, i) => (groups.has(key) ? groups.get(key).push(i) : groups.set(key, [i]));
  for (const i of order) {
    const kind = codes.marks[marks.kind[i]];
    if (BY_STORE.has(kind)) put(`${kind} ${marks.store[i]}`, i);
    put(kind === "captured" ? `captured ${codes.channels[marks.channel[i]]}` : kind, i);
  }
  const found = { to_rival: { marks: arrivals(stays, codes.spots.indexOf("rival")) } };
  for (const [key, rows] of groups) {
    const times = Int32Array.from(rows, (i) => marks.t[i]);
    found[key] = {
      marks: tally(times, rows.map(() => 1)),
      lines: tally(times, rows.map((i) => marks.lines[i])),
      yen: tally(times, rows.map((i) => marks.yen[i])),
    };
  }
  return (key, what, from, to) => (found[key] ? found[key][what].between(from, to) : 0);
}

function arrivals(stays, spot) {
  const times = stays.t.filter((_, i) => stays.spot[i] === spot).sort();
  return tally(times, times.map(() => 1));
}

async function readScene(head, base64) {
  const { visits, stays, marks, homes } = await readColumns(head.layout, base64);
  const order = Uint32Array.from(marks.t.keys()).sort((a, b) => marks.t[a] - marks.t[b] || a - b);
  const visitOf = new Uint32Array(marks.t.length);
  const firstMark = firstOf(visits.marks);
  for (let v = 0; v < visits.marks.length; v++) visitOf.fill(v, firstMark[v], firstMark[v + 1]);
  const named = (store) => ({ ...store, name: store.id[0].toUpperCase() + store.id.slice(1).replaceAll("_", " ") });
  const code = (list) => Object.fromEntries(list.map((name, index) => [name, index]));
  return {
    ...head, stores: head.stores.map(named), visits, stays, marks, homes, order, visitOf, firstMark,
    count: visits.shopper.length,
    firstStay: firstOf(visits.stays),
    ordered: Int32Array.from(order, (i) => marks.t[i]),
    SPOT: code(head.codes.spots), MARK: code(head.codes.marks), GLYPH: code(head.codes.glyphs),
    sofar: tallies({ marks, stays }, order, head.codes),
  };
}

// A small integer hash: what looks random in the picture, and is the same each time.
function hash(a, b) {
  let h = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return ((h ^ (h >>> 13)) >>> 0) / 4294967296;
}
