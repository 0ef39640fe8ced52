import { reason } from './failures.js';
import { $ } from './dom.js';

/** What is saved sooner is not worth a flicker. */
const SHOWN_AFTER = 300;

/** Says whether everything that was written here has arrived. */
export function createSaving({ call }) {
  let timer;

  function show() {
    timer = undefined;
    const { pending, error } = call.meetingSessionSaving();
    const said = [pending > 0 && `${pending} pending`, error && `Not sent: ${reason(error)}`].filter(Boolean);
    $('saving').textContent = said.join('. ') || 'All changes saved';
    $('saving').dataset.state = error ? 'failed' : pending > 0 ? 'pending' : 'saved';
  }

  call.on('meeting-session-saving-updated', ({ pending, error }) => {
    if (pending > 0 && !error) return void (timer ??= setTimeout(show, SHOWN_AFTER));
    clearTimeout(timer);
    show();
  });

  return { render() {}, reset: show };
}
