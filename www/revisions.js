import { $, clone, list, part } from './dom.js';

const KEPT = 10;
const KEYS_SHOWN = 6;

/**
 * The last revisions: when each came, and what it changed. Untouched values keep their identity between updates, so
 * `!==` finds the changes.
 */
export function createRevisions({ call }) {
  let entries = [];
  let previous = null;
  let lastRevision = 0;
  let serial = 0;

  function describe(data, revision) {
    if (!previous) return { label: `${revision}`, note: 'the data as we found it' };
    // A slow or returning reader gets several revisions as one change.
    const label = revision > lastRevision + 1 ? `${lastRevision + 1} to ${revision}` : `${revision}`;
    return { label, changes: compare(previous, data) };
  }

  return {
    record(data) {
      const revision = call.meetingSessionRevision();
      const entry = describe(data, revision);
      previous = data;
      lastRevision = revision;
      if (entry.changes?.length === 0) return;
      entries = [{ ...entry, id: `${(serial += 1)}`, time: new Date() }, ...entries].slice(0, KEPT);
      list($('revisions'), entries, { key: ({ id }) => id, create: () => clone('revision'), update });
    },
    reset() {
      entries = [];
      previous = null;
      $('revisions').replaceChildren();
    },
  };
}

function compare(before, after) {
  const kept = Object.keys(after).filter((key) => !Object.hasOwn(before, key) || before[key] !== after[key]);
  return [
    ...kept.map((key) => ({ key, how: Object.hasOwn(before, key) ? 'changed' : 'added' })),
    ...Object.keys(before).filter((key) => !Object.hasOwn(after, key)).map((key) => ({ key, how: 'removed' })),
  ];
}

function update(element, { label, time, note, changes = [] }) {
  part(element, 'revision').textContent = label;
  part(element, 'time').textContent = time.toLocaleTimeString();
  part(element, 'time').dateTime = time.toISOString();
  const chips = changes.slice(0, KEYS_SHOWN).map(chip);
  const rest = changes.length > KEYS_SHOWN ? `and ${changes.length - KEYS_SHOWN} more` : '';
  part(element, 'changes').replaceChildren(...chips, note ?? rest);
}

function chip({ key, how }) {
  const chip = document.createElement('span');
  chip.className = `chip ${how}`;
  const name = document.createElement('code');
  name.textContent = key;
  name.title = key;
  chip.append(`${how} `, name);
  return chip;
}
