import { $, busy, keepFocus } from './dom.js';
import { reason } from './failures.js';
import { complain } from './toasts.js';

/**
 * The pinned message (`pinned`: { text, by }). It is saved only if nobody has changed it since the form was opened;
 * otherwise the page says who did, and asks.
 */
export function createPinned({ call, write, names }) {
  let pinned = null;
  let editing = false;
  /** The version of the message that the form was opened with; `undefined` if there was none. */
  let base;
  let isRefused = false;
  /** Who changed the message last, or removed it. */
  let writer;

  const version = () => call.meetingSessionEntry('pinned')?.version;

  function edit(open) {
    editing = open;
    isRefused = false;
    base = version();
    $('pinned-form').reset();
    if (open) $('pinned-input').value = pinned.text;
    keepFocus($('pinned'), show);
  }

  function show() {
    const asForm = editing || !pinned;
    $('pinned-form').hidden = !asForm;
    $('pinned-save').hidden = isRefused;
    $('pinned-save').textContent = pinned ? 'Save' : 'Pin';
    $('pinned-cancel').hidden = isRefused || !editing;
    $('pinned-quote').hidden = !pinned || isRefused;
    $('pinned-actions').hidden = asForm;
    $('pinned-refusal').hidden = !isRefused;
    if (pinned) {
      $('pinned-text').textContent = pinned.text;
      $('pinned-by').textContent = pinned.by;
    }
    if (isRefused) showRefusal();
  }

  function showRefusal() {
    const did = !pinned ? 'removed the message' : base === undefined ? 'pinned a message' : 'changed the message';
    $('pinned-refused').textContent = `Not saved: ${names.of(writer)} ${did} while you were writing.`;
    $('pinned-theirs').hidden = !pinned;
    $('pinned-theirs').textContent = pinned?.text ?? '';
    $('pinned-overwrite').textContent = pinned ? 'Overwrite with mine' : 'Pin mine all the same';
    $('pinned-take').textContent = pinned ? 'Take theirs' : 'Leave it removed';
  }

  function refuse() {
    isRefused = true;
    show();
    $('pinned-refusal').focus();
  }

  async function save() {
    // Somebody was faster, and it is here already.
    if (version() !== base) return refuse();
    const text = $('pinned-input').value;
    const by = call.participants().local.user_name;
    try {
      // Somebody may be faster still, so the server is told what this is based on.
      const options = { mergeStrategy: 'shallow-merge', ifUnchanged: ['pinned'] };
      await call.updateMeetingSessionData({ pinned: { text, by } }, options);
      // Only now: while the connection is lost, only the form has the text.
      if ($('pinned-input').value === text) edit(false);
      else base = version();
    } catch (error) {
      if (error.code === 'conflict') refuse();
      else complain(`The message was not pinned: ${reason(error)}.`);
    }
  }

  $('pinned-form').addEventListener('submit', (event) => {
    event.preventDefault();
    busy($('pinned-save'), save);
  });
  $('pinned-edit').addEventListener('click', () => edit(true));
  $('pinned-cancel').addEventListener('click', () => edit(false));
  $('pinned-take').addEventListener('click', () => edit(false));
  $('pinned-overwrite').addEventListener('click', () => {
    isRefused = false;
    base = version();
    keepFocus($('pinned'), show);
    $('pinned-form').requestSubmit();
  });
  $('pinned-clear').addEventListener('click', () => write({ pinned: undefined }));

  call.on('meeting-session-state-updated', ({ changedKeys, updatedBy }) => {
    if (changedKeys.includes('pinned')) writer = updatedBy.pinned;
  });
  // What the form was opened with was in another session, so nobody here has changed it.
  call.on('session-reset', () => (base = version()));

  return {
    render({ data }) {
      const isTyped = $('pinned-input').value !== '';
      if (!editing && !isTyped) base = version();
      if (data.pinned === pinned) return;
      // Anyone can write anything under this key.
      pinned = typeof data.pinned?.text === 'string' ? data.pinned : null;
      // What is being typed stays when somebody else is faster.
      if (isTyped && pinned) editing = true;
      keepFocus($('pinned'), show);
    },
    reset() {
      pinned = null;
      edit(false);
    },
  };
}
