// The graph of what ran, in layers from left to right.
"use strict";
(function graph() {
  const WIDE = 150, HIGH = 22, ACROSS = 210, DOWN = 30;
  const canvas = byId("graph");
  canvas.setAttribute("aria-label", "Graph of " + actions.length + " actions");

  // Predecessors stand before their successors in the data.
  const layer = new Array(actions.length).fill(0);
  actions.forEach((it, index) => it.needs.forEach((need) => (layer[index] = Math.max(layer[index], layer[need] + 1))));
  const layers = [];
  layer.forEach((it, index) => (layers[it] = layers[it] || []).push(index));
  // A layer of thousands is folded into several columns.
  const TALL = Math.max(40, Math.ceil(Math.sqrt(actions.length) * 2));
  const spots = new Array(actions.length);
  let column = 0;
  for (const members of layers) {
    const mean = (it) => {
      const { needs } = actions[it];
      return needs.length ? needs.reduce((sum, need) => sum + spots[need].y, 0) / needs.length : it * DOWN;
    };
    const places = new Map(members.map((it) => [it, mean(it)]));
    members.sort((a, b) => places.get(a) - places.get(b) || a - b);
    const columns = Math.ceil(members.length / TALL);
    const height = Math.ceil(members.length / columns);
    members.forEach((it, at) => {
      spots[it] = { x: (column + Math.floor(at / height)) * ACROSS, y: ((at % height) - Math.min(height, members.length) / 2) * DOWN };
    });
    column += columns + (columns > 1 ? 0.5 : 0);
  }

  const tallest = layers.reduce((most, it) => Math.max(most, Math.min(it.length, TALL)), 1);
  canvas.style.height = Math.min(Math.max(tallest * DOWN + 60, 140), 420) + "px";

  let [scale, left, top, whole] = [1, 0, 0, 1];
  let found = new Set();
  let isNew = true;
  const ask = surface(canvas, (context, width, height, color) => {
    if (isNew) all(width, height);
    context.translate(left, top);
    context.scale(scale, scale);
    const view = { left: -left / scale - WIDE, right: (width - left) / scale, top: -top / scale - HIGH, bottom: (height - top) / scale };
    const isSeen = ({ x, y }) => x > view.left && x < view.right && y > view.top && y < view.bottom;
    drawEdges(context, view, color);
    const seen = spots.map((it, index) => index).filter((it) => isSeen(spots[it]));
    context.font = "12px system-ui, sans-serif";
    for (const index of seen) drawNode(context, index, color);
  });

  function drawEdges(context, view, color) {
    const strokes = { usual: new Path2D(), path: new Path2D(), chosen: new Path2D() };
    for (const action of actions) {
      const to = spots[action.index];
      for (const need of action.needs) {
        const from = spots[need];
        if (Math.max(from.x, to.x) < view.left || Math.min(from.x, to.x) > view.right) continue;
        if (Math.max(from.y, to.y) < view.top || Math.min(from.y, to.y) > view.bottom) continue;
        const isChosen = need === selected || action.index === selected;
        const isPath = pathEdges.has(need + ">" + action.index);
        const path = isChosen ? strokes.chosen : isPath ? strokes.path : strokes.usual;
        const [x1, y1, x2, y2] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH / 2];
        path.moveTo(x1, y1);
        if (scale > 0.25) path.bezierCurveTo(x1 + 30, y1, x2 - 30, y2, x2, y2);
        else path.lineTo(x2, y2);
      }
    }
    const stroke = (path, style, wide) => {
      [context.strokeStyle, context.lineWidth] = [style, wide / Math.min(scale, 1)];
      context.stroke(path);
    };
    context.globalAlpha = selected >= 0 ? 0.35 : 0.6;
    stroke(strokes.usual, color.quiet, 1);
    context.globalAlpha = 1;
    stroke(strokes.path, color.path, 1.5);
    stroke(strokes.chosen, color.accent, 2);
    context.lineWidth = 1;
  }

  function drawNode(context, index, color) {
    const { x, y } = spots[index];
    const action = actions[index];
    context.globalAlpha = found.size && !found.has(index) ? 0.25 : 1;
    context.fillStyle = color.paper;
    context.fillRect(x, y, WIDE, HIGH);
    context.fillStyle = color[action.state];
    context.fillRect(x, y, scale > 0.4 ? 5 : WIDE, HIGH);
    context.strokeStyle = index === selected ? color.ink : onPath.has(index) ? color.path : color.line;
    context.lineWidth = index === selected ? 2.5 / Math.min(scale, 1) : 1;
    context.strokeRect(x, y, WIDE, HIGH);
    if (scale > 0.4) {
      const mark = sign(action.state);
      context.fillStyle = mark ? color[action.state] : color.ink;
      context.fillText(mark + fit(context, action.name, WIDE - 14 - (mark ? 14 : 0)), x + 10, y + 15);
    }
    context.globalAlpha = 1;
  }

  function all(width, height) {
    isNew = false;
    const xs = spots.map((it) => it.x), ys = spots.map((it) => it.y);
    const least = (list) => list.reduce((a, b) => Math.min(a, b), Infinity), most = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const box = spots.length ? [least(xs), least(ys), most(xs) + WIDE, most(ys) + HIGH] : [0, 0, 1, 1];
    scale = Math.min((width - 40) / (box[2] - box[0]), (height - 40) / (box[3] - box[1]), 1.2);
    whole = scale;
    left = (width - (box[0] + box[2]) * scale) / 2;
    top = (height - (box[1] + box[3]) * scale) / 2;
  }

  function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const next = Math.min(Math.max(scale * factor, Math.min(whole, 0.005)), 4);
    left = x - ((x - left) * next) / scale;
    top = y - ((y - top) * next) / scale;
    scale = next;
    ask();
  }

  function bring(index) {
    const { x, y } = spots[index];
    // What is a dot shows nothing of what is around it.
    if (scale < 0.3) scale = 0.85;
    const [px, py] = [x * scale + left, y * scale + top];
    if (px < 0 || py < 0 || px > canvas.clientWidth - WIDE * scale || py > canvas.clientHeight - HIGH * scale) {
      left = canvas.clientWidth / 2 - (x + WIDE / 2) * scale;
      top = canvas.clientHeight / 2 - y * scale;
    }
    ask();
  }

  function hit(event) {
    const [x, y] = [(event.offsetX - left) / scale, (event.offsetY - top) / scale];
    return spots.findIndex((it) => it.x <= x && x <= it.x + WIDE && it.y <= y && y <= it.y + HIGH);
  }

  drag(canvas, (dx, dy) => {
    left += dx;
    top += dy;
    ask();
  }, (event) => {
    const index = hit(event);
    if (index >= 0) select(index);
  });
  canvas.addEventListener("pointermove", (event) => {
    const index = hit(event);
    canvas.title = index < 0 ? "" : plain(actions[index].name);
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 0.8 : 1.25, event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const action = actions[selected];
    const go = (index) => index !== undefined && select(index);
    const beside = (step) => {
      if (!action) return;
      const members = layers[layer[selected]];
      go(members[members.indexOf(selected) + step]);
    };
    const keys = {
      ArrowRight: () => go(action ? action.successors[0] : actions.length ? 0 : undefined),
      ArrowLeft: () => action && go(action.needs[0]),
      ArrowDown: () => beside(1),
      ArrowUp: () => beside(-1),
      "+": () => zoom(1.5),
      "=": () => zoom(1.5),
      "-": () => zoom(0.67),
      0: () => ((isNew = true), ask()),
    };
    if (keys[event.key]) {
      keys[event.key]();
      event.preventDefault();
    }
  });
  const buttons = { in: () => zoom(1.5), out: () => zoom(0.67), all: () => ((isNew = true), ask()) };
  document.querySelectorAll("[data-graph]").forEach((it) => it.addEventListener("click", buttons[it.dataset.graph]));
  listeners.push((index) => index >= 0 && bring(index));
  document.addEventListener("found", (event) => {
    found = new Set(event.detail.map((it) => it.index));
    ask();
  });
})();
