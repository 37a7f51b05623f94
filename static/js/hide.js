/* "Hide" blanks the page in the moment of the tap. A tap shows it again, with what was typed; if none comes, the form
   signs out, and signing in leads back to the same address. */
const WAITS = 2 * 60 * 1000;
const form = document.querySelector("[data-hide]");
const cover = document.querySelector(".hidden-page");
let since = 0;
let timer = 0;

const leave = () => form.submit();
/* A device that slept runs no timer: look at the clock when it wakes. */
const check = () => {
  if (since && Date.now() - since >= WAITS) leave();
};

const show = () => {
  since = 0;
  clearTimeout(timer);
  document.documentElement.classList.remove("blank");
  cover.hidden = true;
  form.querySelector("button").focus();
};

const hide = () => {
  since = Date.now();
  timer = setTimeout(leave, WAITS);
  document.documentElement.classList.add("blank");
  cover.hidden = false;
  cover.querySelector("[data-show]").focus();
};

if (form && cover) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    hide();
  });
  cover.querySelector("[data-show]").addEventListener("click", show);
  cover.querySelector("[data-leave]").addEventListener("click", leave);
  document.addEventListener("visibilitychange", check);
}
/* A page taken from the browser's history after that must not show again. */
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.documentElement.classList.contains("blank")) location.reload();
});
