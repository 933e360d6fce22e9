// Where each visit is at a moment: a function of the moment alone, so that any second can be jumped to.

const WALK = { base: 150, perKm: 300, most: 1500, online: 200 };

// What is known of the moment `t`: the stay that each visit is at or comes to, and who waits in which line.
function momentOf(scene, cursor, t) {
  const { stays, firstStay, count } = scene;
  for (let v = 0; v < count; v++) {
    const end = firstStay[v + 1];
    let c = cursor[v];
    if (c < firstStay[v] || c >= end || stays.t[c] > t) c = firstStay[v];
    while (c + 1 < end && stays.t[c] + stays.lasts_s[c] <= t) c++;
    cursor[v] = c;
  }
}

// Those in line, by store and kind of till, each in the order in which they came.
function linesOf(scene, cursor, t) {
  const { stays, firstStay, SPOT } = scene;
  const lines = new Map();
  for (let v = 0; v < scene.count; v++) {
    const c = cursor[v];
    if (c >= firstStay[v + 1] || stays.t[c] > t || stays.t[c] + stays.lasts_s[c] <= t) continue;
    const spot = stays.spot[c];
    if (spot !== SPOT.staffed_line && spot !== SPOT.self_line) continue;
    const key = stays.store[c] * 16 + spot;
    if (!lines.has(key)) lines.set(key, []);
    lines.get(key).push(c);
  }
  const placeOf = new Map();
  for (const line of lines.values()) {
    line.sort((a, b) => stays.t[a] - stays.t[b] || a - b);
    line.forEach((stay, place) => placeOf.set(stay, place));
  }
  return { lines, placeOf };
}

function makeMotion(scene, plan) {
  const { stays, visits, firstStay, SPOT } = scene;
  const boxOf = new Map(plan.boxes.map((box) => [box.index, box]));

  function home(v) {
    return plan.place(visits.x[v] / 100, visits.y[v] / 100);
  }

  function door(c) {
    const box = boxOf.get(stays.store[c]);
    if (box) return [box.x + box.width / 2, box.y + box.height];
    const card = stays.spot[c] === SPOT.rival ? plan.cards.rival : plan.cards.online;
    return [card.x + card.width / 2, card.y + card.height];
  }

  function standing(v, c, t, placeOf) {
    const box = boxOf.get(stays.store[c]);
    const spot = stays.spot[c];
    if (spot === SPOT.online) return inCard(plan.cards.online, v);
    if (spot === SPOT.rival) return inCard(plan.cards.rival, v);
    if (!box) return door(c);
    if (box.mini) return [box.x + box.width * (0.1 + 0.8 * hash(v, 1)), box.y + box.height * (0.45 + 0.5 * hash(v, 2))];
    const gap = plan.radius * 2.15;
    if (spot === SPOT.floor) return browseAt(box, v, stays.t[c], t);
    if (spot === SPOT.staffed_line) return queueAt(box, placeOf?.get(c) ?? 0, false, gap);
    if (spot === SPOT.self_line) return queueAt(box, placeOf?.get(c) ?? 0, true, gap);
    if (spot === SPOT.staffed_till) return tillAt(box, stays.unit[c], false);
    if (spot === SPOT.self_checkout) return tillAt(box, stays.unit[c], true);
    return counterAt(box, stays.unit[c]);
  }

  // Seconds on the way, by distance: the log has none, the picture needs some.
  function wayHome(v, c) {
    if (stays.spot[c] === SPOT.online) return WALK.online;
    const store = scene.stores[stays.store[c]];
    if (!store) return WALK.most / 2;
    const km = Math.hypot(store.x - visits.x[v] / 100, store.y - visits.y[v] / 100);
    return Math.min(WALK.most, WALK.base + WALK.perKm * km);
  }

  function between(from, to, share, seed) {
    const bow = 0.16 * (hash(seed, 17) - 0.5);
    const bend = 4 * share * (1 - share) * bow;
    return [
      from[0] + (to[0] - from[0]) * share + (to[1] - from[1]) * bend,
      from[1] + (to[1] - from[1]) * share - (to[0] - from[0]) * bend,
    ];
  }

  // Where visit `v` is, as [x, y, stay, what it does]: "at", "going", or nothing when it is not to be seen.
  function at(v, cursor, t, placeOf) {
    const first = firstStay[v];
    const end = firstStay[v + 1];
    if (first === end) return null;
    const c = cursor[v];
    const begins = stays.t[c];
    const ends = begins + stays.lasts_s[c];
    if (t >= begins && t < ends) return [...standing(v, c, t, placeOf), c, "at"];
    if (t < begins) return coming(v, c, t, c > first ? c - 1 : -1);
    return leaving(v, c, t, t - ends, c + 1 < end ? stays.t[c + 1] - ends : Infinity);
  }

  function coming(v, c, t, before) {
    const gap = before < 0 ? Infinity : stays.t[c] - stays.t[before] - stays.lasts_s[before];
    const left = stays.t[c] - t;
    if (gap <= WALK.most) return [...between(door(before), door(c), 1 - left / gap, v), c, "going"];
    const way = Math.min(wayHome(v, c), gap / 2);
    if (left < way) return [...between(home(v), door(c), 1 - left / way, v), c, "going"];
    return before < 0 ? null : leaving(v, before, t, t - stays.t[before] - stays.lasts_s[before], gap);
  }

  function leaving(v, c, t, gone, gap) {
    if (stays.spot[c] === SPOT.online || stays.spot[c] === SPOT.rival) {
      return gone < 90 ? [...standing(v, c, t, null), c, "going"] : null;
    }
    const way = Math.min(wayHome(v, c), gap / 2);
    return gone < way ? [...between(door(c), home(v), gone / way, v + 1), c, "going"] : null;
  }

  // Where a visit was when one of its marks was made, if it stood at one place then.
  function marked(v, t) {
    for (let c = firstStay[v + 1] - 1; c >= firstStay[v]; c--) {
      const inLine = stays.spot[c] === SPOT.staffed_line || stays.spot[c] === SPOT.self_line;
      if (stays.t[c] <= t && t <= stays.t[c] + stays.lasts_s[c]) return inLine ? null : standing(v, c, t, null);
    }
    return null;
  }

  return { at, home, marked, boxOf };
}
