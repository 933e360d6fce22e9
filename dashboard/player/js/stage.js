// The picture of a moment, and what stands in it.

const DAY_S = 86400;
const CHASE_S = 0.09;
const MOST_ZOOM = 2.4;

function makeStage(scene, canvas, texts) {
  const stage = {
    canvas, cursor: new Int32Array(scene.count), x: new Float32Array(scene.count), y: new Float32Array(scene.count),
    seen: new Uint8Array(scene.count), camera: { x: 0, y: 0, zoom: 1 }, inStore: [], waiting: [],
  };
  stage.resize = () => resize(stage, scene);
  stage.frame = (t, dt, view) => frame(stage, scene, texts, t, dt, view);
  stage.hit = (x, y) => hit(stage, scene, x, y);
  return stage;
}

function resize(stage, scene) {
  const { canvas } = stage;
  const width = Math.max(280, canvas.clientWidth);
  const height = Math.max(240, canvas.clientHeight);
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  stage.ratio = ratio;
  stage.look = readLook(canvas);
  stage.plan = layOut(scene, width, height);
  stage.motion = makeMotion(scene, stage.plan);
  stage.homes = homesPicture(scene, stage.plan, stage.look, ratio);
  stage.sprites = sprites(scene.codes.glyphs, stage.look, stage.plan.radius, ratio * 1.5);
  stage.camera = { x: width / 2, y: height / 2, zoom: 1 };
  stage.seen.fill(0);
}

// Move everybody to where they are at `t`; near what the eye saw before, unless `dt` is 0.
function moveAll(stage, scene, t, dt) {
  momentOf(scene, stage.cursor, t);
  const { lines, placeOf } = linesOf(scene, stage.cursor, t);
  const keep = dt > 0 ? Math.exp(-dt / CHASE_S) : 0;
  const drawn = [];
  stage.inStore = scene.stores.map(() => 0);
  stage.busy = new Map();
  for (let v = 0; v < scene.count; v++) {
    const found = stage.motion.at(v, stage.cursor, t, placeOf);
    if (!found) {
      stage.seen[v] = 0;
      continue;
    }
    const near = stage.seen[v] ? keep : 0;
    stage.x[v] = found[0] + (stage.x[v] - found[0]) * near;
    stage.y[v] = found[1] + (stage.y[v] - found[1]) * near;
    stage.seen[v] = 1;
    drawn.push([v, found[2], found[3]]);
    if (found[3] === "at") note(stage, scene, v, found[2], t);
  }
  stage.waiting = scene.stores.map((_, store) =>
    (lines.get(store * 16 + scene.SPOT.staffed_line)?.length ?? 0) + (lines.get(store * 16 + scene.SPOT.self_line)?.length ?? 0));
  stage.drawn = drawn;
}

function note(stage, scene, v, stay, t) {
  const store = scene.stays.store[stay];
  if (store >= scene.stores.length) return;
  stage.inStore[store]++;
  const spot = scene.stays.spot[stay];
  if (spot !== scene.SPOT.staffed_till && spot !== scene.SPOT.self_checkout) return;
  if (!stage.busy.has(store)) stage.busy.set(store, new Map());
  const unit = (spot === scene.SPOT.self_checkout ? 1000 : 0) + scene.stays.unit[stay];
  stage.busy.get(store).set(unit, unanswered(scene, v, t) ? "stalled" : "busy");
}

// Whether a payment of this visit is waiting for an answer that will not come.
function unanswered(scene, v, t) {
  const { marks, MARK } = scene;
  for (let m = scene.firstMark[v]; m < scene.firstMark[v + 1]; m++) {
    const kind = marks.kind[m];
    if (kind !== MARK.timed_out_captured && kind !== MARK.timed_out_no_effect) continue;
    if (t > marks.t[m] - marks.asked_s[m] && t <= marks.t[m]) return true;
  }
  return false;
}

