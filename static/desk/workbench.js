// The workbench: what its scripts share. Tabs, the text as it is typed, banners, and parts of the page renewed in place.
//
// Scripts of the page's parts (static/desk/parts/*.js) find all of this in `window.workbench`. Events on `root`:
// `workbench:typed` when the text changes, `workbench:renewed` when parts of the page were replaced.
"use strict";

(() => {
  const root = document.querySelector(".wb");
  const form = document.getElementById("wb-text");
  const fields = [...form.querySelectorAll("[data-kept]")];
  const said = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");
  const words = said("wb-words");
  // The text that the one in the editor was begun from: what differs from it is unsaved
  let begun = said("wb-begun");

  const text = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const plain = (value) => (value ?? "").replace(/\r\n/g, "\n");
  const changed = () => fields.some((field) => field.value !== plain(begun[field.name]));

  function setBegun(newText, number) {
    begun = { ...newText, based_on: number };
    form.elements.based_on.value = String(number);
    root.dispatchEvent(new CustomEvent("workbench:typed"));
  }

  // Sets fields as if they were typed
  function change(newText) {
    for (const field of fields) {
      if (newText[field.name] === undefined || field.value === newText[field.name]) continue;
      field.value = newText[field.name];
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  // A question to the server; the answer is JSON, or says why there is none
  async function ask(url, { body = null, keepalive = false, isAgain = false } = {}) {
    const headers = { Accept: "application/json" };
    if (body) headers["X-CSRFToken"] = form.elements.csrfmiddlewaretoken.value;
    let reply = null;
    try {
      reply = await fetch(url, { method: body ? "POST" : "GET", body, headers, keepalive, credentials: "same-origin" });
    } catch {
      return { failed: "network" };
    }
    if (reply.redirected) return { failed: "logged_out" };
    // Whoever logged in again in another tab has another token than this page
    if (reply.status === 403 && body && !keepalive && !isAgain && (await renewToken())) {
      return ask(url, { body, isAgain: true });
    }
    if (!reply.headers.get("Content-Type")?.includes("json")) {
      return { failed: reply.status === 403 ? "refused" : "broken", status: reply.status };
    }
    let answer = null;
    try {
      answer = await reply.json();
    } catch {
      return { failed: "network" }; // cut off half-way
    }
    return reply.ok ? { ok: true, ...answer } : { ok: false, status: reply.status, ...answer };
  }

  async function renewToken() {
    try {
      const reply = await fetch(root.dataset.url, { credentials: "same-origin" });
      if (!reply.ok || reply.redirected) return false;
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      const token = fresh.querySelector("#wb-text [name=csrfmiddlewaretoken]")?.value;
      document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token ?? field.value; });
      return Boolean(token);
    } catch {
      return false;
    }
  }

  function textForm() {
    const data = new FormData();
    for (const [name, value] of Object.entries(text())) data.append(name, value);
    data.append("based_on", form.elements.based_on.value);
    return data;
  }

  // Banners: one of a kind at a time
  const banners = document.querySelector("[data-banners]");
  function banner(kind, sentence, { buttons = [], error = false, link = null } = {}) {
    unbanner(kind);
    const element = document.createElement("p");
    element.className = `wb-banner${error ? " wb-banner--error" : ""}`;
    element.dataset.banner = kind;
    if (error) element.setAttribute("role", "alert");
    const span = document.createElement("span");
    span.textContent = sentence;
    element.append(span);
    for (const [label, act] of buttons) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "wb-button wb-button--small", textContent: label });
      button.addEventListener("click", act);
      element.append(button);
    }
    if (link) {
      const anchor = document.createElement("a");
      Object.assign(anchor, { href: link[1], textContent: link[0], className: "wb-link", target: "_blank" });
      element.append(anchor);
    }
    banners.append(element);
  }
  function unbanner(kind) {
    banners.querySelectorAll(`[data-banner="${kind}"]`).forEach((old) => old.remove());
  }
  function showMerge(html) {
    banners.querySelectorAll("[data-merge]").forEach((old) => old.remove());
    const holder = document.createElement("template");
    holder.innerHTML = html;
    banners.append(holder.content);
    banners.querySelector("[data-merge]")?.scrollIntoView({ block: "nearest" });
  }

  // Everything around the text as the server has it now; the text in the editor stays as it is
  async function renew() {
    let fresh = null;
    try {
      const reply = await fetch(root.dataset.url, { credentials: "same-origin" });
      if (!reply.ok || reply.redirected) return false;
      fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    } catch {
      return false;
    }
    const newRoot = fresh.querySelector(".wb");
    if (!newRoot) return false;
    const open = new Set([...root.querySelectorAll("details[data-fold][open]")].map((one) => one.dataset.fold));
    root.querySelectorAll("[data-live]").forEach((old) => {
      const its = newRoot.querySelector(`[data-live="${old.dataset.live}"]`);
      if (its) old.replaceWith(document.importNode(its, true));
      else old.remove();
    });
    root.querySelectorAll("details[data-fold]").forEach((one) => { if (open.has(one.dataset.fold)) one.open = true; });
    root.dataset.version = newRoot.dataset.version;
    for (const id of ["wb-restore", "wb-variant"]) {
      document.getElementById(id).elements.based_on.value = newRoot.dataset.version;
    }
    root.dispatchEvent(new CustomEvent("workbench:renewed"));
    return true;
  }

  // Tabs on a narrow screen
  const tabs = [...document.querySelectorAll(".wb-tab")];
  function openTab(name) {
    root.dataset.open = name;
    tabs.forEach((tab) => {
      tab.setAttribute("aria-selected", String(tab.dataset.target === name));
      tab.tabIndex = tab.dataset.target === name ? 0 : -1;
    });
  }
  tabs.forEach((tab, place) => {
    tab.addEventListener("click", () => openTab(tab.dataset.target));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(place + step + tabs.length) % tabs.length];
      openTab(next.dataset.target);
      next.focus();
    });
  });
  root.classList.add("wb--tabbed");
  // The panel that the address names, which was behind a tab when the browser looked for it
  const named = document.getElementById(location.hash.slice(1));
  const namedTab = named && root.contains(named) ? named.closest("[data-tab]")?.dataset.tab : null;
  openTab(namedTab ?? root.dataset.first);
  if (namedTab) named.scrollIntoView({ block: "start" });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("a[href^='#post-']");
    if (target) openTab("sources");
  });

  // The length as Telegram counts it: UTF-16 units, which is what a JavaScript string's length is
  const counter = document.querySelector("[data-count]");
  function count() {
    const parts = ["title", "lead", "body"].map((name) => form.elements[name].value.trim()).filter(Boolean);
    const length = parts.join("\n\n").length;
    const limit = Number(counter.dataset.limit);
    const shown = (number) => number.toLocaleString(document.documentElement.lang || undefined);
    counter.textContent = `${shown(length)} / ${shown(limit)}`;
    counter.classList.toggle("wb-count--over", length > limit);
  }
  form.addEventListener("input", (event) => {
    if (event.target.dataset.kept === undefined) return;
    count();
    root.dispatchEvent(new CustomEvent("workbench:typed"));
  });
  count();

  // What changed between two versions, or between one and what is typed
  async function showDifference(before, after) {
    const place = root.querySelector("[data-difference]");
    const fold = place?.closest("details");
    if (!place) return;
    fold.open = true;
    const query = new URLSearchParams({ from: before });
    const body = after === "typed" ? textForm() : null;
    if (body) body.set("based_on", before);
    else query.set("to", after);
    const answer = await ask(`${root.dataset.differenceUrl}?${query}`, { body });
    if (answer.ok) place.innerHTML = answer.html;
    else place.textContent = words.no_difference;
    place.scrollIntoView({ block: "nearest" });
  }
  async function compareWith(number) {
    const answer = await ask(`${root.dataset.differenceUrl}?from=${number}`, { body: textForm() });
    if (answer.ok && answer.number) showMerge(answer.html);
    else showDifference(number, "typed");
  }
  root.addEventListener("click", (event) => {
    const pair = event.target.closest("[data-pair]");
    const compare = event.target.closest("[data-compare]");
    if (pair) {
      event.preventDefault();
      showDifference(...pair.dataset.pair.split(","));
    } else if (event.target.closest("[data-show-difference]")) {
      showDifference(root.querySelector("[data-from]").value, root.querySelector("[data-to]").value);
    } else if (compare) compareWith(compare.dataset.compare);
  });
  root.addEventListener("change", (event) => {
    if (event.target.dataset.plainVariants === undefined) return;
    root.querySelectorAll("[data-marked]").forEach((one) => { one.hidden = event.target.checked; });
    root.querySelectorAll("[data-plain]").forEach((one) => { one.hidden = !event.target.checked; });
  });

  window.workbench = {
    root, form, fields, words, text, change, changed, setBegun, ask, textForm, banner, unbanner, showMerge, renew, openTab,
    compareWith, showDifference,
    begun: () => begun,
    version: () => Number(root.dataset.version),
    mayEdit: root.dataset.mayEdit !== undefined,
  };
})();
