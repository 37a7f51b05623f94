/* Warns before the session ends, and covers the page when it has. The server decides; this only asks it and shows. */
(() => {
  const box = document.querySelector("[data-timeout]");
  if (!box) return;
  const WARN = 120; // seconds before the end
  const soon = box.querySelector("[data-timeout-soon]");
  const over = box.querySelector("[data-timeout-over]");
  const clock = box.querySelector("[data-timeout-clock]");
  let ends = Date.now() + Number(box.dataset.left) * 1000;
  let ended = false;
  let before = null;

  const left = () => Math.round((ends - Date.now()) / 1000);
  const page = () => [...document.body.children].filter((part) => part !== box);

  function show() {
    if (!box.hidden) return;
    before = document.activeElement;
    box.hidden = false;
    page().forEach((part) => { part.inert = true; });
    box.firstElementChild.focus();
  }

  function hide() {
    if (box.hidden) return;
    box.hidden = true;
    ended = false;
    document.documentElement.classList.remove("covered");
    page().forEach((part) => { part.inert = false; });
    if (before) before.focus();
  }

  function end() {
    ended = true;
    document.documentElement.classList.add("covered");
    soon.hidden = true;
    over.hidden = false;
    show();
  }

  function take(answer) {
    if (answer.left && String(answer.account) !== box.dataset.account) { location.assign("/"); return; }
    ends = Date.now() + answer.left * 1000;
    if (!answer.left) { end(); return; }
    document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach((field) => { field.value = answer.token; });
    if (left() > WARN || ended) hide();
  }

  function ask(method) {
    const token = document.querySelector('input[name="csrfmiddlewaretoken"]');
    return fetch(box.dataset.timeout, { method, headers: { "X-CSRFToken": token ? token.value : "" } })
      .then((response) => response.json()).then(take)
      .catch(() => { /* no answer says nothing about the session: the next question may get one */ });
  }

  box.querySelector("[data-timeout-stay]").addEventListener("click", () => ask("POST"));
  // Somebody else may have signed in meanwhile.
  addEventListener("visibilitychange", () => { if (!document.hidden) ask("GET"); });
  addEventListener("focus", () => { if (ended) ask("GET"); });
  // A kept form that was refused (unsent.js): the session has ended, or began anew, which each form's token must learn.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { boosted, xhr } = event.detail;
    if (boosted && xhr.status === 401) end();
    if (boosted && xhr.status === 403) ask("GET");
  });
  // A question that a page asks by itself must not paint the sign-in page into a corner of it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.responseURL.includes("/accounts/login/")) event.detail.shouldSwap = false;
  });

  let asked = 0;
  setInterval(() => {
    if (ended || left() > WARN) return;
    if (left() <= 0) end(); // covered first: without a connection nobody could say so
    if (box.hidden || left() <= 0) {
      if (Date.now() - asked < 4000) return; // another tab may have gone on: the server knows
      asked = Date.now();
      ask("GET").then(() => { if (!ended && left() <= WARN) { soon.hidden = false; over.hidden = true; show(); } });
    }
    const minutes = Math.max(1, Math.ceil(left() / 60));
    clock.textContent = left() > 60 ? `${minutes} minutes` : "less than a minute";
  }, 1000);
})();
