/* Blank the page in the moment that "Hide" is pressed; the form's own request then signs out. */
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-hide]")) document.documentElement.classList.add("blank");
});
/* A page taken from the browser's history after that must not show again. */
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.documentElement.classList.contains("blank")) location.reload();
});
