// Trouble on purpose: how the line to the bot is made to be, and who taps. What is set here is on the server, but for the taps, which are this page's.
export function trouble({ call, say, onChange }) {
  const $ = (id) => document.getElementById(id);
  const dialog = $("trouble"), form = $("trouble-form"), mark = $("more");
  let ends = 0;

  const taps = () => ({ twice: form.elements.twice.checked, second: form.elements.second.checked });
  const wanted = () => ({ latency_ms: Number(form.elements.latency.value), flood_every: Number(form.elements.flood.value) });

  function show(line) {
    form.elements.latency.value = String(line.latency_ms);
    form.elements.flood.value = String(line.flood_every);
    clearTimeout(ends);
    if (line.offline_s > 0) ends = setTimeout(refresh, line.offline_s * 1000 + 200);
    const { twice, second } = taps();
    const words = [
      line.offline_s > 0 && "the bot is cut off", line.latency_ms > 0 && `${line.latency_ms} ms late`,
      line.flood_every > 0 && `429 every ${line.flood_every}`, twice && "taps count twice", second && "you are the second user",
    ].filter(Boolean);
    mark.classList.toggle("on", words.length > 0);
    onChange(words.join(", "));
  }

  async function refresh() { show(await call("/chat/trouble").catch(() => ({ latency_ms: 0, flood_every: 0, offline_s: 0 }))); }
  async function set(more) {
    try { show(await call("/chat/trouble", { ...wanted(), ...more })); }
    catch (error) { say(error.message); }
  }

  $("trouble-open").addEventListener("click", () => dialog.showModal());
  form.addEventListener("change", () => set({}));
  $("trouble-offline").addEventListener("click", () => set({ offline_s: 30 }));
  $("trouble-none").addEventListener("click", () => { form.reset(); set({}); });
  refresh();
  return { taps };
}
