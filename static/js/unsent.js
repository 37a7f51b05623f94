/* A form that htmx sends (templates/components/kept_form.html) stays as it was typed where no answer comes, or one
   without the form in it: the sentence beside its button says why. */
(() => {
  const say = (form, words) => {
    const place = form.querySelector("[data-unsent]");
    if (!place) return;
    place.textContent = words || (navigator.onLine ? place.dataset.unanswered : place.dataset.offline);
    place.hidden = false;
    place.focus();
  };
  const silent = (event) => say(event.detail.elt, "");
  document.addEventListener("htmx:sendError", silent);
  document.addEventListener("htmx:timeout", silent);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const place = event.detail.elt.querySelector("[data-unsent]");
    if (place) place.hidden = true;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { boosted, elt, xhr } = event.detail;
    if (!boosted) return;
    const answer = new DOMParser().parseFromString(xhr.response, "text/html");
    event.detail.isError = false; // an answer like any other
    event.detail.shouldSwap = answer.querySelector("[data-unsent]") !== null;
    if (event.detail.shouldSwap) return;
    if (xhr.status === 401) {
      say(elt, elt.querySelector("[data-unsent]")?.dataset.signedOut);
      return;
    }
    const problem = [...answer.querySelectorAll(".problem h1, .problem h1 + p")];
    say(elt, problem.map((part) => part.textContent).join(". "));
  });
})();
