// Saving without leaving the page: the text stays in its fields whatever the server answers.
"use strict";

(() => {
  const { root, form, words, text, changed, setBegun, ask, textForm, banner, unbanner, showMerge, renew, mayEdit } = window.workbench;
  if (!mayEdit) return;
  const note = document.querySelector("[data-kept-words]");
  let busy = false;

  // Saves the text; true where it is a version now. `then` is save, submit or approve.
  async function save(then = "save", { basedOn = null, why = "" } = {}) {
    if (busy) return false;
    busy = true;
    if (note) note.textContent = words.saving;
    try {
      return await saved(then, basedOn, why);
    } finally {
      busy = false;
      if (note && note.textContent === words.saving) note.textContent = "";
    }
  }

  async function saved(then, basedOn, why) {
    await window.workbench.flush();
    const body = textForm();
    if (basedOn) body.set("based_on", basedOn);
    body.append("then", then);
    body.append("why", why || form.elements.why?.value || "");
    body.append("reason", form.elements.reason?.value || "");
    const seen = window.workbench.mark();
    body.append("seen", seen);
    const sending = text();
    const answer = await ask(form.action, { body });
    if (answer.ok) {
      form.elements.why.value = "";
      root.querySelectorAll("[data-merge]").forEach((old) => old.remove());
      for (const kind of ["save", "newer"]) unbanner(kind);
      setBegun(sending, answer.number);
      window.workbench.settled(sending, seen);
      if (answer.url) leave(answer.url);
      else await renew();
      return true;
    }
    if (answer.html) showMerge(answer.html);
    else if (answer.detail) {
      if (answer.number) { // the text is saved, only the next step was refused
        setBegun(sending, answer.number);
        window.workbench.settled(sending, seen);
        await renew();
      }
      banner("save", answer.detail, { error: true });
    }
    else {
      const why_ = { network: "not_kept", logged_out: "logged_out", refused: "not_allowed" }[answer.failed] ?? "broken";
      const link = answer.failed === "logged_out" ? [words.log_in, root.dataset.listUrl] : null;
      banner("save", words[why_], { error: true, link });
    }
    window.workbench.openTab("text");
    return false;
  }

  function leave(url) {
    root.dataset.leaving = "1";
    location.assign(url);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    save(button?.value || "save", { basedOn: button?.dataset.mine ?? null });
  });

  // Leaving by another form: the text is kept first, or saved where the step is about the text
  document.addEventListener("submit", async (event) => {
    const other = event.target;
    if (other.dataset.leaves === undefined || event.defaultPrevented) return;
    if (other.dataset.sending) {
      event.preventDefault(); // a double click is one press
      return;
    }
    other.dataset.sending = "1";
    setTimeout(() => { delete other.dataset.sending; }, 3000);
    if (!changed() && window.workbench.mark() === "") {
      root.dataset.leaving = "1";
      return;
    }
    event.preventDefault();
    const isAbout = other.dataset.leaves === "save" && (form.elements.title.value.trim() || form.elements.body.value.trim());
    const isDone = isAbout && changed() ? await save("save") : await window.workbench.flush();
    delete other.dataset.sending;
    if (!isDone) return;
    root.dataset.leaving = "1";
    if (event.submitter?.name) {
      const pressed = document.createElement("input");
      Object.assign(pressed, { type: "hidden", name: event.submitter.name, value: event.submitter.value });
      other.append(pressed);
    }
    other.submit();
  });

  Object.assign(window.workbench, { save, leave });
})();