function frame(stage, scene, texts, t, dt, view) {
  moveAll(stage, scene, t, dt);
  const { canvas, plan, look, ratio } = stage;
  const pen = canvas.getContext("2d");
  aim(stage, scene, view, dt);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.fillStyle = look.ground;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const { camera } = stage;
  const zoom = camera.zoom * ratio;
  pen.setTransform(zoom, 0, 0, zoom, ratio * (plan.width / 2 - camera.x * camera.zoom), ratio * (plan.height / 2 - camera.y * camera.zoom));
  pen.drawImage(stage.homes, 0, 0, plan.width, plan.height);
  const hour = Math.floor((t % DAY_S) / 3600);
  paintParcels(pen, look, scene, stage.motion, plan, t);
  paintShoppers(pen, stage, scene, view, "going");
  for (const box of plan.boxes) {
    const manned = box.roster[hour];
    paintBox(pen, look, box, manned > 0 || stage.inStore[box.index] > 0);
    if (!box.mini) paintTills(pen, look, box, manned, stage.busy.get(box.index) ?? new Map());
    paintSign(pen, look, plan, box, signOf(stage, scene, texts, box, t));
  }
  paintCards(pen, look, plan, cardsOf(scene, texts, t));
  paintShoppers(pen, stage, scene, view, "at");
  paintFollowed(pen, stage, scene);
  paintLights(pen, stage, scene, t, view);
}

function aim(stage, scene, view, dt) {
  const { plan, camera } = stage;
  let goal = { x: plan.width / 2, y: plan.height / 2, zoom: 1 };
  const followed = stage.drawn.find(([v]) => scene.visits.shopper[v] === view.shopper);
  stage.followed = followed ? followed[0] : -1;
  const box = plan.boxes.find((b) => b.index === view.store);
  if (followed) goal = { x: stage.x[followed[0]], y: stage.y[followed[0]], zoom: plan.narrow ? 1.7 : 1.9 };
  else if (box) goal = { x: box.cx, y: box.cy, zoom: Math.min(MOST_ZOOM, (0.9 * plan.width) / box.width) };
  const keep = dt > 0 && !view.still ? Math.exp(-dt / 0.35) : 0;
  for (const key of ["x", "y", "zoom"]) camera[key] = goal[key] + (camera[key] - goal[key]) * keep;
  const halfX = plan.width / 2 / camera.zoom;
  const halfY = plan.height / 2 / camera.zoom;
  camera.x = Math.max(halfX, Math.min(plan.width - halfX, camera.x));
  camera.y = Math.max(halfY, Math.min(plan.height - halfY, camera.y));
}

// Those on their way are drawn under the stores, those inside above them.
function paintShoppers(pen, stage, scene, view, which) {
  const { sprites: pictures } = stage;
  pen.globalAlpha = view.shopper == null ? 1 : 0.45;
  for (const [v, stay, doing] of stage.drawn) {
    if (doing !== which) continue;
    const { picture, half } = pictures[scene.stays.glyph[stay]];
    pen.drawImage(picture, stage.x[v] - half, stage.y[v] - half, 2 * half, 2 * half);
  }
  pen.globalAlpha = 1;
}

function paintFollowed(pen, stage, scene) {
  const { sprites: pictures } = stage;
  if (stage.followed < 0) return;
  const v = stage.followed;
  const { picture, half } = pictures[scene.stays.glyph[stage.drawn.find(([w]) => w === v)[1]]];
  pen.drawImage(picture, stage.x[v] - half * 1.5, stage.y[v] - half * 1.5, 3 * half, 3 * half);
  pen.strokeStyle = stage.look.ink;
  pen.lineWidth = 1.6;
  pen.beginPath();
  pen.arc(stage.x[v], stage.y[v], stage.plan.radius * 2.9, 0, 7);
  pen.stroke();
}

