// Colours, sizes and number forms shared by all charts.
export const COLOUR = {
  text: "#eef5ff", soft: "#b3c8ea", line: "rgba(132,178,255,0.18)", ice: "#6fd0ff", gold: "#ffcf7d",
  sex: { all: "#eef5ff", male: "#6fd0ff", female: "#ffb199" },
};
export const RAMP = {
  map_visits: ["#0f3b7d", "#1c63b5", "#2f90d6", "#6bc3ee", "#c5ecfb"],
  map_hypertension: ["#4a2a5e", "#8a3f66", "#c7605b", "#ef9a5d", "#ffd98f"],
};
export const SERIES = { outpatient_visits: "#6fd0ff", diagnosed_hypertension: "#ffb765" };
export const FONT = getComputedStyle(document.documentElement).getPropertyValue("--sans").trim();
export const STILL = matchMedia("(prefers-reduced-motion: reduce)").matches;

// Pixels for a size drawn at 1920 x 1080.
export const px = (size) => size * parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

export const whole = (n) => Math.round(n).toLocaleString("en-US");

// Three significant figures, as far as a hall can read them.
export function rate(n) {
  if (n === null || n === undefined) return "–";
  const size = Math.abs(n);
  return n.toLocaleString("en-US", { minimumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : 2, maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : 2 });
}

// 2023-2025 as a span of years.
export const span = (period) => period.replace("-", "–");

// A colour between the stops of a ramp; share runs from 0 to 1.
export function between(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const part = (hex, k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => Math.round(part(stops[i], k) + (at - i) * (part(stops[i + 1], k) - part(stops[i], k))));
  return `rgb(${mixed.join(",")})`;
}

// Diagonal grey lines: what disclosure control keeps hidden.
export function hatch() {
  const size = Math.round(px(10));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#2a3a58";
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = "#6d80a2";
  pen.lineWidth = Math.max(1, size / 6);
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return { image: canvas, repeat: "repeat" };
}

// An element with a class, text, and children.
export function make(tag, { cls, text, lang, attrs = {} } = {}, ...children) {
  const element = document.createElement(tag);
  if (cls) element.className = cls;
  if (text !== undefined) element.textContent = text;
  if (lang) element.lang = lang;
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  element.append(...children.filter((c) => c !== null && c !== undefined));
  return element;
}

export async function get(path) {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}
