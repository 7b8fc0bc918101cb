// The list of commands: opened by the menu button or by typing "/", walked with the arrow keys.
export function completion({ list, field, button, choose }) {
  let commands = [], shown = [], at = -1;

  function draw() {
    list.replaceChildren(...shown.map((item, index) => {
      const line = document.createElement("li");
      line.id = `command-${item.command}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(index === at));
      const name = document.createElement("b"), text = document.createElement("span");
      name.textContent = `/${item.command}`;
      text.textContent = item.description;
      line.append(name, text);
      line.addEventListener("mousedown", (press) => { press.preventDefault(); pick(item); });
      return line;
    }));
    list.hidden = !shown.length;
    button.setAttribute("aria-expanded", String(!list.hidden));
    if (at >= 0) { field.setAttribute("aria-activedescendant", `command-${shown[at].command}`); list.children[at].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  }

  function pick(item) { close(); choose(item.command); }
  function close() { shown = []; at = -1; draw(); }

  button.addEventListener("click", () => {
    if (!list.hidden) { close(); return; }
    shown = commands;
    at = -1;
    draw();
    field.focus();
  });
  field.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== button && document.activeElement !== field) close(); }, 120));

  return {
    set(next) { commands = next; if (field.value.startsWith("/")) this.follow(field.value); },
    close,
    follow(text) {
      const typed = /^\/(\w*)$/.exec(text);
      shown = typed ? commands.filter((item) => item.command.startsWith(typed[1].toLowerCase())) : [];
      at = shown.length && typed[1] ? 0 : -1;
      draw();
    },
    key(press) {
      if (list.hidden) return false;
      if (press.key === "ArrowDown" || press.key === "ArrowUp") {
        at = (at + (press.key === "ArrowDown" ? 1 : -1) + shown.length + (at < 0 && press.key === "ArrowUp" ? 1 : 0)) % shown.length;
        draw();
      } else if ((press.key === "Enter" || press.key === "Tab") && at >= 0 && !press.shiftKey) {
        pick(shown[at]);
      } else if (press.key === "Escape") {
        close();
      } else {
        return false;
      }
      press.preventDefault();
      return true;
    },
  };
}
