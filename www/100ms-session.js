// What is kept in the session: the pinned message, in the session store, and the session metadata.

import { selectLocalPeerName, selectSessionMetadata, selectSessionStore } from '../module/100ms.js';
import { attempt, hmsActions, hmsStore, sendsText } from './100ms-store.js';
import { $, keepFocus } from './dom.js';

export function createPinned() {
  sendsText('pinned', async (text) => {
    const by = hmsStore.getState(selectLocalPeerName);
    await hmsActions.sessionStore.set('pinned', { text, by });
  });
  $('pinned-clear').addEventListener('click', () => attempt(hmsActions.sessionStore.set('pinned', undefined)));
  hmsStore.subscribe(showPinned, selectSessionStore('pinned'));
}

function showPinned(pinned) {
  // Anyone can write anything under this key.
  const isPinned = typeof pinned?.text === 'string';
  keepFocus($('pinned'), () => {
    $('pinned-quote').hidden = !isPinned;
    $('pinned-clear').hidden = !isPinned;
  });
  $('pinned-text').textContent = isPinned ? pinned.text : '';
  $('pinned-by').textContent = isPinned ? pinned.by : '';
}

export function createMetadata() {
  sendsText('metadata', (text) => hmsActions.setSessionMetadata(text));
  $('metadata-clear').addEventListener('click', () => attempt(hmsActions.setSessionMetadata(undefined)));
  hmsStore.subscribe(showMetadata, selectSessionMetadata);
}

/** Metadata is any JSON value: the Daily view can write other ones than texts. */
function showMetadata(metadata) {
  const isSet = metadata !== undefined;
  keepFocus($('metadata'), () => {
    $('metadata-none').hidden = isSet;
    $('metadata-value').hidden = !isSet;
    $('metadata-clear').hidden = !isSet;
  });
  $('metadata-value').textContent = typeof metadata === 'string' ? metadata : JSON.stringify(metadata, null, 2);
}
