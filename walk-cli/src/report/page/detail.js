// All that is known of the action that is selected.
"use strict";
(function detail() {
  const MOST_LINKS = 50;
  let cameFrom = null;
  const [panel, title, body] = ["detail", "detail-title", "detail-body"].map(byId);
  const empty = Array.from(body.childNodes, (it) => it.cloneNode(true));

  function part(name, ...content) {
    body.append(make("h3", name), ...content);
  }

  /** Writes text with the colours that a terminal would have shown. */
  function terminal(text) {
    const box = make("pre");
    box.tabIndex = 0;
    let [color, weight] = ["", ""];
    for (const piece of text.split(/(\x1b\[[0-9;]*m)/)) {
      const codes = /^\x1b\[([0-9;]*)m$/.exec(piece);
      if (codes) {
        [color, weight] = colored(codes[1].split(";").map(Number), color, weight);
        continue;
      }
      const shown = piece.replace(/\x1b(\][^\x07\x1b]*(\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|[@-Z\\^_])/g, "").replace(/[^\n]*\r(?=[^\n\r])/g, "").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
      if (shown) box.append(make("span", shown, [color, weight].filter(Boolean).join(" ")));
    }
    return box;
  }

  /** One colour and one weight at a time, as a terminal has them. */
  function colored(codes, color, weight) {
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at];
      if (code === 0) [color, weight] = ["", ""];
      else if (code === 1 || code === 2) weight = "ansi" + code;
      else if (code === 22) weight = "";
      else if (code === 39) color = "";
      else if (code === 38 || code === 48) at += codes[at + 1] === 2 ? 4 : 2;
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) color = "ansi" + code;
    }
    return [color, weight];
  }

  /** A digest says nothing but that it is another one. */
  const short = (value) => (value === null ? "(none)" : /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value);

  function links(indices) {
    const list = make("ul");
    for (const index of indices.slice(0, MOST_LINKS)) {
      const item = make("li");
      item.append(link(index));
      list.append(item);
    }
    if (indices.length > MOST_LINKS) list.append(make("li", "and " + (indices.length - MOST_LINKS) + " more", "quiet"));
    return list;
  }

  function changes(elements) {
    const list = make("dl", null, "changes");
    for (const [name, old, now] of elements) {
      list.append(make("dt", name));
      if (old !== undefined) list.append(make("dd", short(old), "old"));
      list.append(make("dd", short(now), old !== undefined ? "new" : ""));
    }
    return list;
  }

  function facts(action) {
    const list = make("ul");
    const say = (text) => list.append(make("li", text));
    action.attempts.forEach((it, index) => {
      const number = action.attempts.length > 1 ? "attempt " + (index + 1) + ": " : "";
      say(number + (it.ending || WORDS[it.state]) + " after " + seconds(it.duration) + ", begun at " + seconds(it.start) + " in slot " + it.slot);
    });
    if (action.blocked) say(action.blocked);
    const waited = action.attempts.length ? action.start - action.queued : 0;
    if (waited >= 10) say("waited " + seconds(waited) + " for the queue " + action.queue);
    if (action.cached) say("taken from the cache: it did not run");
    if (action.flaky) say("flaky: it passed only on a retry");
    if (action.usual) say("slower than usual, which is " + seconds(action.usual));
    if (onPath.has(action.index)) say("on the critical path");
    return list;
  }

  function show(index, goes) {
    const held = panel.contains(document.activeElement);
    panel.classList.toggle("filled", index >= 0);
    if (index < 0) {
      title.textContent = "No action is selected";
      body.replaceChildren(...empty.map((it) => it.cloneNode(true)));
      return;
    }
    const action = actions[index];
    title.textContent = action.name;
    body.replaceChildren(tag(action.state), facts(action));
    if (action.reason) part("Why it ran", make("p", action.reason));
    if (action.because.length) part("Did not run because of", links(action.because));
    if (action.elements.length) body.append(changes(action.elements));
    if (action.cause !== null) {
      const chain = make("ol");
      // Predecessors stand before their successors in the data.
      for (let it = action.cause; it !== null && chain.children.length < MOST_LINKS; it = actions[it].cause) {
        const item = make("li");
        item.append(link(it), make("span", ": " + (actions[it].reason || "it was asked for")));
        chain.append(item);
      }
      part("What began it", chain);
    }
    const last = action.attempts[action.attempts.length - 1];
    for (const [at, it] of action.attempts.entries()) {
      if (it.output) part(it === last ? "What it wrote" : "What attempt " + (at + 1) + " wrote", terminal(it.output));
    }
    if (action.stopped.length) part("Did not run because of it", links(action.stopped));
    if (action.command) part("Command", make("pre", action.command));
    if (action.needs.length) part("Waited for", links(action.needs));
    if (action.successors.length) part("Was waited for by", links(action.successors));
    if (action.makes.length) part("Makes", make("pre", action.makes.join("\n")));
    if (action.fingerprint) {
      const folded = make("details");
      folded.append(make("summary", action.fingerprint.length + " elements of its fingerprint"), changes(action.fingerprint.map(([name, value]) => [run.strings[name], undefined, run.strings[value]])));
      part("Fingerprint", folded);
    }
    panel.scrollTop = 0;
    if (goes || held) {
      if (!held) cameFrom = document.activeElement;
      panel.focus({ preventScroll: true });
    }
  }
  listeners.push(show);

  returned = () => {
    if (!panel.contains(document.activeElement)) return false;
    const back = cameFrom && cameFrom.isConnected ? cameFrom : byId("search");
    back.focus();
    return true;
  };
})();
