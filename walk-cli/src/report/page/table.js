// The list of all actions: sorted, filtered, a part of it at a time.
"use strict";
(function table() {
  const PART = 200;
  const rank = Object.keys(WORDS);
  const keys = {
    status: (it) => -["fail", "wait", "stop", "open", "not-run", "ok", "same"].indexOf(it.state),
    name: (it) => it.name,
    duration: (it) => it.duration,
    start: (it) => it.start,
    reason: (it) => it.blocked || it.reason,
  };
  // What failed is what is looked for.
  const firstFailure = actions.find((it) => it.state === "fail");
  let [key, descending, limit] = firstFailure ? ["status", true, PART] : ["duration", true, PART];
  const [search, filter, rows, more] = ["search", "filter", "rows", "more"].map(byId);

  const filters = [["ran", "what ran", (it) => it.attempts.length > 0], ["retried", "what was tried again", (it) => it.attempts.length > 1], ["path", "the critical path", (it) => onPath.has(it.index)]];
  for (const state of rank) {
    const count = actions.filter((it) => it.state === state).length;
    if (count) filters.push([state, WORDS[state] + " (" + count + ")", (it) => it.state === state]);
  }
  for (const [value, text] of filters) {
    const option = make("option", text);
    option.value = value;
    filter.append(option);
  }

  function matching() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = filters.find((it) => it[0] === filter.value);
    const text = (it) => (it.name + " " + it.reason + " " + it.makes.join(" ")).toLowerCase();
    const isMeant = (it) => words.every((word) => text(it).includes(word));
    return actions.filter((it) => (!chosen || chosen[2](it)) && (!words.length || isMeant(it)));
  }

  function compare(a, b) {
    const [left, right] = [keys[key](a), keys[key](b)];
    const sign = left < right ? -1 : left > right ? 1 : 0;
    return (descending ? -sign : sign) || a.index - b.index;
  }

  function row(action) {
    const line = make("tr");
    line.dataset.index = action.index;
    if (action.index === selected) line.setAttribute("aria-selected", "true");
    const cell = (content, className) => {
      const td = make("td", null, className);
      td.append(content);
      line.append(td);
    };
    const state = tag(action.state);
    if (action.flaky) state.textContent += " (flaky)";
    if (action.cached) state.textContent += " (from the cache)";
    cell(state);
    cell(link(action.index));
    cell(action.attempts.length ? seconds(action.duration) : "", "number");
    cell(action.attempts.length ? seconds(action.start) : "", "number");
    cell(action.blocked || action.reason);
    return line;
  }

  function show() {
    const found = matching().sort(compare);
    rows.replaceChildren(...found.slice(0, limit).map(row));
    byId("found").textContent = found.length === actions.length ? actions.length + " actions" : found.length + " of " + actions.length + " actions";
    const left = found.length - limit;
    more.hidden = left <= 0;
    more.textContent = "Show " + Math.min(left, PART) + " more of " + left;
    document.querySelectorAll("[data-sort]").forEach((it) => {
      const isKey = it.dataset.sort === key;
      it.parentElement.setAttribute("aria-sort", isKey ? (descending ? "descending" : "ascending") : "none");
    });
  }

  document.querySelectorAll("[data-sort]").forEach((it) => it.addEventListener("click", () => {
    descending = it.dataset.sort === key ? !descending : ["duration", "status"].includes(it.dataset.sort);
    key = it.dataset.sort;
    show();
  }));
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      limit = PART;
      show();
      document.dispatchEvent(new CustomEvent("found", { detail: search.value ? matching() : [] }));
    }, actions.length > 2000 ? 120 : 0);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = rows.firstElementChild;
    if (first) select(Number(first.dataset.index), true);
  });
  document.addEventListener("filter", (event) => {
    filter.value = event.detail;
    filter.dispatchEvent(new Event("change"));
    byId("actions").scrollIntoView();
    filter.focus();
  });
  filter.addEventListener("change", () => {
    limit = PART;
    show();
  });
  more.addEventListener("click", () => {
    limit += PART;
    show();
  });
  rows.addEventListener("keydown", (event) => {
    const line = event.target.closest("tr");
    const next = { ArrowDown: line && line.nextElementSibling, ArrowUp: line && line.previousElementSibling }[event.key];
    if (!next) return;
    event.preventDefault();
    next.querySelector("button").focus();
    select(Number(next.dataset.index));
  });
  listeners.push((index) => {
    for (const line of rows.children) {
      if (Number(line.dataset.index) === index) line.setAttribute("aria-selected", "true");
      else line.removeAttribute("aria-selected");
    }
  });
  document.addEventListener("keydown", (event) => {
    const writes = /^(INPUT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !writes) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "Escape") {
      if (document.activeElement === search && search.value) {
        search.value = "";
        search.dispatchEvent(new Event("input"));
      } else if (!returned()) select(-1);
    }
  });
  show();
  if (firstFailure) addEventListener("load", () => select(firstFailure.index));
})();
