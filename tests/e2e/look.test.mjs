// The demo for everybody: axe-core, and screens of every width.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';

import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { WIDE, meet, openDemo } from './support/demo.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const NARROW = { width: 375, height: 740 };
const NARROWEST = { width: 320, height: 640 };

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

for (const name of BROWSERS) {
  describe(`the demo, looked at in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    // Only Chromium can be told here to prefer dark pages.
    const schemes = name === 'chromium' ? ['light', 'dark'] : ['light'];

    /** Looks at the page in every scheme and width, and returns to the first. */
    async function look(demo, what) {
      for (const scheme of schemes) {
        await prefer(demo.page, scheme);
        for (const viewport of [WIDE, NARROW, NARROWEST]) {
          await resize(demo.page, viewport);
          const where = `${what}, ${scheme}, ${viewport.width} pixels`;
          assert.deepEqual(await tooWide(demo.page), [], where);
          if (viewport !== NARROWEST) assert.deepEqual(await violations(demo.page), [], where);
        }
      }
      await prefer(demo.page, schemes[0]);
      await resize(demo.page, WIDE);
    }

    async function prefer(page, scheme) {
      if (schemes.length === 1) return;
      // Chromium goes on with the colours that an animation began with.
      await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    }

    it('before joining, and with a problem', async (test) => {
      const demo = await openDemo(test, browser, server);
      await look(demo, 'the join form');
      await demo.fill('#join-name', 'Ana');
      await demo.click('#join-submit');
      await demo.click('#leave');
      await eventually(async () => /^You left/.test(await demo.text('#join-status')), true);
      await look(demo, 'the join form after leaving');
    });

    it('in a meeting that has just begun, and in one where everything is used', async (test) => {
      const long = 'Bartholomew Featherstonehaugh-Cholmondeley';
      const [ana, bo] = await meet(test, browser, server, `${name}-${'long'.repeat(20)}`, ['Ana', long]);
      await look(ana, 'an empty meeting');

      await ana.fill('#pinned-input', `See https://example.com/${'very'.repeat(20)}/long`);
      // What the server confirms moves what is below it, so a click meanwhile could miss.
      await ana.click('#pinned-save');
      await eventually(() => ana.sees('#pinned-text'), true);
      await ana.click('#poll-save');
      await eventually(() => ana.sees('#poll-options'), true);
      await ana.click('#participants li:nth-child(2) [data-part="spotlight"]');
      await eventually(() => ana.sees('#stage-clear'), true);
      await bo.fill('#editor-json', JSON.stringify({ ['key'.repeat(40)]: 'value'.repeat(60), list: [1, true, null] }));
      await bo.click('#editor-write');
      await eventually(async () => (await ana.texts('#data-entries > li')).length, 5);
      await ana.click('#poll-options [data-part="vote"]');
      await eventually(async () => (await ana.texts('.votes'))[0], '1 vote, 100%');
      await eventually(async () => (await ana.texts('#data-entries > li')).length, 5);
      await ana.fill('#editor-json', '{ broken');
      await ana.click('#editor-write');
      await bo.click('#wave');
      await eventually(async () => (await ana.texts('.toast')).length > 0, true);
      await look(ana, 'a full meeting');

      for (const button of ['#pinned-edit', '#poll-edit', '#rename']) await ana.click(button);
      await look(ana, 'a meeting with every form open');
    });

    it('with a message that was not saved, because somebody else was faster', async (test) => {
      const long = 'Bartholomew Featherstonehaugh-Cholmondeley';
      const [ana, bo] = await meet(test, browser, server, `${name}-refused`, ['Ana', long]);
      for (const mine of ['Old', `See https://example.com/${'very'.repeat(20)}/long`]) {
        if (await bo.sees('#pinned-text')) await ana.click('#pinned-edit');
        await bo.fill('#pinned-input', mine);
        await bo.click('#pinned-save');
        await eventually(() => ana.text('#pinned-text'), mine);
        if (mine === 'Old') await bo.click('#pinned-edit');
      }
      await ana.click('#pinned-save');
      await eventually(() => ana.sees('#pinned-refusal'), true);
      await ana.click('#editor-conditional');
      await look(ana, 'a message that was not saved');
    });

    it('in a meeting that has lost its connection', async (test) => {
      const lost = await startServer();
      const [ana] = await meet(test, browser, lost, 'lost', ['Ana'], { allow: LOST_CONNECTION });
      await lost.kill();
      await eventually(() => ana.sees('#lost'), true);
      await look(ana, 'a meeting that has lost its connection');
    });

    it('in the 100ms view, before joining and in a meeting where everything is used', async (test) => {
      const view = `/-/demo/100ms.html?room=${name}-100ms`;
      await look(await openDemo(test, browser, server, view), 'the 100ms join form');

      const long = 'Bartholomew Featherstonehaugh-Cholmondeley';
      const bo = await openDemo(test, browser, server, `${view}&name=${long}`);
      await eventually(() => bo.text('#participant-count'), '1');
      await look(bo, 'an empty meeting in the 100ms view');
      await bo.click('#participants [data-part="spotlight"]');
      for (const field of ['chat', 'metadata', 'pinned']) {
        await bo.fill(`#${field}-input`, `See https://example.com/${'very'.repeat(20)}/long`);
        await bo.click(`#${field}-form .primary`);
      }
      await eventually(() => bo.sees('#pinned-quote'), true);
      // More than a session may hold.
      await bo.page.evaluate(() => (document.querySelector('#metadata-input').value = 'x '.repeat(60_000)));
      await bo.click('#metadata-save');
      await eventually(() => bo.sees('.toast.error'), true);
      await look(bo, 'a full meeting in the 100ms view');
    });

    it('with a second participant beside the first', async (test) => {
      const ana = await openDemo(test, browser, server, `/${name}-beside?name=Ana`);
      await ana.click('#open-second');
      await eventually(async () => (await ana.texts('#participants li')).length, 2);
      for (const viewport of [WIDE, NARROW]) {
        await resize(ana.page, viewport);
        // Both halves scroll by themselves, and the page doesn't.
        const scrolls = () => ana.page.evaluate(() => document.documentElement.scrollHeight > innerHeight);
        await eventually(scrolls, false);
        assert.deepEqual(await tooWide(ana.page), []);
        assert.deepEqual(await violations(ana.page), []);
      }
    });
  });
}

async function resize(page, viewport) {
  await page.setViewport(viewport);
  await eventually(() => page.evaluate(() => innerWidth), viewport.width);
}

/** What a screen reader or a person with weak eyes could not use: the serious findings of axe-core. */
async function violations(page) {
  await page.evaluate(`window.axe || (() => { ${axeSource} })()`);
  const found = await page.evaluate(async () => {
    // Colours are judged as they are for more than a blink.
    for (const animation of document.getAnimations()) {
      if (animation instanceof CSSTransition || animation.animationName === 'arrive') animation.finish();
    }
    return (await axe.run(document, { resultTypes: ['violations'] })).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => `${impact}: ${id} of ${nodes.map(({ html }) => html).join('; ')}`);
}

/** The elements that reach over the right edge of the page, if it can be scrolled sideways. */
function tooWide(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth);
    return [`${scrollWidth} > ${clientWidth}`, ...wide.map((one) => one.outerHTML.slice(0, 120))];
  });
}
