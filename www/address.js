// The page is served at `<prefix>/` and at `<prefix>/<room>`, so everything follows from its own address.

const cut = location.pathname.lastIndexOf('/') + 1;
const base = location.origin + location.pathname.slice(0, cut);

/** The room that the address names, or a new friendly one. */
export const suggestedRoom = decode(location.pathname.slice(cut)) || friendlyRoom();

/** The address that opens the demo in `room`; with `name`, its visitor joins at once under that name. */
export function pageAddress(room, name) {
  const address = new URL(encodeURIComponent(room), base);
  if (name) address.searchParams.set('name', name);
  return address.href;
}

/** The address to join: the page's own, as a WebSocket. */
export const sessionAddress = (room) => pageAddress(room).replace(/^http/, 'ws');

/** The name to join with at once: asked for by the address, or in use before a reload. */
export function nameToJoinWith() {
  return history.state?.name ?? new URLSearchParams(location.search).get('name')?.trim();
}

// The history entry holds the name, and not the tab's storage, because a frame shares that storage with its parent.
export const rememberJoined = (room, name) => history.replaceState({ name }, '', pageAddress(room));
export const forgetJoined = () => history.replaceState(null, '', location.href);

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

function friendlyRoom() {
  const pick = (words) => words[Math.floor(Math.random() * words.length)];
  const mood = pick(['quiet', 'sunny', 'brave', 'gentle', 'swift', 'merry', 'calm', 'bright']);
  return `${mood}-${pick(['otter', 'heron', 'maple', 'harbor', 'comet', 'meadow', 'lynx', 'river'])}`;
}
