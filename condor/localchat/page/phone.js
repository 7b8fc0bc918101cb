// Moving to the phone: the token goes to the server once and never into the chat; a link and its picture come back.
export function phone({ call }) {
  const $ = (id) => document.getElementById(id);
  const dialog = $("phone"), field = $("phone-token"), text = $("phone-text");
  let timer = 0;

  function show(found) {
    const is = found.state;
    $("phone-form").hidden = is !== "none" || Boolean(found.fixed);
    $("phone-link").hidden = is !== "up";
    $("phone-forget").hidden = is === "none" || Boolean(found.fixed);
    if (is === "up") {
      $("phone-picture").src = found.picture;
      $("phone-url").href = found.link;
      $("phone-url").textContent = found.link.replace("https://", "");
      text.textContent = found.claimed
        ? `@${found.name} answers you on Telegram too: same bots, same history. Scan to open it.`
        : "Scan this with your phone and press Start: whoever does that first is the owner there. Bots and history come along.";
    } else if (is === "connecting") {
      text.textContent = found.trouble || "Telegram is being asked …";
    } else {
      text.textContent = found.fixed || "The same bots and the same history in Telegram on your phone; this page stays.";
    }
    clearTimeout(timer);
    if (dialog.open && (is === "connecting" || (is === "up" && !found.claimed))) timer = setTimeout(look, 1500);
  }

  async function look() {
    try { show(await call("/chat/phone")); }
    catch (error) { text.textContent = error.message; }
  }
  async function send(body) {
    text.textContent = "Telegram is being asked …";
    try { show(await call("/chat/phone", body)); field.value = ""; }
    catch (error) { text.textContent = error.message; }
  }

  $("phone-open").addEventListener("click", () => { dialog.showModal(); look(); });
  $("phone-form").addEventListener("submit", (submit) => { submit.preventDefault(); send({ token: field.value }); });
  $("phone-forget").addEventListener("click", () => send({ forget: true }));
  dialog.addEventListener("close", () => { clearTimeout(timer); field.value = ""; });
}
