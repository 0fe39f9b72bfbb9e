// The fact check while one types: the list of findings, and the text with marks. Places are counted by the server in
// characters (code points), by a text area in UTF-16 units.
"use strict";

(() => {
  const workbench = window.workbench;
  if (!workbench) return;
  const PAUSE = 900;
  const AGAIN = 20000;
  const FIELDS = ["title", "lead", "body"];
  let last = null; // the text that was checked last
  let answer = null;
  let asked = 0;
  let timer = 0;

  const section = () => document.querySelector("[data-factcheck]");
  const part = (name) => section()?.querySelector(`[data-fc-${name}]`);
  const word = (name) => section().dataset[`word${name[0].toUpperCase()}${name.slice(1)}`];
  const same = (one, other) => one && other && FIELDS.every((name) => one[name] === other[name]);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(check, pause);
  }

  async function check() {
    const text = workbench.text();
    if (!section() || same(text, last)) return;
    if (!FIELDS.some((name) => text[name].trim())) {
      last = text;
      return show({ findings: [], told: "" });
    }
    const number = (asked += 1);
    part("busy").hidden = false;
    const body = new FormData();
    for (const name of FIELDS) body.append(name, text[name]);
    const reply = await workbench.ask(section().dataset.url, { body });
    if (number !== asked || !section()) return;
    part("busy").hidden = true;
    if (!reply.ok) {
      part("told").textContent = reply.detail ?? word("failed");
      part("told").hidden = false;
      if (reply.status === 429) later(AGAIN);
      return;
    }
    last = text;
    show(reply);
  }

  function show(reply) {
    answer = reply;
    if (!section()) return;
    const open = reply.findings.filter((one) => !one.accepted);
    const accepted = reply.findings.filter((one) => one.accepted);
    const count = reply.count ?? open.length;
    part("count").textContent = `${count} ⚠`;
    part("count").hidden = count === 0;
    part("told").textContent = reply.told;
    part("told").hidden = !reply.told;
    part("list").replaceChildren(...open.map(item));
    part("accepted").hidden = accepted.length === 0;
    part("accepted-count").textContent = String(accepted.length);
    part("accepted-list").replaceChildren(...accepted.map(item));
    part("read").hidden = open.length === 0;
    if (open.length) draw(open);
    part("card").hidden = true;
  }

  function item(finding) {
    const element = make("li", `fc-item fc-item--${finding.kind}`);
    const told = make("p");
    told.append(make("b", "fc-text", cut(finding.text)), ` ${finding.says}`);
    element.append(told, near(finding), buttons(finding));
    return element;
  }
  const cut = (text) => (text.length > 120 ? `${text.slice(0, 119)}…` : text);

  function near(finding) {
    const element = make("p", "fc-near");
    if (!finding.nearest) {
      element.textContent = word("nothing");
      return element;
    }
    element.append(`${word("nearest")} ${finding.nearest} `);
    if (finding.post) {
      const link = make("a", "wb-link", `${finding.voice} ${finding.time}`);
      link.href = `#post-${finding.post}`;
      element.append(link);
    }
    return element;
  }

  function buttons(finding) {
    const row = make("span", "fc-buttons");
    const button = (label, act) => {
      const element = make("button", "wb-button wb-button--plain wb-button--small", label);
      element.type = "button";
      element.addEventListener("click", act);
      row.append(element);
    };
    button(word("show"), () => select(finding));
    if (section().dataset.mayAccept) button(word(finding.accepted ? "doubt" : "right"), () => settle(finding));
    return row;
  }

  // An editor says that a place is right, or doubts it again
  async function settle(finding) {
    const body = new FormData();
    body.append("kind", finding.kind);
    body.append("text", finding.text);
    body.append("act", finding.accepted ? "doubt" : "accept");
    const reply = await workbench.ask(section().dataset.factUrl, { body });
    if (!reply.ok) {
      part("told").textContent = reply.detail ?? word("failed");
      part("told").hidden = false;
      return;
    }
    last = null;
    check();
  }

  // The place in the editor, as a text area counts
  function select(finding) {
    workbench.openTab("text");
    const field = workbench.form.elements[finding.field];
    const letters = Array.from(field.value.slice(0, 400000));
    const start = letters.slice(0, finding.start).join("").length;
    const end = start + finding.text.length;
    if (field.value.slice(start, end) !== finding.text) return field.focus();
    field.focus();
    field.setSelectionRange(start, end);
    field.scrollIntoView({ block: "center" });
  }

  function draw(findings) {
    const text = workbench.text();
    const pieces = FIELDS.filter((name) => text[name].trim()).map((name) => {
      const paragraph = make("p", `fc-field fc-field--${name}`);
      const letters = Array.from(text[name]);
      let at = 0;
      for (const finding of findings.filter((one) => one.field === name)) {
        if (finding.start < at) continue;
        paragraph.append(letters.slice(at, finding.start).join(""), mark(finding, letters.slice(finding.start, finding.end).join("")));
        at = finding.end;
      }
      paragraph.append(letters.slice(at).join(""));
      return paragraph;
    });
    part("reading").replaceChildren(...pieces);
  }

  function mark(finding, text) {
    const element = make("mark", `fc-mark fc-mark--${finding.kind}`, text);
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", `${text}: ${finding.says}`);
    element.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") tell(finding, element); });
    element.addEventListener("focus", () => tell(finding, element));
    element.addEventListener("click", (event) => {
      tell(finding, element);
      if (event.pointerType === "mouse" || event.detail === 0) select(finding);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      select(finding);
    });
    return element;
  }

  function tell(finding, element) {
    const card = part("card");
    card.replaceChildren(make("b", "", finding.says), near(finding), buttons(finding));
    card.hidden = false;
    const left = Math.min(element.offsetLeft, card.parentElement.clientWidth - card.offsetWidth);
    card.style.left = `${Math.max(left, 0)}px`;
    card.style.top = `${element.offsetTop + element.offsetHeight + 4}px`;
  }

  document.addEventListener("pointerdown", (event) => {
    const card = part("card");
    if (card && !card.hidden && !event.target.closest("[data-fc-card], .fc-mark")) card.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && part("card")) part("card").hidden = true;
  });
  workbench.root.addEventListener("workbench:typed", () => { if (section()) later(PAUSE); });
  workbench.root.addEventListener("workbench:renewed", () => {
    if (answer && same(workbench.text(), last)) show(answer);
    last = null;
    later(0);
  });
  if (section()) later(0);
})();
