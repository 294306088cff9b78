// The run, as the page knows it: the data, names of states, and which action is selected.
"use strict";
const run = JSON.parse(document.getElementById("data").textContent);
const actions = run.actions;

/** How an action ended: the word on the page, which is also its class. */
const WORDS = { ok: "ok", same: "same", fail: "fail", wait: "not ready", stop: "stopped", open: "not ended", "not-run": "not run" };

actions.forEach((action, index) => {
  action.index = index;
  action.successors = [];
  const first = action.attempts[0];
  action.start = first ? first.start : action.queued;
  action.duration = action.attempts.reduce((sum, it) => sum + it.duration, 0);
});
actions.forEach((action) => action.needs.forEach((it) => actions[it].successors.push(action.index)));
const onPath = new Set(run.critical);
const end = actions.reduce((most, it) => it.attempts.reduce((until, one) => Math.max(until, one.start + one.duration), most), Math.max(run.duration, 1));
/** Of an action that failed, those that did not run because of it. */
actions.forEach((it) => (it.stopped = []));
actions.forEach((it) => it.because.forEach((one) => actions[one].stopped.push(it.index)));
const pathEdges = new Set(run.critical.slice(1).map((it, at) => run.critical[at] + ">" + it));

const byId = (id) => document.getElementById(id);

/** Shows what would reverse the direction of what follows. */
const plain = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

/** Makes an element with text; nothing of a run is ever taken for markup. */
function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = plain(String(text));
  if (className) element.className = className;
  return element;
}

function seconds(ms) {
  if (ms < 1000) return Math.round(ms) + "ms";
  if (ms < 9995) return (ms / 1000).toFixed(2) + "s";
  if (ms < 59950) return (ms / 1000).toFixed(1) + "s";
  const whole = Math.round(ms / 1000);
  const pad = (it) => String(it).padStart(2, "0");
  if (whole < 3600) return Math.floor(whole / 60) + "m" + pad(whole % 60) + "s";
  return Math.floor(whole / 3600) + "h" + pad(Math.floor((whole % 3600) / 60)) + "m";
}

const tag = (state) => make("span", WORDS[state], "tag " + state);

/** A button that selects an action. */
function link(index, text) {
  const button = make("button", text || actions[index].name, "link");
  button.type = "button";
  // A click by keyboard has no count.
  button.addEventListener("click", (event) => select(index, event.detail === 0 || isNarrow()));
  return button;
}

const isNarrow = () => matchMedia("(max-width: 900px)").matches;

/** Brings the keyboard back from the panel to where it came from, if it is there. */
let returned = () => false;

let selected = -1;
const listeners = [];

/** Selects an action, or none (-1); `goes` brings the reader to what is said of it. */
function select(index, goes) {
  selected = index;
  listeners.forEach((it) => it(index, goes));
  byId("live").textContent = index < 0 ? "Nothing is selected" : actions[index].name + ", " + WORDS[actions[index].state] + ", " + seconds(actions[index].duration);
}

/** The colours of the theme, for what is drawn. */
function colors() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  return {
    ok: of("ok"), same: of("same"), fail: of("fail"), wait: of("stop"), stop: of("stop"), open: of("open"), "not-run": of("quiet"),
    paper: of("paper"), raised: of("raised"), ink: of("ink"), quiet: of("quiet"), line: of("line"), accent: of("accent"), path: of("path"),
  };
}

/** A canvas that is as sharp as the screen; `draw` is called whenever it may look different. */
function surface(canvas, draw) {
  const context = canvas.getContext("2d");
  let waits = false;
  function paint() {
    waits = false;
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height, colors());
  }
  function ask() {
    if (!waits) {
      waits = true;
      requestAnimationFrame(paint);
    }
  }
  new ResizeObserver(ask).observe(canvas);
  listeners.push(ask);
  document.addEventListener("theme", ask);
  return ask;
}

/** Shortens a text to so many pixels; its end says more than its beginning, which many share. */
function fit(context, name, width) {
  const text = plain(name);
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText("…" + text.slice(text.length - middle)).width <= width) low = middle;
    else high = middle - 1;
  }
  return low < 2 ? "" : "…" + text.slice(text.length - low);
}

/** What stands before a name that did not end well, as a colour alone says it to not everybody. */
const SIGNS = { fail: "✗ ", wait: "! ", stop: "! ", open: "… ", "not-run": "– " };
const sign = (state) => SIGNS[state] || "";

/** Draws stripes over what did not end well. */
function stripe(context, left, top, width, height, color) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = color;
  context.beginPath();
  for (let x = left - height; x < left + width; x += 6) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}
