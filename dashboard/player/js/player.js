// The player: clock, controls, keyboard, and what the page says besides the picture.

const SPEEDS = [1, 10, 30, 60, 120, 300, 600, 1200];
const STEP_S = 300;
const CALM_EVERY_MS = 1000;

function find(root) {
  const found = {};
  for (const element of root.querySelectorAll("[data-ui]")) found[element.dataset.ui] = element;
  return found;
}

function startPlayer(scene, texts, root) {
  const ui = find(root);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const stage = makeStage(scene, ui.stage, texts);
  const state = { t: scene.open_s, speed: 120, playing: false, shopper: null, store: null, day: -1, said: "", moved: false, settling: 0, last: 0, spent: 0 };
  const act = actions(scene, texts, ui, state, stage, calm);
  const story = (act.story = makeStory(scene, texts, ui, act));
  wire(scene, ui, state, stage, act);
  listStories(scene, texts, ui, act);
  keyboard(ui, state, act);

  let awake = false;
  state.stir = (how = true) => {
    state.moved = how;
    if (awake) return;
    awake = true;
    state.last = performance.now();
    requestAnimationFrame(tick);
  };
  openingFrom(location.hash, scene, state, act);

  function tick(now) {
    const dt = Math.max(0, Math.min(0.1, (now - state.last) / 1000));
    state.last = now;
    if (state.playing) advance(state, scene, act, calm.matches, now, dt);
    if (state.playing || state.moved || state.settling > now) {
      const began = performance.now();
      const life = Math.max(25, calm.matches ? STEP_S : state.speed * 0.9);
      const still = calm.matches || state.still;
      stage.frame(state.t, still || state.moved === "jump" ? 0 : dt, { shopper: state.shopper, store: state.store, life, still });
      if (state.moved && !still) state.settling = now + 1500;
      state.moved = false;
      say(scene, texts, ui, state, stage, now);
      story.follow(state.t);
      state.spent = performance.now() - began;
    }
    awake = state.playing || state.settling > now;
    if (awake) requestAnimationFrame(tick);
  }

  const redraw = () => {
    stage.resize();
    state.stir("jump");
    paintStrip(ui.strip, scene, Math.floor(state.t / DAY_S), texts);
  };
  new ResizeObserver(redraw).observe(ui.stage);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
  return { scene, state, stage, act };
}

// A picture moves with the clock; for those who want no motion it goes on in steps, once a second.
function advance(state, scene, act, calm, now, dt) {
  if (calm) {
    if (now - (state.stepped ?? 0) < CALM_EVERY_MS) return;
    state.stepped = now;
  }
  state.t += calm ? STEP_S : state.speed * dt;
  if (state.t >= scene.to_s) {
    state.t = scene.to_s - 1;
    act.play(false);
  }
  state.moved = true;
}

function actions(scene, texts, ui, state, stage, calm) {
  const act = {
    seek(t) {
      state.t = Math.max(scene.from_s, Math.min(scene.to_s - 1, t));
      state.stir("jump");
    },
    play(on = !state.playing) {
      state.playing = on;
      ui.play.setAttribute("aria-pressed", String(on));
      ui.play.setAttribute("aria-label", on ? texts.pause : texts.play);
      if (!on) state.said = "";
      state.stir();
    },
    speed(value) {
      state.speed = value;
      ui.speed.value = String(value);
    },
    faster(steps) {
      const at = SPEEDS.indexOf(state.speed) + steps;
      act.speed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))]);
    },
    follow(shopper) {
      state.shopper = shopper;
      state.store = null;
      ui.legend.hidden = shopper !== null;
      act.story.show(shopper);
      ui.search.value = shopper ?? "";
      state.stir();
    },
    tellOne() {
      state.told = ((state.told ?? -1) + 1) % Math.max(1, scene.stories.length);
      const shopper = scene.stories[state.told];
      if (shopper === undefined) return;
      act.follow(shopper);
      const seen = firstSeen(scene, shopper, Math.floor(state.t / DAY_S));
      if (seen !== null) act.seek(seen);
    },
    find(text) {
      const shopper = Number.parseInt(text.replace(/\D/g, ""), 10);
      const known = scene.visits.shopper.includes(shopper);
      ui.unknown.hidden = known;
      if (!known) return;
      act.follow(shopper);
      const seen = firstSeen(scene, shopper, Math.floor(state.t / DAY_S));
      if (seen !== null) act.seek(seen);
    },
    store(index) {
      state.store = index;
      state.stir();
    },
    help: () => ui.help.showModal(),
  };
  return act;
}

// When a shopper can first be seen on `day`, or else on any.
function firstSeen(scene, shopper, day) {
  const times = [];
  for (let v = 0; v < scene.count; v++) {
    if (scene.visits.shopper[v] !== shopper) continue;
    for (let c = scene.firstStay[v]; c < scene.firstStay[v + 1]; c++) times.push(scene.stays.t[c]);
  }
  times.sort((a, b) => a - b);
  const inside = times.filter((t) => t >= scene.from_s && t < scene.to_s);
  return inside.find((t) => Math.floor(t / DAY_S) === day) ?? inside[0] ?? null;
}

