// What does not move: homes, places, plans of the stores, what stands on their signs.

function readLook(element) {
  const style = getComputedStyle(element);
  const names = ["ink", "soft", "line", "panel", "ground", "home", "shelf", "store", "app", "ec", "rival", "lost", "alarm"];
  const look = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  look.collect = look.ec;
  look.font = style.fontFamily;
  return look;
}

// The homes as a picture, drawn once: a town of points.
function homesPicture(scene, plan, look, ratio) {
  const picture = document.createElement("canvas");
  picture.width = plan.width * ratio;
  picture.height = plan.height * ratio;
  const pen = picture.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = look.home;
  const size = plan.narrow ? 1.1 : 1.5;
  for (let i = 0; i < scene.homes.x.length; i++) {
    const [x, y] = plan.place(scene.homes.x[i] / 100, scene.homes.y[i] / 100);
    pen.globalAlpha = 0.35 + 0.65 * hash(i, 3);
    pen.fillRect(x - size / 2, y - size / 2, size, size);
  }
  return picture;
}

function rounded(pen, area, radius) {
  pen.beginPath();
  pen.roundRect(area.x, area.y, area.width, area.height, radius);
}

function write(pen, look, text, x, y, { size = 12, bold = false, colour = look.ink, align = "left", room = 1e9 } = {}) {
  pen.font = `${bold ? 600 : 400} ${size}px ${look.font}`;
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.textBaseline = "alphabetic";
  pen.fillText(text, x, y, room);
}

function written(pen, look, text, { size, bold }) {
  pen.font = `${bold ? 600 : 400} ${size}px ${look.font}`;
  return pen.measureText(text).width;
}

// The four places above the town, which are not on its map.
function paintCards(pen, look, plan, says) {
  const size = plan.narrow ? 10 : 12.5;
  for (const [name, card] of Object.entries(plan.cards)) {
    const said = says[name];
    rounded(pen, card, 8);
    pen.fillStyle = look.panel;
    pen.fill();
    pen.lineWidth = said.alarm ? 2 : 1;
    pen.strokeStyle = said.alarm ? look.lost : look.line;
    pen.setLineDash(said.alarm ? [6, 4] : []);
    pen.stroke();
    pen.setLineDash([]);
    const inset = plan.narrow ? 6 : 34;
    if (!plan.narrow) icon(pen, look, name, card.x + 18, card.y + 21);
    const room = card.width - inset - 5;
    write(pen, look, said.title, card.x + inset, card.y + 17, { size, bold: true, room });
    const colour = said.alarm ? look.alarm : look.soft;
    write(pen, look, said.text, card.x + inset, card.y + 33, { size: size - 0.5, colour, room, bold: said.alarm });
    if (said.bars) paintAnswers(pen, look, card, said.bars, inset);
  }
}

// The last two hours of the provider, five minutes a bar: what it answered, and on top what it did not.
function paintAnswers(pen, look, card, bars, inset) {
  const top = Math.max(10, ...bars.map(([, all]) => all));
  const room = card.height - 42;
  const step = (card.width - 2 * inset) / bars.length;
  bars.forEach(([bad, all], i) => {
    const x = card.x + inset + i * step;
    const base = card.y + card.height - 5;
    const tall = (all / top) * room;
    const failed = (bad / top) * room;
    pen.fillStyle = look.soft;
    pen.globalAlpha = 0.55;
    pen.fillRect(x, base - tall + failed, step * 0.7, tall - failed);
    pen.globalAlpha = 1;
    pen.fillStyle = look.lost;
    pen.fillRect(x, base - tall, step * 0.7, failed);
  });
}

function icon(pen, look, name, x, y) {
  const colour = { warehouse: look.ec, online: look.ec, payments: look.soft, rival: look.rival }[name];
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1.8;
  pen.lineJoin = "round";
  pen.beginPath();
  if (name === "warehouse") {
    pen.moveTo(x - 9, y + 8);
    pen.lineTo(x - 9, y - 3);
    pen.lineTo(x, y - 9);
    pen.lineTo(x + 9, y - 3);
    pen.lineTo(x + 9, y + 8);
    pen.closePath();
    pen.rect(x - 4, y + 1, 8, 7);
  } else if (name === "online") {
    pen.roundRect(x - 6, y - 10, 12, 19, 2.5);
    pen.moveTo(x - 1.5, y + 5.5);
    pen.lineTo(x + 1.5, y + 5.5);
  } else if (name === "payments") {
    pen.roundRect(x - 10, y - 7, 20, 14, 2.5);
    pen.moveTo(x - 10, y - 2.5);
    pen.lineTo(x + 10, y - 2.5);
  } else {
    pen.moveTo(x - 9, y - 3);
    pen.lineTo(x - 7, y - 8);
    pen.lineTo(x + 7, y - 8);
    pen.lineTo(x + 9, y - 3);
    pen.closePath();
    pen.rect(x - 7, y - 3, 14, 11);
  }
  pen.stroke();
}

