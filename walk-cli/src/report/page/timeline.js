// What ran when, a row for each slot.
"use strict";
(function timeline() {
  const ROW = 24, TOP = 22, LEFT = 8, MOST_ROWS = 500;
  const shownRows = Math.min(Math.max(run.slots, 1), MOST_ROWS);
  const canvas = byId("timeline");
  canvas.style.height = TOP + shownRows * ROW + 8 + "px";
  canvas.setAttribute("aria-label", "Timeline of " + actions.length + " actions in " + run.slots + " slots");
  const bars = actions.flatMap((action) => action.attempts.map((it) => ({ action, ...it }))).sort((a, b) => a.start - b.start);
  const order = actions.filter((it) => it.attempts.length).sort((a, b) => a.start - b.start);
  let [from, to] = [0, end];
  let width = 1;

  const x = (ms) => LEFT + ((ms - from) / (to - from)) * (width - 2 * LEFT);
  const ask = surface(canvas, (context, wide, height, color) => {
    width = wide;
    drawScale(context, wide, height, color);
    const drawn = new Map();
    for (const bar of bars) {
      if (bar.start > to || bar.start + bar.duration < from) continue;
      const left = Math.max(x(bar.start), 0);
      const right = Math.min(Math.max(x(bar.start + bar.duration), left + 1), wide);
      // Of many bars in one pixel one is enough.
      const isSelected = bar.action.index === selected;
      const pixel = drawn.get(bar.slot);
      if (pixel !== undefined && right <= pixel && !isSelected) continue;
      drawn.set(bar.slot, right);
      drawBar(context, bar, left, right, color, isSelected);
    }
  });

  function drawScale(context, wide, height, color) {
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = color.quiet;
    context.strokeStyle = color.line;
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 36e6];
    const step = steps.find((it) => ((to - from) / it) * 70 < wide) || steps[steps.length - 1];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const place = Math.round(x(at)) + 0.5;
      context.beginPath();
      context.moveTo(place, TOP - 4);
      context.lineTo(place, height);
      context.stroke();
      const text = seconds(at);
      context.fillText(text, Math.min(place + 3, wide - context.measureText(text).width - 2), 13);
    }
  }

  function drawBar(context, bar, left, right, color, isSelected) {
    const top = TOP + bar.slot * ROW;
    context.fillStyle = color[bar.state];
    context.fillRect(left, top, right - left, ROW - 4);
    if (sign(bar.state)) stripe(context, left, top, right - left, ROW - 4, color.paper);
    if (onPath.has(bar.action.index)) {
      context.fillStyle = color.path;
      context.fillRect(left, top + ROW - 7, right - left, 3);
    }
    if (isSelected) {
      context.strokeStyle = color.ink;
      context.lineWidth = 2;
      context.strokeRect(left - 1, top - 1, right - left + 2, ROW - 2);
      context.lineWidth = 1;
    }
    if (right - left > 30) {
      const text = sign(bar.state) + fit(context, bar.action.name, right - left - 8 - (sign(bar.state) ? 14 : 0));
      if (sign(bar.state)) {
        context.fillStyle = color[bar.state];
        context.fillRect(left + 2, top + 3, Math.min(context.measureText(text).width + 4, right - left - 4), ROW - 11);
      }
      context.fillStyle = color.paper;
      context.fillText(text, left + 4, top + 14);
    }
  }

  function zoom(factor, at = (from + to) / 2) {
    const span = Math.min(Math.max((to - from) * factor, Math.min(1, end)), end);
    const share = (at - from) / (to - from);
    show(at - span * share, span);
  }

  function show(start, span) {
    from = Math.min(Math.max(start, 0), end - span);
    to = from + span;
    ask();
  }

  const time = (event) => from + ((event.offsetX - LEFT) / (width - 2 * LEFT)) * (to - from);
  function hit(event) {
    const slot = Math.floor((event.offsetY - TOP) / ROW);
    const slack = ((to - from) / width) * 2;
    const at = time(event);
    const near = bars.filter((it) => it.slot === slot && it.start - slack <= at && at <= it.start + it.duration + slack);
    near.sort((a, b) => Math.abs(a.start + a.duration / 2 - at) - Math.abs(b.start + b.duration / 2 - at));
    return near[0];
  }

  drag(canvas, (dx) => show(from - (dx / (width - 2 * LEFT)) * (to - from), to - from), (event) => {
    const bar = hit(event);
    if (bar) select(bar.action.index);
  });
  canvas.addEventListener("pointermove", (event) => {
    const bar = hit(event);
    canvas.title = bar ? plain(bar.action.name) + "  " + seconds(bar.duration) : "";
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, time(event));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const place = order.findIndex((it) => it.index === selected);
    const go = (index) => order[index] && select(order[index].index);
    const keys = {
      ArrowRight: () => go(place + 1),
      ArrowLeft: () => go(Math.max(place - 1, 0)),
      Home: () => go(0),
      End: () => go(order.length - 1),
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
      0: () => show(0, end),
    };
    if (keys[event.key]) {
      keys[event.key]();
      event.preventDefault();
    }
  });
  const buttons = { in: () => zoom(0.5), out: () => zoom(2), all: () => show(0, end) };
  document.querySelectorAll("[data-timeline]").forEach((it) => it.addEventListener("click", buttons[it.dataset.timeline]));

  listeners.push((index) => {
    const action = actions[index];
    if (action && action.attempts.length && (action.start > to || action.start + action.duration < from)) {
      show(action.start - (to - from) / 2, to - from);
    }
  });
})();

/** Tells of the pointer: by how much it dragged, or that it only clicked. */
function drag(canvas, move, click) {
  let last = null;
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    [last, moved] = [event, 0];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const [dx, dy] = [event.clientX - last.clientX, event.clientY - last.clientY];
    moved += Math.abs(dx) + Math.abs(dy);
    last = event;
    if (moved > 3) move(dx, dy);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (last && moved <= 3) click(event);
    last = null;
  });
  canvas.addEventListener("pointercancel", () => (last = null));
}