function wire(scene, ui, state, stage, act) {
  for (const speed of SPEEDS) ui.speed.append(new Option(`${speed}×`, speed));
  for (let day = scene.first_day; day <= scene.last_day; day++) ui.day.append(new Option(dayName(scene, day, false), day));
  ui.day.disabled = scene.first_day === scene.last_day;
  act.speed(state.speed);
  ui.play.addEventListener("click", () => act.play());
  ui.back.addEventListener("click", () => act.seek(Math.floor(state.t / DAY_S) * DAY_S + 8.5 * 3600));
  ui.speed.addEventListener("change", () => act.speed(Number(ui.speed.value)));
  ui.day.addEventListener("change", () => act.seek(Number(ui.day.value) * DAY_S + (state.t % DAY_S)));
  ui.scrub.addEventListener("input", () => act.seek(Math.floor(state.t / DAY_S) * DAY_S + Number(ui.scrub.value)));
  ui.tell.addEventListener("click", act.tellOne);
  ui.stop.addEventListener("click", () => act.follow(null));
  ui.ask.addEventListener("click", act.help);
  ui.form.addEventListener("submit", (event) => {
    event.preventDefault();
    act.find(ui.search.value);
  });
  ui.stage.addEventListener("click", (event) => {
    const found = stage.hit(event.clientX, event.clientY);
    if (found?.shopper !== undefined) act.follow(found.shopper);
    else if (state.shopper !== null) act.follow(null);
    else act.store(found && found.store !== state.store ? found.store : null);
  });
}

function keyboard(ui, state, act) {
  document.addEventListener("keydown", (event) => {
    const on = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || ui.help.open) return;
    if (on.matches?.("input:not([type=range]), select") && event.key !== "Escape") return;
    if (event.key === " " && on.matches?.("button, summary")) return;
    const wide = event.shiftKey ? 6 : 1;
    const own = {
      " ": () => act.play(),
      ArrowRight: () => act.seek(state.t + STEP_S * wide),
      ArrowLeft: () => act.seek(state.t - STEP_S * wide),
      ArrowDown: () => state.shopper !== null && act.seek(act.story.next(state.t)?.t ?? state.t),
      ArrowUp: () => state.shopper !== null && act.seek(act.story.before(state.t)?.t ?? state.t),
      "+": () => act.faster(1),
      "=": () => act.faster(1),
      "-": () => act.faster(-1),
      f: () => (state.shopper === null ? act.tellOne() : act.follow(null)),
      n: act.tellOne,
      Escape: () => (state.shopper === null ? act.store(null) : act.follow(null)),
      "?": act.help,
    }[event.key];
    if (!own) return;
    event.preventDefault();
    own();
  });
}

// What stands in figures beside the picture; for screen readers, a sentence when the picture rests.
function say(scene, texts, ui, state, stage, now) {
  if (state.playing && now - (state.spoke ?? 0) < 120) return;
  state.spoke = now;
  const { t } = state;
  const day = Math.floor(t / DAY_S);
  ui.clock.textContent = clock(t);
  ui.date.textContent = dayName(scene, day);
  ui.scrub.value = t - day * DAY_S;
  ui.scrub.setAttribute("aria-valuetext", `${dayName(scene, day)} ${clock(t)}`);
  ui.needle.style.left = `${((t - day * DAY_S) / DAY_S) * 100}%`;
  if (day !== state.day) {
    state.day = day;
    ui.day.value = String(day);
    paintStrip(ui.strip, scene, day, texts);
  }
  const sofar = (key, what) => scene.sofar(key, what, day * DAY_S, t);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  for (const channel of ["store", "app", "ec"]) ui[`sales_${channel}`].textContent = yen(sofar(`captured ${channel}`, "yen"));
  ui.inside.textContent = number(sum(stage.inStore));
  ui.waiting.textContent = number(sum(stage.waiting));
  ui.lost.textContent = yen(sofar("lost_sale", "yen"));
  const sentence = fill(texts.spoken, { time: clock(t), n: number(sum(stage.inStore)), waiting: number(sum(stage.waiting)) });
  ui.stage.setAttribute("aria-label", sentence);
  if (!state.playing && sentence !== state.said) ui.spoken.textContent = state.said = sentence;
}

// `#t=...&shopper=...&still=1`: a moment to open at, for pictures and for links.
function openingFrom(fragment, scene, state, act) {
  const wanted = new URLSearchParams(fragment.slice(1));
  const shopper = wanted.get("shopper") ?? scene.follow;
  if (shopper !== null && shopper !== undefined) act.find(String(shopper));
  if (wanted.has("t")) act.seek(Number(wanted.get("t")));
  state.still = wanted.has("still");
}

async function boot() {
  const root = document.querySelector(".player");
  const { texts, ...head } = JSON.parse(document.getElementById("head").textContent);
  language = document.documentElement.lang;
  const scene = await readScene(head, document.getElementById("columns").textContent.trim());
  await document.fonts.load("14px 'omotwin player'", scene.title);
  root.classList.add("ready");
  window.omoPlayer = startPlayer(scene, texts, root);
}

boot();