function paintLights(pen, stage, scene, t, view) {
  const { look, plan, motion } = stage;
  for (const [mark, spent] of lately(scene, t, view.life)) {
    const name = scene.codes.marks[scene.marks.kind[mark]];
    const kind = LIT[name];
    if (!kind) continue;
    const v = scene.visitOf[mark];
    const at = motion.marked(v, scene.marks.t[mark]);
    const [x, y] = at ?? (stage.seen[v] ? [stage.x[v], stage.y[v]] : motion.home(v));
    const lost = kind === "cross" || kind === "fail";
    const channel = scene.codes.channels[scene.marks.channel[mark]] ?? "app";
    const colour = lost ? look.lost : kind === "talk" || kind === "back" ? look.soft : name === "delivered" ? look.ec : look[channel];
    if (kind === "fail") paintUnanswered(pen, look, plan.cards.payments, x, y, spent);
    paintLight(pen, look, kind, x, y, spent, plan.radius, colour);
  }
}

function signOf(stage, scene, texts, box, t) {
  const inside = stage.inStore[box.index];
  const waiting = stage.waiting[box.index];
  const held = ["ready", "collected", "no_show"].map((kind) => scene.sofar(`${kind} ${box.index}`, "marks", 0, t));
  const parcels = held[0] - held[1] - held[2];
  const text = fill(stage.plan.narrow ? texts.sign_short : texts.sign, { n: inside, waiting });
  return { text, inside: String(inside), long: waiting >= 10, parcels: parcels > 0 ? `${parcels}` : "" };
}

function cardsOf(scene, texts, t) {
  const day = Math.floor(t / DAY_S) * DAY_S;
  const since = (key, what = "marks") => scene.sofar(key, what, day, t);
  const lastly = (key) => scene.sofar(key, "marks", t - 300, t);
  const failed = lastly("timed_out_captured") + lastly("timed_out_no_effect");
  const asked = failed + lastly("declined") + scene.codes.channels.reduce((sum, c) => sum + lastly(`captured ${c}`), 0);
  const alarm = asked > 5 && failed / asked > 0.03;
  const share = Math.round((100 * failed) / Math.max(asked, 1));
  const bars = Array.from({ length: 24 }, (_, i) => {
    const [from, to] = [t - 300 * (24 - i), t - 300 * (23 - i) - 1];
    const bad = scene.sofar("timed_out_captured", "marks", from, to) + scene.sofar("timed_out_no_effect", "marks", from, to);
    return [bad, scene.codes.channels.reduce((sum, c) => sum + scene.sofar(`captured ${c}`, "marks", from, to), bad)];
  });
  const onTheWay = scene.sofar("shipped", "marks", 0, t) - scene.sofar("delivered", "marks", 0, t);
  return {
    warehouse: { title: texts.warehouse, text: fill(texts.on_the_way, { n: number(onTheWay) }) },
    online: { title: texts.online, text: fill(texts.orders_today, { n: number(since("order_placed")) }) },
    payments: { title: texts.provider, text: alarm ? fill(texts.no_answer, { share }) : fill(texts.answers, { n: number(asked) }), alarm, bars },
    rival: { title: texts.rivals, text: fill(texts.went_there, { n: number(scene.sofar("to_rival", "marks", day, t)) }) },
  };
}

function hit(stage, scene, clientX, clientY) {
  const { plan, camera, canvas } = stage;
  const area = canvas.getBoundingClientRect();
  const x = (clientX - area.left - plan.width / 2) / camera.zoom + camera.x;
  const y = (clientY - area.top - plan.height / 2) / camera.zoom + camera.y;
  let best = null;
  let nearest = 11 / camera.zoom;
  for (const [v] of stage.drawn) {
    const distance = Math.hypot(stage.x[v] - x, stage.y[v] - y);
    if (distance < nearest) [best, nearest] = [v, distance];
  }
  if (best !== null) return { shopper: scene.visits.shopper[best] };
  const box = plan.boxes.find((b) => x > b.x && x < b.x + b.width && y > b.y && y < b.y + b.height);
  return box ? { store: box.index } : null;
}
