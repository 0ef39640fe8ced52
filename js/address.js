// The address of a session: where the server is and what the session is called.

const SCHEMES = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' };

/**
 * Reads an address: `ws`, `wss`, `http` or `https` (http means ws, https wss), a host, an optional path prefix, and the
 * session's name as the last segment. `?t=` is a token and is taken out; a fragment is ignored.
 */
export function readAddress(text) {
  const url = parsed(text);
  const scheme = SCHEMES[url?.protocol];
  const [path, prefix, last] = /^(.*\/)([^/]+)\/?$/.exec(url?.pathname) ?? [];
  const session = path ? decoded(last) : '';
  // `.` and `..` do not get here: they are steps in the path to every URL parser.
  if (!scheme || !/^[\w.~-]{1,128}$/.test(session)) {
    throw new Error(
      'The url must be the address of a session, such as wss://example.com/standup: ws, wss, http or https, and a ' +
        'last path segment of 1 to 128 letters, digits or any of _ . ~ -',
    );
  }
  const token = url.searchParams.get('t') ?? undefined;
  url.searchParams.delete('t');
  return { url: `${scheme}//${url.host}${prefix}${session}${url.search}`, session, token };
}

function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
