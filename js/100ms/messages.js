// Messages: app messages of the form `{ message, type }`, in 100ms's shape.

import { shallow } from '../shallow.js';

let made = 0;

/**
 * A message as it is in the store. `about` says the rest.
 *
 * Its id is only known here: an app message has none.
 */
export function makeMessage(sender, about) {
  const time = new Date();
  return {
    id: `${time.getTime()}-${++made}`,
    sender: sender?.id,
    senderName: sender?.name,
    senderUserId: sender?.customerUserId,
    senderRole: sender?.roleName,
    recipientPeer: undefined,
    recipientRoles: undefined,
    time,
    ...about,
  };
}

/** What an app message says. One that was not sent with this API is a chat message with all of it. */
export function received(data, localPeer) {
  if (typeof data?.message !== 'string' || typeof data.type !== 'string') return { message: data, type: 'chat' };
  const { message, type, recipientPeer, recipientRoles } = data;
  return {
    message,
    type,
    recipientPeer: recipientPeer === undefined ? undefined : localPeer,
    recipientRoles: Array.isArray(recipientRoles) ? recipientRoles : undefined,
  };
}

/** The part of the state that holds the messages, with one more. */
export function added({ messages }, one) {
  return { messages: { byID: { ...messages.byID, [one.id]: one }, allIDs: [...messages.allIDs, one.id] } };
}

/** The same with `read` set on the message of this id, or without an id on all. */
export function marked({ messages }, read, id) {
  const mark = (one) => (one.read === read || (id !== undefined && one.id !== id) ? one : { ...one, read });
  const byID = Object.fromEntries(Object.entries(messages.byID).map(([key, one]) => [key, mark(one)]));
  return { messages: shallow(messages.byID, byID) ? messages : { ...messages, byID } };
}
