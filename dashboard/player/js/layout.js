// Where everything stands: the town stretched over the canvas, stores pushed apart so that each has room for its plan.

const FLOOR_TOP = 0.15;
const ROUNDS = 200;

function layOut(scene, width, height) {
  const strip = width < 640 ? 60 : 68;
  const gap = width < 640 ? 5 : 12;
  const edge = width < 640 ? 6 : 14;
  const town = { x: edge, y: strip + 2 * edge, width: width - 2 * edge, height: height - strip - 3 * edge };
  const names = ["warehouse", "online", "payments", "rival"];
  const cardWidth = (width - 2 * edge - 3 * gap) / 4;
  const cards = {};
  names.forEach((name, i) => {
    cards[name] = { x: edge + i * (cardWidth + gap), y: edge, width: cardWidth, height: strip };
  });
  const place = projection(scene, town);
  const boxes = storeBoxes(scene, town, place);
  return { width, height, narrow: width < 640, town, cards, place, boxes, radius: dotRadius(boxes) };
}

function dotRadius(boxes) {
  const size = boxes.length ? boxes[0].width : 200;
  return Math.max(2, Math.min(3.6, size / 62));
}

// Kilometres to pixels: east is right, north is up, the two axes stretched independently.
function projection(scene, town) {
  const span = (values, own) => {
    const sorted = Float32Array.from(values, (v) => v / 100).sort();
    const at = (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    const low = Math.min(at(0.01), ...own) - 0.1;
    const high = Math.max(at(0.99), ...own) + 0.1;
    return [low, Math.max(high - low, 0.5)];
  };
  const [left, across] = span(scene.homes.x, scene.stores.map((s) => s.x));
  const [bottom, upward] = span(scene.homes.y, scene.stores.map((s) => s.y));
  return (x, y) => [
    town.x + Math.max(0, Math.min(1, (x - left) / across)) * town.width,
    town.y + Math.max(0, Math.min(1, 1 - (y - bottom) / upward)) * town.height,
  ];
}

// Plans as big as the town has room for without one covering another.
function storeBoxes(scene, town, place) {
  const open = scene.stores.map((store, index) => ({ ...store, index })).filter((s) => s.opens_day <= scene.last_day);
  for (let share = 0.5; ; share *= 0.88) {
    const boxes = settled(open, town, place, share);
    if (share < 0.05 || !boxes.some((a, i) => boxes.some((b, j) => j > i && touch(a, b)))) return boxes;
  }
}

function touch(a, b) {
  return Math.abs(a.cx - b.cx) < (a.width + b.width) / 2 + 3 && Math.abs(a.cy - b.cy) < (a.height + b.height) / 2 + 3;
}

function settled(open, town, place, share) {
  const area = (share * town.width * town.height) / Math.max(1, open.length);
  const width = Math.max(24, Math.min(town.width / 2 - 6, 264, Math.sqrt(area / 0.66)));
  const boxes = open.map((store) => {
    const [pinX, pinY] = place(store.x, store.y);
    return { ...store, pinX, pinY, width, height: width * 0.66, cx: pinX, cy: pinY, mini: width < 90 };
  });
  for (let round = 0; round < ROUNDS * 1.5; round++) settle(boxes, town, round);
  for (const box of boxes) {
    box.x = box.cx - box.width / 2;
    box.y = box.cy - box.height / 2;
  }
  return boxes;
}

// One step: boxes that touch move apart, all are drawn to where their store stands, none leaves the town.
function settle(boxes, town, round) {
  const pull = 0.06 * Math.max(0, 1 - round / ROUNDS);
  for (const a of boxes) {
    a.cx += (a.pinX - a.cx) * pull;
    a.cy += (a.pinY - a.cy) * pull;
  }
  for (let i = 0; i < boxes.length; i++) {
    for (let j = i + 1; j < boxes.length; j++) part(boxes[i], boxes[j]);
  }
  for (const a of boxes) {
    a.cx = Math.max(town.x + a.width / 2, Math.min(town.x + town.width - a.width / 2, a.cx));
    a.cy = Math.max(town.y + a.height / 2, Math.min(town.y + town.height - a.height / 2, a.cy));
  }
}

function part(a, b) {
  const margin = Math.min(18, a.width * 0.12);
  const overX = (a.width + b.width) / 2 + margin - Math.abs(a.cx - b.cx);
  const overY = (a.height + b.height) / 2 + margin - Math.abs(a.cy - b.cy);
  if (overX <= 0 || overY <= 0) return;
  if (overX < overY) {
    const side = (a.cx - b.cx || a.index - b.index) > 0 ? 1 : -1;
    a.cx += (side * overX) / 2;
    b.cx -= (side * overX) / 2;
  } else {
    const side = (a.cy - b.cy || a.index - b.index) > 0 ? 1 : -1;
    a.cy += (side * overY) / 2;
    b.cy -= (side * overY) / 2;
  }
}

// The plan inside a store, in shares of its box.
const PLAN = {
  shelves: { x: 0.05, y: FLOOR_TOP + 0.03, width: 0.72, height: 0.4 },
  pickup: { x: 0.81, y: FLOOR_TOP + 0.03, width: 0.15, height: 0.4 },
  queue: { x: 0.05, y: 0.62, width: 0.9, height: 0.17 },
  tills: { y: 0.83, height: 0.1 },
};

function tillRow(box) {
  const units = box.tills + box.checkouts;
  const across = box.width * 0.9;
  const step = Math.min(across / Math.max(units, 1), 26);
  return { left: box.x + box.width * 0.05, step, right: box.x + box.width * 0.95 };
}

function tillAt(box, unit, own) {
  const row = tillRow(box);
  const y = box.y + box.height * (PLAN.tills.y + PLAN.tills.height / 2);
  if (own) return [row.right - row.step * (Math.min(unit, box.checkouts - 1) + 0.5), y];
  return [row.left + row.step * (Math.min(unit, box.tills - 1) + 0.5), y];
}

// Places in a queue: rows that fold back, from the tills up into the shelves when it grows long.
function queueAt(box, place, own, gap) {
  const bottom = box.y + box.height * 0.79 - gap / 2;
  const whole = box.width * 0.9;
  const share = box.checkouts ? box.tills / (box.tills + box.checkouts) : 1;
  const staffed = Math.max(0.45, Math.min(0.8, share));
  const width = box.checkouts ? whole * (own ? 1 - staffed - 0.04 : staffed) : whole;
  const perRow = Math.max(2, Math.floor(width / gap));
  const row = Math.floor(place / perRow);
  const inRow = place % perRow;
  const along = (row % 2 ? perRow - 1 - inRow : inRow) * gap + gap / 2;
  const x = own ? box.x + box.width * 0.95 - along : box.x + box.width * 0.05 + along;
  return [x, bottom - row * gap];
}

// Somewhere between the shelves: a new place every so often, the same ones each time the day is shown.
function browseAt(box, visit, since, t) {
  const pace = 75 + 90 * hash(visit, 7);
  const walked = (t - since) / pace;
  const leg = Math.floor(walked);
  const part = Math.min(1, (walked - leg) * 3);
  const [x0, y0] = shelfSpot(box, visit, leg);
  const [x1, y1] = shelfSpot(box, visit, leg + 1);
  return [x0 + (x1 - x0) * part, y0 + (y1 - y0) * part];
}

const AISLES = 4;

function shelfSpot(box, visit, leg) {
  const area = PLAN.shelves;
  const aisle = Math.floor(hash(visit, 11 + leg) * AISLES);
  const x = area.x + ((aisle + 0.5 + 0.5 * (hash(visit, 31 + leg) - 0.5)) / AISLES) * area.width;
  const y = area.y + hash(visit, 53 + leg) * area.height;
  return [box.x + x * box.width, box.y + y * box.height];
}

function counterAt(box, unit) {
  const area = PLAN.pickup;
  return [
    box.x + box.width * (area.x - 0.03 + 0.01 * (unit % 2)),
    box.y + box.height * (area.y + area.height * Math.min(0.95, 0.12 + 0.2 * unit)),
  ];
}

function inCard(card, seed) {
  return [card.x + card.width * (0.12 + 0.76 * hash(seed, 3)), card.y + card.height * (0.62 + 0.26 * hash(seed, 5))];
}
