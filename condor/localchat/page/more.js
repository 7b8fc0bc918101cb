// The menu at the top: search, the phone, trouble. Whatever closes it, the focus goes back to its button first, so that a dialog gives it back there too.
export function more() {
  const button = document.getElementById("more"), menu = document.getElementById("more-menu");
  const items = [...menu.querySelectorAll("button")];

  function show(on) {
    const isWithin = menu.contains(document.activeElement);
    menu.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (on) items[0].focus(); else if (isWithin) button.focus();
  }

  button.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("click", () => show(false), true);
  menu.addEventListener("keydown", (press) => {
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at + items.length - 1) % items.length, Home: 0, End: items.length - 1 }[press.key];
    if (press.key === "Escape" || press.key === "Tab") show(false);
    if (to !== undefined) items[to].focus();
    if (to !== undefined || press.key === "Escape") press.preventDefault();
  });
  document.addEventListener("click", (click) => { if (!menu.hidden && !menu.contains(click.target) && !button.contains(click.target)) show(false); });
}
