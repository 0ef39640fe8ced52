// The Daily view is served at `<prefix>/` and at `<prefix>/<room>`, the 100ms view at
// `<prefix>/-/demo/100ms.html?room=<room>`. So everything follows from the page's own address.

const query = new URLSearchParams(location.search);
const [, prefix, folder, file] = /^(.*?\/)(-\/demo\/)?([^/]*)$/.exec(location.pathname);
const base = location.origin + prefix;

/** The room that the address names, or a new friendly one. */
export const suggestedRoom = (folder ? query.get('room') : decode(file)) || friendlyRoom();

/** The address that opens the Daily view in `room`; with `name`, its visitor joins at once under that name. */
export const dailyAddress = (room, name) => withQuery(encodeURIComponent(room), { name });

/** The same for the 100ms view. */
export const hmsAddress = (room, name) => withQuery('-/demo/100ms.html', { room, name });

/** The same for the view that this page is. */
export const pageAddress = folder ? hmsAddress : dailyAddress;

/** The address to join: the Daily view's own, as a WebSocket. */
export const sessionAddress = (room) => dailyAddress(room).replace(/^http/, 'ws');

/** The name to join with at once: asked for by the address, or in use before a reload. */
export const nameToJoinWith = () => history.state?.name ?? query.get('name')?.trim();

// The history entry holds the name, and not the tab's storage, because a frame shares that storage with its parent.
export const rememberJoined = (room, name) => history.replaceState({ name }, '', pageAddress(room));
export const forgetJoined = () => history.replaceState(null, '', location.href);

function withQuery(path, parameters) {
  const address = new URL(path, base);
  for (const [key, value] of Object.entries(parameters)) if (value) address.searchParams.set(key, value);
  return address.href;
}

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
