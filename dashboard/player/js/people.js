// What moves: shoppers, parcels, and what lights up where something happens.

const SHAPES = {
  store: (pen, x, y, r) => pen.arc(x, y, r, 0, 7),
  app: (pen, x, y, r) => polygon(pen, x, y, [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]], r),
  ec: (pen, x, y, r) => pen.rect(x - r * 0.92, y - r * 0.92, r * 1.84, r * 1.84),
  collect: (pen, x, y, r) => polygon(pen, x, y, [[0, -1.25], [1.2, 0.95], [-1.2, 0.95]], r),
  rival: (pen, x, y, r) => polygon(pen, x, y, [[-1, -1], [0, -0.35], [1, -1], [0.35, 0], [1, 1], [0, 0.35], [-1, 1], [-0.35, 0]], r * 1.15),
};

function polygon(pen, x, y, corners, r) {
  corners.forEach(([dx, dy], i) => (i ? pen.lineTo(x + dx * r, y + dy * r) : pen.moveTo(x + dx * r, y + dy * r)));
  pen.closePath();
}

// One small picture for each kind of shopper, in all sizes that are drawn.
function sprites(glyphs, look, radius, scale) {
  return glyphs.map((glyph) => {
    const size = Math.ceil(radius * 4 * scale);
    const picture = document.createElement("canvas");
    picture.width = picture.height = size;
    const pen = picture.getContext("2d");
    pen.scale(scale, scale);
    const middle = size / scale / 2;
    pen.beginPath();
    SHAPES[glyph](pen, middle, middle, radius);
    pen.fillStyle = look[glyph];
    pen.fill();
    pen.lineWidth = 0.8;
    pen.strokeStyle = look.panel;
    pen.stroke();
    return { picture, half: middle };
  });
}

const LIT = {
  captured: "ring", scan: "scan", declined: "fail", timed_out_no_effect: "fail", timed_out_captured: "fail",
  lost_sale: "cross", balk: "cross", renege: "cross", turned_away: "cross", order_placed: "ring", collected: "ring",
  delivered: "ring", look_up: "phone", researched: "phone", thinking: "phone", reminded: "phone", pushed: "phone",
  staff_contact: "talk", returned: "back",
};

// The marks since `life` seconds ago, each with how much of its light is spent.
function* lately(scene, t, life) {
  const last = above(scene.ordered, t);
  for (let i = above(scene.ordered, t - life); i < last; i++) {
    const mark = scene.order[i];
    yield [mark, (t - scene.marks.t[mark]) / life];
  }
}

function paintLight(pen, look, kind, x, y, spent, radius, colour) {
  pen.globalAlpha = Math.max(0, 1 - spent);
  pen.lineWidth = 1.6;
  pen.strokeStyle = pen.fillStyle = colour;
  const r = radius * (1.4 + 2.6 * spent);
  pen.beginPath();
  if (kind === "ring") {
    pen.arc(x, y, r, 0, 7);
    pen.stroke();
  } else if (kind === "scan") {
    const d = radius * 2.1;
    for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
      pen.moveTo(x + sx * d, y + sy * d * 0.45);
      pen.lineTo(x + sx * d, y + sy * d);
      pen.lineTo(x + sx * d * 0.45, y + sy * d);
    }
    const beam = y + d * (1 - 2 * Math.abs(((spent * 2) % 2) - 1));
    pen.moveTo(x - d, beam);
    pen.lineTo(x + d, beam);
    pen.stroke();
  } else if (kind === "cross" || kind === "fail") {
    const d = radius * (kind === "fail" ? 1.7 : 1.4);
    const up = kind === "fail" ? 0 : radius * 4 * spent;
    pen.lineWidth = 2;
    pen.moveTo(x - d, y - d - up);
    pen.lineTo(x + d, y + d - up);
    pen.moveTo(x + d, y - d - up);
    pen.lineTo(x - d, y + d - up);
    pen.stroke();
  } else if (kind === "phone") {
    pen.roundRect(x - radius * 0.8, y - radius * 1.4, radius * 1.6, radius * 2.8, 1.2);
    pen.stroke();
  } else {
    pen.arc(x + radius * 1.6, y - radius * 1.6, radius * 0.7, 0, 7);
    if (kind === "talk") pen.fill();
    else pen.stroke();
  }
  pen.globalAlpha = 1;
}

// A line from a till to the provider that did not answer it.
function paintUnanswered(pen, look, card, x, y, spent) {
  pen.globalAlpha = 0.55 * (1 - spent);
  pen.strokeStyle = look.lost;
  pen.lineWidth = 1;
  pen.setLineDash([3, 5]);
  pen.beginPath();
  pen.moveTo(x, y);
  pen.quadraticCurveTo((x + card.x + card.width / 2) / 2, y - 40, card.x + card.width / 2, card.y + card.height);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

const PARCEL_S = { least: 900, more: 3300 };

// Parcels on their last way: each leaves some time before the log says that it came.
function paintParcels(pen, look, scene, motion, plan, t) {
  pen.strokeStyle = look.ec;
  pen.fillStyle = look.panel;
  pen.lineWidth = 1.3;
  const last = above(scene.ordered, t + PARCEL_S.least + PARCEL_S.more);
  const r = plan.radius * 0.95;
  for (let i = above(scene.ordered, t); i < last; i++) {
    const mark = scene.order[i];
    if (scene.marks.kind[mark] !== scene.MARK.delivered) continue;
    const way = PARCEL_S.least + PARCEL_S.more * hash(mark, 23);
    const left = scene.marks.t[mark] - t;
    if (left > way) continue;
    const box = motion.boxOf.get(scene.marks.store[mark]);
    const card = plan.cards.warehouse;
    const from = box ? [box.cx, box.y + box.height] : [card.x + card.width / 2, card.y + card.height];
    const to = motion.home(scene.visitOf[mark]);
    const share = 1 - left / way;
    const x = from[0] + (to[0] - from[0]) * share;
    const y = from[1] + (to[1] - from[1]) * share;
    pen.beginPath();
    pen.rect(x - r, y - r, 2 * r, 2 * r);
    pen.moveTo(x, y - r);
    pen.lineTo(x, y + r);
    pen.fill();
    pen.stroke();
  }
}
