// One shopper's days in words.

// All marks of a shopper, in order, as [second, text].
function storyOf(scene, texts, shopper) {
  const rows = [];
  for (let v = 0; v < scene.count; v++) {
    if (scene.visits.shopper[v] !== shopper) continue;
    for (let m = scene.firstMark[v]; m < scene.firstMark[v + 1]; m++) rows.push(m);
  }
  rows.sort((a, b) => scene.marks.t[a] - scene.marks.t[b] || a - b);
  return rows.map((m) => ({ t: scene.marks.t[m], kind: scene.codes.marks[scene.marks.kind[m]], text: tell(scene, texts, m) }))
    .filter((step, i, all) => step.text && !(i && step.text === all[i - 1].text && step.t === all[i - 1].t));
}

function tell(scene, texts, m) {
  const { marks } = scene;
  const kind = scene.codes.marks[marks.kind[m]];
  const key = kind === "captured" ? `captured_${scene.codes.channels[marks.channel[m]]}` : kind;
  const template = texts[`story_${key}`];
  if (!template) return "";
  const store = scene.stores[marks.store[m]]?.name ?? texts.at_home;
  const brand = texts[`brand_${scene.brands[marks.brand[m]]}`] ?? "";
  return fill(template, { store, n: marks.lines[m], yen: yen(marks.yen[m], true), brand, s: marks.asked_s[m] });
}

const BRIEF = ["look_up", "arrive", "staff_contact", "scan", "captured app", "order_placed", "collected", "delivered", "thinking", "reminded", "returned"];

// What a shopper does on these days, in a few words.
function briefly(scene, texts, shopper) {
  const kinds = new Set();
  for (let v = 0; v < scene.count; v++) {
    if (scene.visits.shopper[v] !== shopper) continue;
    for (let m = scene.firstMark[v]; m < scene.firstMark[v + 1]; m++) {
      const kind = scene.codes.marks[scene.marks.kind[m]];
      kinds.add(kind === "captured" ? `captured ${scene.codes.channels[scene.marks.channel[m]]}` : kind);
    }
  }
  return BRIEF.filter((kind) => kinds.has(kind)).map((kind) => texts[`brief_${kind.replace(" ", "_")}`]).join(texts.between);
}

function listStories(scene, texts, ui, act) {
  for (const shopper of scene.stories.slice(0, 6)) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const what = document.createElement("span");
    button.type = "button";
    what.textContent = briefly(scene, texts, shopper);
    button.append(fill(texts.shopper, { id: shopper }), what);
    button.addEventListener("click", () => act.find(String(shopper)));
    item.append(button);
    ui.few.append(item);
  }
}

function makeStory(scene, texts, ui, act) {
  let steps = [];
  let said = -1;

  function show(shopper) {
    said = -1;
    ui.story.replaceChildren();
    ui.storyBox.hidden = shopper == null;
    ui.invitation.hidden = shopper != null;
    if (shopper == null) return;
    steps = storyOf(scene, texts, shopper);
    ui.who.textContent = fill(texts.shopper, { id: shopper });
    let day = -1;
    for (const step of steps) {
      const own = Math.floor(step.t / DAY_S);
      if (own !== day) ui.story.append(heading(own));
      day = own;
      ui.story.append((step.element = row(step)));
    }
  }

  function heading(day) {
    const element = document.createElement("li");
    element.className = "day";
    element.textContent = dayName(scene, day);
    return element;
  }

  function row(step) {
    const element = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const inside = step.t >= scene.from_s && step.t < scene.to_s;
    button.disabled = !inside;
    const time = document.createElement("time");
    time.textContent = clock(step.t);
    button.append(time, document.createTextNode(step.text));
    button.addEventListener("click", () => act.seek(step.t));
    element.append(button);
    return element;
  }

  // Mark the step that the clock has reached.
  function follow(t) {
    let reached = -1;
    while (reached + 1 < steps.length && steps[reached + 1].t <= t) reached++;
    if (reached === said || !steps.length) return;
    steps[said]?.element.removeAttribute("aria-current");
    const now = steps[reached]?.element;
    now?.setAttribute("aria-current", "step");
    if (now) ui.story.scrollTop = now.offsetTop - ui.story.clientHeight / 2;
    said = reached;
  }

  return { show, follow, next: (t) => steps.find((s) => s.t > t + 1), before: (t) => steps.findLast((s) => s.t < t - 1) };
}
