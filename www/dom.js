export const $ = (id) => document.getElementById(id);

/** A copy of the one element in the template `${name}-template`. */
export const clone = (name) => $(`${name}-template`).content.firstElementChild.cloneNode(true);

export const part = (element, name) => element.querySelector(`[data-part="${name}"]`);

/**
 * Makes `container` hold one element per item, in order. Elements are kept by key, so focus and running animations
 * survive a render: `create(key)` makes one, `update(element, item, index)` brings it up to date.
 */
export function list(container, items, { key, create, update }) {
  const kept = new Map([...container.children].map((element) => [element.dataset.key, element]));
  const keys = new Set(items.map(key));
  // What goes must go first: moving an element that has the focus would take the focus from it.
  for (const [old, element] of kept) if (!keys.has(old)) element.remove();
  items.forEach((item, index) => {
    const itemKey = key(item);
    let element = kept.get(itemKey);
    if (!element) {
      element = create(itemKey);
      element.dataset.key = itemKey;
    }
    update(element, item, index);
    if (container.children[index] !== element) container.insertBefore(element, container.children[index] ?? null);
  });
}

/** Runs `work` while `button` shows that it is under way; until it has ended, the button does nothing more. */
export async function busy(button, work) {
  if (button.getAttribute('aria-busy')) return undefined;
  button.setAttribute('aria-busy', true);
  try {
    return await work();
  } finally {
    button.removeAttribute('aria-busy');
  }
}

/** Runs `change`; if that hides or removes the focused control of `section`, its first control gets the focus. */
export function keepFocus(section, change) {
  const focused = section.contains(document.activeElement) ? document.activeElement : null;
  change();
  if (focused && !isShown(focused)) {
    [...section.querySelectorAll('input, textarea, button')].find(isShown)?.focus();
  }
}

const isShown = (element) => element.isConnected && element.getClientRects().length > 0;
