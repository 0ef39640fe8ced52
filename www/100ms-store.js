// The one HMSReactiveStore of the page.

import { HMSReactiveStore } from '../module/100ms.js';
import { $ } from './dom.js';
import { complain } from './toasts.js';

const hms = new HMSReactiveStore();
export const hmsStore = hms.getStore();
export const hmsActions = hms.getActions();
export const hmsNotifications = hms.getNotifications();

/** Waits for an action of `hmsActions` to be done: true. One that is refused is said: false. */
export async function attempt(action) {
  try {
    await action;
    return true;
  } catch (exception) {
    complain(exception.description);
    return false;
  }
}

/** A form with one field, whose text goes to `send`. What was sent is cleared, what was refused stays in the field. */
export function sendsText(name, send) {
  const form = $(`${name}-form`);
  const field = $(`${name}-input`);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = field.value;
    // What was typed in the meantime stays, too.
    if ((await attempt(send(text))) && field.value === text) form.reset();
  });
}
