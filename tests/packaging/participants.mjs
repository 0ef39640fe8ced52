// What every page of every project has to do: two people open it and see the same.

import { Failure } from '../../scripts/run.mjs';
import { openPage } from '../e2e/support/browsers.mjs';
import { eventually } from '../e2e/support/peers.mjs';

/** A development server compiles a page when it is first asked for. */
const PATIENCE_MS = 30_000;

/**
 * Opens the page at `address` for two participants of the session at `url`, and has each pin a text that both must see.
 *
 * Fails as well when a page has logged an error or let an exception escape.
 */
export async function shareState(browser, address, url) {
  const cleanups = [];
  const test = { after: (cleanup) => cleanups.push(cleanup) };
  const failures = [];
  try {
    await pinInTurns(test, browser, address, url);
  } catch (error) {
    failures.push(error);
  }
  for (const cleanup of cleanups) await cleanup().catch((error) => failures.push(error));
  // What went wrong in the page often explains what was not seen there, so both are told.
  if (failures.length > 0) throw new Failure([`${address}:`, ...failures.map((error) => error.message)].join('\n'));
}

async function pinInTurns(test, browser, address, url) {
  const open = (userName) => openPage(test, browser, `${address}?${new URLSearchParams({ url, userName })}`);
  const pages = [await open('Ana'), await open('Bo')];
  const pinned = () => Promise.all(pages.map((page) => page.$eval('#pinned', (element) => element.textContent)));

  await eventually(pinned, ['nothing', 'nothing'], PATIENCE_MS);
  await pages[0].click('#pin');
  await eventually(pinned, ['pinned by Ana', 'pinned by Ana'], PATIENCE_MS);
  await pages[1].click('#pin');
  await eventually(pinned, ['pinned by Bo', 'pinned by Bo'], PATIENCE_MS);
}
