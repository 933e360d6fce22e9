// The day's traffic under the clock: what was bought where, ten minutes at a time, and what went wrong when.

const BIN_S = 600;

function binsOf(scene, day) {
  const start = day * DAY_S;
  const bins = { store: [], app: [], ec: [] };
  for (let i = 0; i < DAY_S / BIN_S; i++) {
    const from = start + i * BIN_S;
    const came = (key) => scene.sofar(key, "marks", from, from + BIN_S - 1);
    bins.store.push(came("captured store"));
    bins.app.push(came("captured app"));
    bins.ec.push(came("captured ec"));
  }
  return bins;
}

function paintStrip(canvas, scene, day, texts) {
  const look = readLook(canvas);
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const bins = binsOf(scene, day);
  const count = bins.store.length;
  const top = Math.max(1, ...bins.store.map((_, i) => bins.store[i] + bins.app[i] + bins.ec[i]));
  const base = height - 15;
  paintHappenings(pen, look, scene, day, texts, width, base);
  for (let i = 0; i < count; i++) {
    let y = base;
    for (const channel of ["store", "app", "ec"]) {
      const tall = (bins[channel][i] / top) * (base - 14);
      pen.fillStyle = look[channel];
      pen.fillRect((i * width) / count + 0.4, y - tall, width / count - 0.8, tall);
      y -= tall;
    }
  }
  const every = width < 500 ? 6 : width < 900 ? 3 : 2;
  for (let hour = every; hour < 24; hour += every) {
    write(pen, look, String(hour), (hour / 24) * width, height - 3, { size: 10.5, colour: look.soft, align: "center" });
  }
  pen.fillStyle = look.line;
  pen.fillRect(0, base, width, 1);
}

function paintHappenings(pen, look, scene, day, texts, width, base) {
  const at = (t) => Math.max(0, Math.min(1, (t - day * DAY_S) / DAY_S)) * width;
  for (const found of scene.happenings) {
    const [left, right] = [at(found.from_s), at(found.to_s)];
    if (right - left < 1) continue;
    const name = texts[`event_${found.kind}`] ?? found.kind;
    const bad = found.kind.endsWith("outage");
    if (bad) hatch(pen, look.lost, left, right, base);
    const label = found.brands.length ? `${name}: ${found.brands.map((b) => texts[`brand_${b}`] ?? b).join(", ")}` : name;
    const wide = written(pen, look, label, { size: 10.5, bold: bad });
    const x = Math.max(0, Math.min(left + 3, width - wide));
    write(pen, look, label, x, 9, { size: 10.5, bold: bad, colour: bad ? look.alarm : look.soft });
  }
}

function hatch(pen, colour, left, right, base) {
  pen.save();
  pen.beginPath();
  pen.rect(left, 13, right - left, base - 13);
  pen.clip();
  pen.globalAlpha = 0.14;
  pen.fillStyle = pen.strokeStyle = colour;
  pen.fillRect(left, 0, right - left, base);
  pen.globalAlpha = 0.5;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = left - base; x < right; x += 7) {
    pen.moveTo(x, base);
    pen.lineTo(x + base, 0);
  }
  pen.stroke();
  pen.restore();
}
