// Saves what a figure shows as a PNG: its title, the drawing, how sure it is. Nothing leaves the browser.
const SCALE = 2, MARGIN = 24, FONT = "/fonts/ipaexg.ttf", JAPANESE = /[\u2e80-\u9fff\uff00-\uffef]/;

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button");
  button.querySelector("span").textContent = data.label;
  button.onclick = () => save(data);
}

async function save(data) {
  const frame = document.querySelector(`.${CSS.escape(data.figure)}`);
  const style = getComputedStyle(frame);
  const drawings = [...frame.querySelectorAll("svg, canvas")].filter(isDrawing);
  if (!drawings.length) return;
  const boxes = drawings.map((drawing) => drawing.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left)), top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left + 2 * MARGIN;
  const height = Math.max(...boxes.map((box) => box.bottom)) - top;
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  const titleFont = `600 20px ${style.fontFamily}`, smallFont = `13px ${style.fontFamily}`;
  const title = wrapped(pen, data.title, titleFont, width - 2 * MARGIN);
  const basis = wrapped(pen, data.basis, smallFont, width - 2 * MARGIN);
  const head = MARGIN + title.length * 28 + 8, foot = basis.length * 19 + 2 * MARGIN;
  canvas.width = SCALE * width;
  canvas.height = SCALE * (head + height + foot);
  pen.scale(SCALE, SCALE);
  pen.fillStyle = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
  pen.fillRect(0, 0, width, head + height + foot);
  pen.fillStyle = style.color;
  pen.textBaseline = "top";
  pen.font = titleFont;
  title.forEach((line, at) => pen.fillText(line, MARGIN, MARGIN + at * 28));
  for (const [at, drawing] of drawings.entries()) {
    const picture = drawing instanceof SVGElement ? await rendered(drawing, boxes[at]) : drawing;
    pen.drawImage(picture, MARGIN + boxes[at].left - left, head + boxes[at].top - top, boxes[at].width, boxes[at].height);
  }
  pen.font = smallFont;
  basis.forEach((line, at) => pen.fillText(line, MARGIN, head + height + MARGIN / 2 + at * 19));
  canvas.toBlob((blob) => download(URL.createObjectURL(blob), `${data.name}.png`));
}

// Icons of buttons are drawings too, but small ones; hover layers inside a drawing are part of it.
function isDrawing(element) {
  const box = element.getBoundingClientRect();
  return box.width > 60 && box.height > 40 && !element.parentElement.closest("svg, button");
}

async function rendered(svg, box) {
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  copy.style.color = getComputedStyle(svg).color;
  copy.style.background = "transparent";
  if (JAPANESE.test(svg.textContent)) copy.prepend(await fontOf());
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await image.decode();
  return image;
}

// A drawing that has become an image cannot use the fonts of the page: it gets ours with it.
async function fontOf() {
  const blob = await (await fetch(FONT)).blob();
  const address = await new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  });
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = `@font-face { font-family: IPAexGothic; src: url(${address}); unicode-range: U+2E80-9FFF, U+F900-FAFF, U+FF00-FFEF; }`;
  return style;
}

function wrapped(pen, text, font, width) {
  pen.font = font;
  const pieces = JAPANESE.test(text) ? text.match(/[!-~]+ ?|./gu) : text.split(/(?<= )/);
  const lines = [""];
  for (const piece of pieces) {
    if (pen.measureText(lines.at(-1) + piece.trimEnd()).width > width) lines.push("");
    lines[lines.length - 1] += piece;
  }
  return lines;
}

function download(address, name) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
