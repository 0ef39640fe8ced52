import { $, busy } from './dom.js';
import { reason } from './failures.js';

/** Writes what is typed with the chosen strategy; what is wrong with it is said in place. */
export function createEditor({ call, names }) {
  /** The revision that a write is based on, if it is to be made only when nobody else has written since. */
  let base = 0;

  function startFrom(revision) {
    base = revision;
    $('editor-revision').textContent = `revision ${revision}`;
  }

  function showError(text) {
    $('editor-error').textContent = text;
    $('editor-json').setAttribute('aria-invalid', text !== '');
  }

  function refusal({ current, revision }) {
    const entries = Object.keys(current).map((key) => ({ key, ...call.meetingSessionEntry(key) }));
    const changed = entries.filter((entry) => entry.version > base);
    const who = changed.map(({ key, updatedBy }) => `, ${JSON.stringify(key)} by ${names.of(updatedBy)}`).join('');
    return `Not written: the data has changed and is at revision ${revision}${who}. Write again to go ahead.`;
  }

  async function save() {
    showError('');
    try {
      const { strategy, conditional } = $('editor-form').elements;
      const { revision } = await call.updateMeetingSessionData(JSON.parse($('editor-json').value), {
        mergeStrategy: strategy.value,
        ...(conditional.checked && { ifRevision: base }),
      });
      startFrom(revision);
    } catch (error) {
      if (error.code === 'conflict') {
        showError(refusal(error));
        startFrom(error.revision);
      } else {
        showError(error instanceof SyntaxError ? `Not valid JSON: ${error.message}` : `Not written: ${reason(error)}`);
      }
    }
  }

  $('editor-form').addEventListener('submit', (event) => {
    event.preventDefault();
    busy($('editor-write'), save);
  });
  $('editor-json').addEventListener('input', () => showError(''));
  $('editor-conditional').addEventListener('change', () => startFrom(call.meetingSessionRevision()));
  $('editor-load').addEventListener('click', () => {
    $('editor-json').value = JSON.stringify(call.meetingSessionState().data, null, 2);
    startFrom(call.meetingSessionRevision());
    showError('');
  });
}
