// Who this tab was in a session, kept over a reload in the session storage.
//
// It is written only when a document goes away and removed by the one that takes it, so a duplicated tab finds none. The
// secret in it is good for one resume: of two documents that took the same one, the server believes the first.

// A frame shares the storage of the page that it is in, and goes away with it.
const key = (address) => `meeting-session-state ${address}${globalThis.top === globalThis ? '' : ' framed'}`;

/** Keeps who this document was, for the next one. */
export function keepIdentity(address, identity) {
  try {
    sessionStorage.setItem(key(address), identity);
  } catch {
    // There is no storage here, or no room in it. The next document is somebody new.
  }
}

/** Takes who the last document was: its parts, none if there was none. */
export function takeIdentity(address) {
  try {
    const identity = sessionStorage.getItem(key(address));
    sessionStorage.removeItem(key(address));
    return identity.split(' ');
  } catch {
    return [];
  }
}
