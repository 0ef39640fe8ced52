import { $, clone, keepFocus, list, part } from './dom.js';
import { tint } from './face.js';

const MOST_CHARACTERS = 102_400;
const MOST_COLOURED = 10_000;
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

/** The session's data as JSON, live: one element per top-level key, redrawn only when its value is another one. */
export function createData({ call, write, names }) {
  const drawn = new WeakMap();
  let isFirst = true;

  function createEntry(key) {
    const entry = clone('entry');
    part(entry, 'remove').setAttribute('aria-label', `Delete key ${key}`);
    part(entry, 'remove').addEventListener('click', () => write({ [key]: undefined }));
    return entry;
  }

  /** Who changed a key last, when, and which revision that made. */
  function updateStamp(entry, key) {
    const { version, updatedBy, updatedAt } = call.meetingSessionEntry(key);
    tint(part(entry, 'stamp'), updatedBy);
    part(entry, 'who').textContent = names.of(updatedBy);
    part(entry, 'when').textContent = updatedAt.toLocaleTimeString();
    part(entry, 'when').dateTime = updatedAt.toISOString();
    part(entry, 'when').title = updatedAt.toLocaleString();
    part(entry, 'revision').textContent = `revision ${version}`;
  }

  function updateEntry(entry, [key, value], isLast) {
    part(entry, 'comma').textContent = isLast ? '' : ',';
    updateStamp(entry, key);
    if (drawn.has(entry) && drawn.get(entry) === value) return;
    drawn.set(entry, value);
    // A new element starts the highlight's animation anew; the button beside it keeps its focus.
    const code = document.createElement('code');
    code.dataset.part = 'code';
    code.classList.toggle('changed', !isFirst);
    const text = `  ${JSON.stringify(key)}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`;
    code.append(...coloured(text));
    part(entry, 'code').replaceWith(code);
  }

  return {
    render({ data }) {
      const entries = Object.entries(data);
      keepFocus($('data'), () => {
        list($('data-entries'), entries, {
          key: ([key]) => key,
          create: createEntry,
          update: (entry, item, index) => updateEntry(entry, item, index === entries.length - 1),
        });
      });
      isFirst = false;
      const size = JSON.stringify(data).length;
      $('data-size').textContent = `${size.toLocaleString('en')} of ${MOST_CHARACTERS.toLocaleString('en')} characters`;
      $('data-revision').textContent = `revision ${call.meetingSessionRevision()}`;
    },
    reset() {
      isFirst = true;
      $('data-entries').replaceChildren();
    },
  };
}

/** The JSON text as nodes, one per token. A long text stays one: thousands of elements would stall the page. */
function coloured(text) {
  if (text.length > MOST_COLOURED) return [text];
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token, string, colon] = match;
    const span = document.createElement('span');
    span.className = colon ? 'key' : string ? 'string' : 'literal';
    span.textContent = token;
    nodes.push(text.slice(end, match.index), span);
    end = match.index + token.length;
  }
  return [...nodes, text.slice(end)];
}
