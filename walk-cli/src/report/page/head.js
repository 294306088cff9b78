// The head of the page, the critical path, and the theme.
"use strict";
(function head() {
  const name = run.number ? "Run " + run.number : "A run";
  document.title = "walk: " + name.toLowerCase() + " of " + run.root;
  byId("title").textContent = name + " of " + (run.root.split("/").pop() || run.root);
  const when = new Date(run.started).toLocaleString();
  byId("when").textContent = [when, run.host && "on " + run.host, run.manifest, run.targets.length ? "for " + run.targets.join(" ") : "", "walk " + run.version].filter(Boolean).join(" · ");

  const busy = actions.reduce((sum, it) => sum + it.duration, 0);
  const facts = [
    ["Result", run.ending],
    ["Time", seconds(run.duration)],
    ["Ran well", run.counts.ok],
    ["From the cache", run.counts.cached],
    ["Up to date", run.counts.up_to_date],
    ["Failed", run.counts.failed],
    ["Not ready", run.counts.not_ready],
    ["Stopped", run.counts.stopped],
    ["Not run", run.counts.not_run],
    ["Needed a retry", run.counts.flaky],
    ["Critical path", seconds(run.critical_ms)],
    ["Busy, of " + (run.tokens || run.slots) + " at once", run.duration ? (busy / run.duration).toFixed(1) : ""],
    ["Other queues", run.queues],
  ];
  const always = new Set(["Result", "Time", "Ran well", "Up to date", "Critical path", "Busy, of " + (run.tokens || run.slots) + " at once"]);
  for (const [title, value] of facts) {
    if (!always.has(title) && !value) continue;
    const fact = make("div");
    const filter = { Failed: "fail", "Not run": "not-run", "Not ready": "wait", Stopped: "stop", "Needed a retry": "retried" }[title];
    const shown = make("dd", filter ? null : value);
    if (filter) {
      const button = make("button", value, "link");
      button.type = "button";
      button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("filter", { detail: filter })));
      shown.append(button);
    }
    fact.append(make("dt", title), shown);
    byId("facts").append(fact);
  }

  const path = run.critical.length;
  const least = seconds(run.critical_ms) + " of the " + seconds(run.duration) + " are needed with any number of slots";
  byId("critical-text").textContent = path > 1 ? path + " actions, each of which had to wait for the one before: " + least + "." : path ? "Nothing had to wait for another: " + least + "." : "Nothing ran.";
  const shown = run.critical.slice().sort((a, b) => actions[b].duration - actions[a].duration).slice(0, 15);
  const kept = new Set(shown);
  for (const index of run.critical.filter((it) => kept.has(it))) {
    const item = make("li");
    item.append(link(index), make("span", seconds(actions[index].duration), "number"));
    byId("critical").append(item);
  }
  if (path > kept.size) byId("critical").append(make("li", "and " + (path - kept.size) + " shorter ones between them", "quiet"));

  const states = new Set(actions.flatMap((it) => it.attempts.map((one) => one.state)));
  for (const state of Object.keys(WORDS).filter((it) => states.has(it))) {
    const item = make("li");
    item.append(tag(state));
    byId("legend").append(item);
  }
  const item = make("li");
  item.append(make("span", "critical path", "tag path"));
  byId("legend").append(item);

  const button = byId("theme");
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  function apply(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", dark ? "Show in light colours" : "Show in dark colours");
    document.dispatchEvent(new Event("theme"));
  }
  button.addEventListener("click", () => apply(document.documentElement.dataset.theme !== "dark"));
  prefers.addEventListener("change", () => apply(prefers.matches));
  apply(prefers.matches);
})();