function paintBox(pen, look, box, open) {
  const anchored = box.pinX > box.x && box.pinX < box.x + box.width && box.pinY > box.y && box.pinY < box.y + box.height;
  if (!anchored) {
    pen.strokeStyle = look.soft;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(box.pinX, box.pinY);
    pen.lineTo(box.cx, box.cy);
    pen.stroke();
    pen.beginPath();
    pen.arc(box.pinX, box.pinY, 3, 0, 7);
    pen.fillStyle = look.soft;
    pen.fill();
  }
  rounded(pen, box, box.mini ? 4 : 9);
  pen.fillStyle = look.panel;
  pen.globalAlpha = 0.94;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = open ? look.store : look.line;
  pen.lineWidth = 1.2;
  pen.stroke();
  if (!box.mini) paintPlan(pen, look, box);
}

// Shelves, the counter for orders, and the door.
function paintPlan(pen, look, box) {
  const { shelves, pickup } = PLAN;
  pen.fillStyle = look.shelf;
  const step = (shelves.width * box.width) / AISLES;
  for (let i = 0; i <= AISLES; i++) {
    const x = box.x + shelves.x * box.width + i * step - 2;
    pen.fillRect(x, box.y + shelves.y * box.height, 3.4, shelves.height * box.height);
  }
  rounded(pen, {
    x: box.x + (pickup.x + 0.04) * box.width, y: box.y + pickup.y * box.height,
    width: (pickup.width - 0.04) * box.width, height: pickup.height * box.height,
  }, 3);
  pen.fill();
  pen.clearRect(box.x + box.width * 0.44, box.y + box.height - 1.5, box.width * 0.12, 3);
  pen.fillStyle = look.panel;
  pen.fillRect(box.x + box.width * 0.44, box.y + box.height - 1.5, box.width * 0.12, 3);
}

// Tills: outlined when nobody is there, full at work, crossed out while the provider does not answer.
function paintTills(pen, look, box, manned, busy) {
  const size = Math.min(tillRow(box).step * 0.62, box.height * PLAN.tills.height);
  const draw = (unit, own, idle) => {
    const [x, y] = tillAt(box, unit, own);
    const state = busy.get((own ? 1000 : 0) + unit);
    const width = own ? size * 0.55 : size;
    pen.globalAlpha = idle ? 0.3 : 1;
    rounded(pen, { x: x - width / 2, y: y + size * 0.34, width, height: size * (own ? 0.55 : 0.42) }, own ? size * 0.27 : 1.5);
    pen.lineWidth = 1.1;
    pen.strokeStyle = pen.fillStyle = state === "stalled" ? look.lost : look.store;
    if (state) pen.fill();
    pen.stroke();
    if (state === "stalled") {
      write(pen, look, "!", x, y + size * 0.3 - box.height * 0.055, { size: size * 0.95, bold: true, colour: look.lost, align: "center" });
    }
    pen.globalAlpha = 1;
  };
  for (let unit = 0; unit < box.tills; unit++) draw(unit, false, unit >= manned && !busy.has(unit));
  for (let unit = 0; unit < box.checkouts; unit++) draw(unit, true, false);
}

function paintSign(pen, look, plan, box, said) {
  const size = plan.narrow ? 10.5 : 12.5;
  if (box.mini) {
    write(pen, look, said.inside, box.cx, box.y + box.height * 0.4, { size: 9, bold: true, align: "center" });
    return;
  }
  const y = box.y + box.height * FLOOR_TOP - 3;
  write(pen, look, box.name, box.x + 8, y, { size, bold: true, room: box.width * 0.45 });
  const colour = said.long ? look.alarm : look.soft;
  write(pen, look, said.text, box.x + box.width - 8, y, { size: size - 1, align: "right", colour, bold: said.long, room: box.width * 0.52 });
  if (said.parcels) {
    const { pickup } = PLAN;
    const x = box.x + (pickup.x + 0.095) * box.width;
    write(pen, look, said.parcels, x, box.y + (pickup.y + pickup.height / 2) * box.height + 4, { size: size - 1, bold: true, align: "center" });
  }
}
