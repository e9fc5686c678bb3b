// Counters of what was received; they follow the server's stream of events.
import { make, STILL, whole } from "./theme.js";

const running = new Map();
const MOST_FEEDS = 8;

// Let a number run from what it shows to what it is now.
function run(element, to) {
  const from = Number(element.dataset.value || 0);
  element.dataset.value = to;
  cancelAnimationFrame(running.get(element));
  if (STILL || from === to) {
    element.textContent = whole(to);
    return;
  }
  const begin = performance.now();
  const step = (now) => {
    const share = Math.min((now - begin) / 1200, 1);
    element.textContent = whole(from + (to - from) * (1 - (1 - share) ** 3));
    if (share < 1) running.set(element, requestAnimationFrame(step));
  };
  running.set(element, requestAnimationFrame(step));
}

// The largest kinds, and the rest as one line.
function grouped(feeds) {
  if (feeds.length <= MOST_FEEDS) return feeds;
  const rest = feeds.slice(MOST_FEEDS - 1);
  const records = rest.reduce((sum, f) => sum + f.records, 0);
  return [...feeds.slice(0, MOST_FEEDS - 1), { feed: "rest", zh: `其他 ${rest.length} 类`, en: `${rest.length} other kinds`, records }];
}

function showFeeds(list, feeds) {
  const most = Math.max(1, ...feeds.map((f) => f.records));
  const known = new Map([...list.children].map((li) => [li.dataset.feed, li]));
  list.replaceChildren(...grouped(feeds).map((f) => {
    const line = known.get(f.feed) ?? feedLine(f);
    line.querySelector(".zh").textContent = f.zh;
    line.querySelector(".bar i").style.width = `${(100 * f.records) / most}%`;
    run(line.querySelector(".n"), f.records);
    return line;
  }));
}

const feedLine = (f) => make("li", { attrs: { "data-feed": f.feed } },
  make("span", { cls: "name" }, make("span", { cls: "zh" }), make("span", { text: f.en, lang: "en" })),
  make("span", { cls: "n" }), make("span", { cls: "bar" }, make("i")));

function showRecent(list, recent, fresh) {
  const before = new Set([...list.children].map((li) => li.dataset.key));
  list.replaceChildren(...recent.map((r) => {
    const key = `${r.at} ${r.sender} ${r.zh} ${r.records}`;
    const when = new Date(r.at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
    return make("li", { cls: fresh && !before.has(key) ? "new" : "", attrs: { "data-key": key } },
      make("time", { text: when, attrs: { datetime: r.at } }),
      make("span", { cls: "what", text: `${r.city || r.sender} · ${r.zh}`, attrs: { title: `${r.sender} ${r.en}` } }),
      make("span", { cls: "n", text: `+${whole(r.records)}` }));
  }));
}

let shown = false;

export function show(counters) {
  for (const name of ["records", "institutions", "deliveries", "quarantined"]) run(document.getElementById(`count-${name}`), counters[name]);
  showFeeds(document.getElementById("feeds"), counters.feeds);
  showRecent(document.getElementById("recent"), counters.recent, shown);
  shown = true;
}

// Follow the stream; the browser connects again by itself.
export function follow(onRelease) {
  const live = document.getElementById("live");
  const say = (on, zh, en) => {
    live.classList.toggle("on", on);
    live.querySelector("b").textContent = zh;
    live.querySelector("[lang]").textContent = en;
  };
  const stream = new EventSource("/api/events");
  stream.addEventListener("open", () => say(true, "实时", "LIVE"));
  stream.addEventListener("error", () => say(false, "连接中断", "offline"));
  stream.addEventListener("counters", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("release", onRelease);
}
