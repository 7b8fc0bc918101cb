// Search: words in any order; the matches are walked from the newest up, and earlier messages are drawn as they are needed.
const $ = (id) => document.getElementById(id);

export function search({ call, jump, announce }) {
  const bar = $("search"), field = $("search-words");
  let found = [], at = -1, count = 0, looked = "", timer = 0;

  function tell() {
    $("search-count").textContent = !looked ? "" : found.length ? `${at + 1} of ${count}` : "nothing";
    $("search-up").disabled = at + 1 >= found.length;
    $("search-down").disabled = at <= 0;
  }

  async function look() {
    const words = field.value.trim();
    looked = words;
    found = [];
    at = -1;
    if (words) {
      const answer = await call(`/chat/search?q=${encodeURIComponent(words)}`).catch(() => ({ found: [], count: 0 }));
      if (looked !== words) return;
      ({ found, count } = answer);
    }
    tell();
    if (found.length) await go(0); else if (words) announce("Nothing found");
  }

  async function go(next) {
    if (next < 0 || next >= found.length) return;
    at = next;
    tell();
    announce(`Match ${at + 1} of ${count}`);
    await jump(found[at]);
  }

  function open() { bar.hidden = false; tell(); field.focus(); field.select(); }
  function close() { bar.hidden = true; field.value = looked = ""; found = []; $("text").focus(); }

  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); });
  bar.addEventListener("submit", (submit) => { submit.preventDefault(); if (looked === field.value.trim()) go(at + 1); else look(); });
  bar.addEventListener("keydown", (press) => {
    if (press.key === "Escape") close();
    else if (press.key === "ArrowUp") go(at + 1);
    else if (press.key === "ArrowDown") go(at - 1);
    else return;
    press.preventDefault();
  });
  $("search-up").addEventListener("click", () => go(at + 1));
  $("search-down").addEventListener("click", () => go(at - 1));
  $("search-close").addEventListener("click", close);
  $("search-open").addEventListener("click", open);
  return { open };
}
