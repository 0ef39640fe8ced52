// The demo page as a person uses it: what can be seen, clicked and typed.

import { openPage } from './browsers.mjs';
import { eventually } from './peers.mjs';

export const WIDE = { width: 1280, height: 800 };

/** Opens the demo at this path of a server, for the length of one test. */
export async function openDemo(test, browser, server, path = '/', { viewport = WIDE, ...options } = {}) {
  const page = await openPage(test, browser, 'about:blank', options);
  await page.setViewport(viewport);
  await page.evaluateOnNewDocument(recordToasts);
  await page.goto(server.url + path);
  return new Demo(page);
}

/** Opens the demo once for each name, all in one room, and waits until everybody sees everybody. */
export async function meet(test, browser, server, room, names, options) {
  const demos = [];
  for (const name of names) {
    demos.push(await openDemo(test, browser, server, `/${room}?name=${encodeURIComponent(name)}`, options));
    for (const demo of demos) await eventually(() => demo.text('#participant-count'), `${demos.length}`);
  }
  return demos;
}

/** A page with the demo. Selectors are of `www/index.html`; what is not to be seen has no text and cannot be clicked. */
class Demo {
  constructor(page) {
    this.page = page;
  }

  /** The visible text of the first element that matches, or null when there is none to be seen. */
  text(selector) {
    return this.page.evaluate((selector) => {
      const element = document.querySelector(selector);
      return element?.checkVisibility() ? element.innerText.trim() : null;
    }, selector);
  }

  /** The visible text of every element that matches, its lines joined by spaces. */
  texts(selector) {
    return this.page.evaluate(
      (selector) =>
        [...document.querySelectorAll(selector)]
          .filter((element) => element.checkVisibility())
          .map((element) => element.innerText.trim().replace(/\s+/g, ' ')),
      selector,
    );
  }

  async sees(selector) {
    return (await this.text(selector)) !== null;
  }

  /** The texts of the short messages that the page has shown since it was loaded; each is seen only for seconds. */
  toasts() {
    return this.page.evaluate(() => window.toasts);
  }

  value(selector) {
    return this.page.evaluate((selector) => document.querySelector(selector).value, selector);
  }

  attribute(selector, name) {
    return this.page.evaluate((selector, name) => document.querySelector(selector).getAttribute(name), selector, name);
  }

  /** The id of the element that has the focus. */
  focused() {
    return this.page.evaluate(() => document.activeElement?.id);
  }

  /** The session's data as the page shows it. */
  data() {
    return this.page.evaluate(() => {
      const parts = document.querySelectorAll('#data-entries [data-part="code"], #data-entries [data-part="comma"]');
      return JSON.parse(`{${[...parts].map((part) => part.textContent).join('')}}`);
    });
  }

  /**
   * Clicks the middle of an element with the mouse, once it can be seen, rests, and nothing covers it.
   *
   * The page may still move between the look and the click. Like a person, who sees what was hit, it then tries again.
   */
  async click(selector) {
    await eventually(async () => {
      const { problem, x, y } = await this.page.evaluate(aim, selector);
      if (problem) return problem;
      await this.page.mouse.click(x, y);
      const hit = await this.page.evaluate(() => window.lastClick);
      return hit === selector ? undefined : `the click meant for ${selector} went to ${hit}`;
    }, undefined);
  }

  /** Replaces what is in a field by typing. */
  async fill(selector, text) {
    await this.click(selector);
    await this.page.evaluate((selector) => document.querySelector(selector).select(), selector);
    await this.page.keyboard.press('Backspace');
    await this.page.keyboard.type(text);
  }

  /** Moves the focus to the element with this id, with the Tab key alone; `back` goes towards the page's beginning. */
  async tabTo(id, { back = false } = {}) {
    if (back) await this.page.keyboard.down('Shift');
    for (let presses = 0; (await this.focused()) !== id; presses++) {
      if (presses > 60) throw new Error(`Tab does not lead to #${id}`);
      await this.page.keyboard.press('Tab');
    }
    if (back) await this.page.keyboard.up('Shift');
  }

  /** Presses keys, one after the other; text is typed as it is with `type`. */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }
}

/** Runs in the page before everything else: keeps the text of every toast that can be seen. */
function recordToasts() {
  window.toasts = [];
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (node instanceof Element && node.matches('.toast') && node.checkVisibility()) window.toasts.push(node.innerText.trim());
    }
  }).observe(document, { childList: true, subtree: true });
}

/** Runs in the page: where to click for this element, or why that is not possible. Notes what the click then hits. */
async function aim(selector) {
  const element = document.querySelector(selector);
  if (!element?.checkVisibility() || element.disabled) return { problem: `${selector} cannot be clicked` };
  element.scrollIntoView({ block: 'center', behavior: 'instant' });
  const before = element.getBoundingClientRect();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { left, top, width, height } = element.getBoundingClientRect();
  if (left !== before.left || top !== before.top) return { problem: `${selector} moves` };
  const [x, y] = [left + width / 2, top + height / 2];
  const cover = document.elementFromPoint(x, y);
  if (!element.contains(cover)) return { problem: `${selector} is covered by ${cover?.outerHTML}` };
  window.lastClick = 'nothing';
  const note = ({ target }) => (window.lastClick = element.contains(target) ? selector : target.outerHTML);
  window.addEventListener('click', note, { capture: true, once: true });
  return { x, y };
}
