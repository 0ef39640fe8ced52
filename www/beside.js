import { hmsAddress, pageAddress } from './address.js';
import { $ } from './dom.js';

const NAMES = ['Mika', 'Noor', 'Sam', 'Kim', 'Ada', 'Lou'];
/** Longer than a call waits for the answers to what it wrote before it leaves. */
const TIME_TO_LEAVE = 2_500;
/** For the last message of a call that has left to go out. */
const TIME_TO_SEND = 500;
const isFramed = window.parent !== window;

/**
 * The second participant: this page once more, in a frame beside this one, or in a window of its own. The link to the
 * 100ms view is here too.
 */
export function createBeside() {
  $('open-second').addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const frame = document.createElement('iframe');
    frame.title = 'Second participant';
    frame.src = $('open-second').href;
    $('beside').append(frame);
    show(true);
    $('close-second').focus();
  });

  $('close-second').addEventListener('click', () => {
    close();
    $('open-second').focus();
  });

  return {
    render({ room, people }) {
      const taken = people.map((person) => person.user_name);
      const name = NAMES.find((candidate) => !taken.includes(candidate)) ?? 'Guest';
      $('open-second').href = pageAddress(room, name);
      $('open-100ms').href = hmsAddress(room, name);
    },
    reset: close,
  };
}

function close() {
  const frame = $('beside').querySelector('iframe:not([hidden])');
  show(false);
  if (!frame) return;
  frame.hidden = true;
  // A frame that is only taken away counts as a lost page and stays a while; one that leaves first is gone at once.
  const page = frame.contentDocument;
  page?.getElementById('leave')?.click();
  const removeIn = (time) => setTimeout(() => frame.remove(), time);
  const meeting = page?.getElementById('meeting');
  if (!meeting || meeting.hidden) {
    removeIn(TIME_TO_SEND);
  } else {
    removeIn(TIME_TO_LEAVE);
    // It is hidden when the call has left.
    new MutationObserver(() => removeIn(TIME_TO_SEND)).observe(meeting, { attributeFilter: ['hidden'] });
  }
}

function show(isOpen) {
  $('beside').hidden = !isOpen;
  $('open-second').hidden = isOpen || isFramed;
  document.body.classList.toggle('with-second', isOpen);
}
