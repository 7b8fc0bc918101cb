// What is said beside the messages: a toast, an alert box, and words for screen readers. One place speaks to them: a list that is redrawn at every edit would read
// live cards aloud all day.
const $ = (id) => document.getElementById(id);
const KEPT = 20;

export function notices() {
  let timer = 0;

  function announce(text, id = "") {
    const line = document.createElement("p");
    line.textContent = text;
    line.dataset.message = id;
    $("news").append(line);
    while ($("news").childElementCount > KEPT) $("news").firstElementChild.remove();
  }

  // a message that is gone is not left standing here
  function unsay(id) { for (const line of $("news").querySelectorAll(`[data-message="${id}"]`)) line.remove(); }

  // emptied first, so that the same words are heard again
  function urgent(text) {
    $("urgent").textContent = "";
    requestAnimationFrame(() => { $("urgent").textContent = text; });
  }

  function toast(text) {
    announce(text);
    $("toast").textContent = text;
    $("toast").hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => { $("toast").hidden = true; }, 3500);
  }

  // a second alert is read below the first one, not instead of it
  function alertBox(text) {
    const box = $("alert");
    if (box.open) { $("alert-text").textContent += `\n\n${text}`; urgent(text); return; }
    $("alert-text").textContent = text;
    box.showModal();
  }

  return { announce, unsay, urgent, toast, alertBox };
}
