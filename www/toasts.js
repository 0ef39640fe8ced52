import { $, clone, part } from './dom.js';

const SHOWN_FOR = 5_000;
const MOST_AT_ONCE = 4;

/** Says something in passing. */
export function say(text) {
  const toast = add(text);
  part(toast, 'dismiss').remove();
  setTimeout(() => toast.remove(), SHOWN_FOR);
}

/** Reports a problem; it stays until it is dismissed or newer ones push it out. */
export function complain(text) {
  const toast = add(text);
  toast.classList.add('error');
  part(toast, 'dismiss').addEventListener('click', () => toast.remove());
}

function add(text) {
  const toast = clone('toast');
  part(toast, 'text').textContent = text;
  $('toasts').append(toast);
  if ($('toasts').children.length > MOST_AT_ONCE) $('toasts').firstElementChild.remove();
  return toast;
}
