// Texts, numbers and times as people write them.

let language = "en";

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

function number(value) {
  return Math.round(value).toLocaleString(language);
}

// Yen, whole or shortened: 3.26M in English, 326万 in Japanese.
function yen(value, whole = false) {
  if (language === "ja") {
    if (whole || value < 1e4) return `${number(value)}円`;
    return value < 1e6 ? `${(value / 1e4).toFixed(1)}万円` : `${number(value / 1e4)}万円`;
  }
  if (whole || value < 1e3) return `¥${number(value)}`;
  return value < 1e6 ? `¥${(value / 1e3).toFixed(0)}k` : `¥${(value / 1e6).toFixed(2)}M`;
}

function clock(t) {
  const minutes = Math.floor(t / 60) % 1440;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function dayName(scene, day, long = true) {
  const date = new Date(Date.parse(`${scene.calendar_start}T00:00:00Z`) + day * DAY_S * 1000);
  const parts = long ? { weekday: "long", day: "numeric", month: "long" } : { weekday: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language, { ...parts, timeZone: "UTC" }).format(date);
}
