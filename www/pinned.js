import { $, keepFocus } from './dom.js';

/** The pinned message (`pinned`: { text, by }). */
export function createPinned({ call, write }) {
  let pinned = null;
  let editing = false;

  function edit(open) {
    editing = open;
    keepFocus($('pinned'), show);
  }

  function show() {
    const asForm = editing || !pinned;
    $('pinned-form').hidden = !asForm;
    $('pinned-cancel').hidden = !pinned;
    $('pinned-save').textContent = pinned ? 'Save' : 'Pin';
    $('pinned-quote').hidden = !pinned;
    $('pinned-actions').hidden = asForm;
    if (!asForm) $('pinned-form').reset();
  }

  $('pinned-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = $('pinned-input').value;
    const by = call.participants().local.user_name;
    // The form stays open until the message is there: while the connection is lost, only the form has the text.
    if (pinned?.text === text && pinned.by === by) edit(false);
    else write({ pinned: { text, by } });
  });
  $('pinned-edit').addEventListener('click', () => {
    $('pinned-input').value = pinned.text;
    edit(true);
  });
  $('pinned-cancel').addEventListener('click', () => edit(false));
  $('pinned-clear').addEventListener('click', () => write({ pinned: undefined }));

  return {
    render({ data }) {
      if (data.pinned === pinned) return;
      // Anyone can write anything under this key.
      const next = typeof data.pinned?.text === 'string' ? data.pinned : null;
      const typed = $('pinned-input').value;
      // What is being typed stays when somebody else is faster; the own message closes the form.
      if (typed && next) editing = typed !== next.text && (editing || !pinned);
      pinned = next;
      if (pinned) {
        $('pinned-text').textContent = pinned.text;
        $('pinned-by').textContent = pinned.by;
      }
      keepFocus($('pinned'), show);
    },
    reset() {
      pinned = null;
      editing = false;
      $('pinned-form').reset();
      show();
    },
  };
}
