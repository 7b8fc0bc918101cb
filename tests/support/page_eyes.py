"""What is seen of a page, computed in the browser: contrast of texts and frames, where the focus stands, and what it never reached."""

LEAST_CONTRAST = 4.5

# A page's colours as they are seen: backgrounds that shine through are laid over what is below them.
EYES = """
const eyes = (() => {
  const parse = (text) => {
    const found = text.match(/[-\\d.]+/g).map(Number);
    if (text.startsWith('color(srgb')) return [found[0] * 255, found[1] * 255, found[2] * 255, found[3] ?? 1];
    return [found[0], found[1], found[2], found[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = parse(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.unshift(layer);
      if (layer[3] === 1 || at.matches('dialog')) break;
    }
    return layers.reduce((below, top) => over(top, below), parse(getComputedStyle(document.body).backgroundColor));
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => { const s = part / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
  const isSeen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && !element.closest('.unseen, .skip:not(:focus), [inert], .spoiler:not(.open)') && element.getBoundingClientRect().width > 1;
  return { parse, over, behind, contrast, isSeen };
})();
"""
FAINT = f"""() => {{ {EYES}
  const found = [], seen = [];
  const judge = (element, colour, words) => {{
    const below = eyes.behind(element), ink = eyes.over(eyes.parse(colour), below);
    seen.push(words);
    const ratio = eyes.contrast(ink, below);
    if (ratio < {LEAST_CONTRAST}) found.push(`${{words.slice(0, 40)}}: ${{ratio.toFixed(2)}} in .${{element.className || element.id || element.tagName}}`);
  }};
  const open = document.querySelector('dialog[open]');
  const walker = document.createTreeWalker(open ?? document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {{
    const element = node.parentElement;
    if (!node.data.trim() || element.matches('script, noscript, option') || element.closest('noscript, :disabled') || !eyes.isSeen(element)) continue;
    judge(element, getComputedStyle(element).color, node.data.trim());
  }}
  for (const field of (open ?? document).querySelectorAll('[placeholder]')) if (eyes.isSeen(field)) judge(field, getComputedStyle(field, '::placeholder').color, field.placeholder);
  return {{ found, seen }};
}}"""
FOCUSED = f"""() => {{ {EYES}
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const framed = at.id === 'file' ? at.parentElement : at, style = getComputedStyle(framed), box = framed.getBoundingClientRect();
  at.dataset.reached = '1';
  return {{
    name: at.id || `${{at.className}}: ${{at.textContent.slice(0, 20)}}`,
    isFramed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    contrast: eyes.contrast(eyes.parse(style.outlineColor), eyes.behind(framed.parentElement)),
    isInView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && Number(style.opacity) > 0.5,
  }};
}}"""
NOT_REACHED = f"""() => {{ {EYES}
  return [...document.querySelectorAll('button, a[href], input, textarea, select, [tabindex="0"]')]
    .filter((item) => item.checkVisibility() && !item.disabled && !item.dataset.reached && !item.closest('dialog:not([open])'))
    .map((item) => item.outerHTML.slice(0, 90));
}}"""
