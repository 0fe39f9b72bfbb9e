// Proofreading of what is typed, and its legal marks. Places come from the server in UTF-16 units, as text areas count.
"use strict";

(() => {
  const workbench = window.workbench;
  if (!workbench) return;
  const FIELDS = ["title", "lead", "body"];
  const PAUSE = 1200;
  const AGAIN = 20000; // after one question too many
  let read = null; // the text that was proofread, with its changes
  let before = null; // the text as it was before the last change made here
  let looked = null; // the text whose marks are shown
  let asked = 0;
  let timer = 0;
  let reason = "";

  const section = () => document.querySelector("[data-house]");
  const part = (name) => section()?.querySelector(`[data-hs-${name}]`);
  const word = (name) => section().dataset[`word${name[0].toUpperCase()}${name.slice(1)}`];
  const same = (one, other) => one && other && FIELDS.every((name) => one[name] === other[name]);
  const tell = (sentence) => { if (part("told")) part("told").textContent = sentence; };
  function make(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }
  // Spaces that look like nothing: ␣ is one that does not break, · a plain one
  const seen = (text) => text.replace(/[\u00a0\u202f]/g, "␣").replace(/^ | $/g, "·").replace(/\n/g, "⏎");
  const quiet = (text) => text.replace(/\n/g, " ⏎ ");
  function form(extra = {}) {
    const body = new FormData();
    const text = workbench.text();
    for (const name of FIELDS) body.append(name, text[name]);
    for (const [name, value] of Object.entries(extra)) body.append(name, value);
    return body;
  }

  // Sets a field so that the browser's own undo takes it back: the stretch that differs is typed over
  function type(name, value) {
    const field = workbench.form.elements[name];
    const old = field.value;
    if (old === value) return;
    let start = 0;
    while (start < Math.min(old.length, value.length) && old[start] === value[start]) start += 1;
    let tail = 0;
    while (tail < Math.min(old.length, value.length) - start && old[old.length - 1 - tail] === value[value.length - 1 - tail]) tail += 1;
    const focused = document.activeElement;
    field.focus({ preventScroll: true });
    field.setSelectionRange(start, old.length - tail);
    const piece = value.slice(start, value.length - tail);
    const done = piece ? document.execCommand("insertText", false, piece) : document.execCommand("delete");
    if (!done || field.value !== value) workbench.change({ [name]: value });
    if (focused && focused !== field && focused.isConnected) focused.focus({ preventScroll: true });
    else field.blur();
  }
  function put(text, sentence) {
    before = workbench.text();
    for (const name of FIELDS) if (text[name] !== undefined) type(name, text[name]);
    tell(sentence);
    if (part("undo")) part("undo").hidden = same(before, workbench.text());
  }

  // What is shown belongs to the text before: nothing of it can be pressed until the new reading has come
  function busy(on) {
    part("run").disabled = on;
    part("result").querySelectorAll("button, input").forEach((one) => { one.disabled = on; });
  }
  async function proofread() {
    if (!section() || !part("run")) return;
    workbench.openTab("text");
    const text = workbench.text();
    busy(true);
    const reply = await workbench.ask(section().dataset.url, { body: form() });
    busy(false);
    if (!reply.ok) return tell(reply.detail ?? word("failed"));
    read = { text, changes: FIELDS.flatMap((name) => reply.fields[name].map((one) => ({ ...one, field: name, on: one.certain }))) };
    show();
    section().scrollIntoView({ block: "nearest" });
  }

  function show() {
    const place = part("result");
    const certain = read.changes.filter((one) => one.certain);
    const doubts = read.changes.filter((one) => !one.certain);
    place.replaceChildren();
    place.hidden = !read.changes.length;
    tell(read.changes.length ? "" : word("clean"));
    if (!read.changes.length) return;
    const rules = new Map();
    for (const one of certain) rules.set(one.rule, [...(rules.get(one.rule) ?? []), one]);
    for (const [rule, changes] of rules) place.append(group(rule, changes));
    if (doubts.length) {
      place.append(make("h4", "hs-title", word("doubts")));
      for (const one of doubts) place.append(doubt(one));
    }
    const bar = make("div", "wb-row");
    if (certain.length) bar.append(button(word("apply"), "wb-button", applyChosen));
    bar.append(button(word("close"), "wb-button wb-button--plain", () => { place.hidden = true; part("run").focus(); }));
    place.append(bar);
  }
  function button(label, className, act) {
    const element = make("button", className, label);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  }
  function tick(on, label, act) {
    const box = make("input");
    box.type = "checkbox";
    box.checked = on;
    if (label) box.setAttribute("aria-label", label);
    box.addEventListener("click", (event) => event.stopPropagation());
    box.addEventListener("change", () => act(box.checked));
    return box;
  }

  function group(rule, changes) {
    const fold = make("details", "hs-rule");
    fold.open = changes.length <= 4 && rule !== "nbsp";
    const list = make("div", "hs-changes");
    const why = changes.find((one) => !one.why.includes(";"))?.why ?? changes[0].why;
    const all = tick(true, why, (on) => {
      changes.forEach((one) => { one.on = on; });
      list.querySelectorAll("input").forEach((box) => { box.checked = on; });
    });
    for (const one of changes) {
      const box = tick(true, "", (on) => {
        one.on = on;
        all.checked = changes.every((other) => other.on);
        all.indeterminate = !all.checked && changes.some((other) => other.on);
      });
      const was = make("del", "", seen(one.was));
      const becomes = make("ins", "", one.becomes ? seen(one.becomes) : "");
      const line = make("span", "", make("span", "hs-context", quiet(one.before)), one.was ? was : "", one.becomes ? becomes : "",
        make("span", "hs-context", quiet(one.after)));
      const label = make("label", "hs-change", box, line);
      if (one.why !== why) label.title = one.why;
      list.append(label);
    }
    fold.append(make("summary", "", all, make("b", "", why), make("small", "", String(changes.length))), list);
    return fold;
  }

  function doubt(one) {
    const line = make("p", "", make("span", "hs-context", quiet(one.before)), make("b", "", one.was), make("span", "hs-context", quiet(one.after)));
    const buttons = make("div", "hs-buttons");
    const row = make("div", "hs-doubt", line, buttons);
    const small = "wb-button wb-button--small";
    for (const other of one.suggestions) buttons.append(button(other, small, () => use({ ...one, becomes: other })));
    if (part("result").dataset.mayAdd) buttons.append(button(word("right"), `${small} wb-button--plain`, () => learn(one)));
    return row;
  }

  // Changes made, in one step for each field; what remains is read anew against the new text
  function make_(changes) {
    if (!same(read.text, workbench.text())) {
      tell(word("changed"));
      return false;
    }
    const text = {};
    for (const name of FIELDS) {
      let value = read.text[name];
      for (const one of changes.filter((change) => change.field === name).sort((a, b) => b.start - a.start)) {
        value = value.slice(0, one.start) + one.becomes + value.slice(one.end);
      }
      text[name] = value;
    }
    put(text, word("done"));
    return true;
  }
  async function applyChosen() {
    if (!make_(read.changes.filter((one) => one.certain && one.on))) return;
    if (read.changes.some((one) => !one.certain)) {
      await proofread();
      tell(word("done"));
    } else part("result").hidden = true;
  }
  async function use(one) {
    if (!make_([one])) return;
    await proofread();
    tell(word("done"));
  }
  async function learn(one) {
    const body = new FormData();
    body.append("written", one.was);
    body.append("wanted", one.was);
    const reply = await workbench.ask(section().dataset.wordUrl, { body });
    if (!reply.ok) return tell(reply.detail ?? word("failed"));
    read.changes = read.changes.filter((other) => other.was !== one.was || other.certain);
    show();
    tell(word("added"));
  }

  // Legal marks: shown for what is typed, put in on a press
  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(look, pause);
  }
  async function look() {
    const text = workbench.text();
    if (!section() || same(text, looked)) return;
    const number = (asked += 1);
    const reply = await workbench.ask(section().dataset.marksUrl, { body: form() });
    if (reply.status === 429 && number === asked) later(AGAIN);
    if (number !== asked || !section() || !reply.ok) return;
    looked = text;
    part("marks").innerHTML = reply.html;
    if (part("reason")) part("reason").hidden = !reply.lacks;
    wake();
  }
  async function mark(extra) {
    const text = workbench.text();
    const reply = await workbench.ask(section().dataset.markUrl, { body: form(extra) });
    if (!reply.ok) return tell(reply.detail ?? word("failed"));
    if (!same(text, workbench.text())) return tell(word("changed"));
    put(reply.text, word("marked"));
    look();
  }

  // The page was renewed or has just come: buttons that need this script are shown, the reason typed stays
  function wake() {
    section()?.querySelectorAll("[data-hs-run], [data-hs-mark], [data-hs-mark-all], [data-hs-mark-paid]").forEach((one) => { one.hidden = false; });
    const field = document.getElementById("hs-reason");
    if (field && reason) field.value = reason;
  }
  document.addEventListener("input", (event) => { if (event.target.id === "hs-reason") reason = event.target.value; });
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-house] button");
    if (!target) return;
    if (target.dataset.hsRun !== undefined) proofread();
    else if (target.dataset.hsUndo !== undefined) {
      const old = before;
      put(old, "");
      part("undo").hidden = true;
      part("result").hidden = true;
    } else if (target.dataset.hsMark) mark({ entry: target.dataset.hsMark });
    else if (target.dataset.hsMarkAll !== undefined) mark({});
    else if (target.dataset.hsMarkPaid !== undefined) mark({ paid: "1" });
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "Semicolon" && part("run")) {
      event.preventDefault();
      proofread();
    }
  });
  workbench.root.addEventListener("workbench:typed", () => later(PAUSE));
  workbench.root.addEventListener("workbench:renewed", () => { looked = null; wake(); later(0); });
  wake();
  if (workbench.changed()) later(PAUSE);
})();
