// Every selector of this package beside the one of that name in `@100mslive/react-sdk`, over the same states.

import * as SDK from '@100mslive/react-sdk';
import * as OURS from 'meeting-session-state/100ms';

const { useHMSStore } = SDK;

/** The real package has no selector of versions. */
const NAMES = Object.keys(OURS).filter((name) => name.startsWith('select') && name !== 'selectSessionStoreEntry');

const peers = ({ room }) => [...room.peers, 'nobody', undefined];
/** What the selectors that are made from an argument are made from. */
const ARGUMENTS = {
  selectSessionStore: () => [undefined, 'default', 'poll', 'missing'],
  selectPeerByID: peers,
  selectPeerNameByID: peers,
  selectPeerName: peers,
  selectPeerMetadata: peers,
  selectMessageByMessageID: ({ messages }) => [...messages.allIDs, 'nothing'],
};

const known = new Map();

/** A selector of both packages, kept because the real ones remember what they selected last. */
function pair(name, args) {
  const label = args ? `${name}(${args})` : name;
  const make = (from) => (args ? from[name](...args) : from[name]);
  if (!known.has(label)) known.set(label, { name, label, real: make(SDK), ours: make(OURS) });
  return known.get(label);
}

function pairs(state) {
  return NAMES.flatMap((name) => ARGUMENTS[name]?.(state).map((argument) => pair(name, [argument])) ?? [pair(name)]);
}

/** Calls every selector of the real package, with what there is to call it with. */
function readAll(state) {
  for (const [name, select] of Object.entries(SDK)) {
    if (!name.startsWith('select') || typeof select !== 'function') continue;
    const arg = /ByCondition$/.test(name) ? () => true : /ByRoles$/.test(name) ? ['participant'] : state.room.localPeer;
    const selected = select(state);
    if (typeof selected === 'function') select(arg)(state);
  }
}

/** The same value, or a new array or object of the same content. */
function same(a, b) {
  return Object.is(a, b) || (Object(a) === a && Object(b) === b && JSON.stringify(a) === JSON.stringify(b));
}

/**
 * From now on compares the results of all selectors at every state of a store: `differences` says where they were not
 * the same, and `results` what each of ours has given, as text. Of the other real selectors none may throw.
 */
export function compareSelectors(store) {
  const compared = { states: 0, differences: [], results: {} };
  const compare = (state) => {
    compared.states += 1;
    readAll(state);
    for (const { name, label, real, ours } of pairs(state)) {
      const [theirs, own] = [real(state), ours(state)];
      const texts = [theirs, own].map((result) => JSON.stringify(result));
      if (!same(theirs, own)) compared.differences.push({ label, theirs: texts[0], own: texts[1] });
      (compared.results[name] ??= new Set()).add(texts[1]);
    }
  };
  compare(store.getState());
  store.subscribe(compare, undefined, Object.is);
  return compared;
}

/** The selectors whose result the components below do not show as it is in the state of `store`. */
export function staleSelections(shown, store) {
  const state = store.getState();
  const mounted = pairs(state).filter(({ label }) => label in shown);
  return mounted.filter(({ label, ours }) => !same(shown[label], ours(state))).map(({ label }) => label);
}

/** Reads one selector, and puts what it gives into `shown`. */
function Selection({ name, args, shown }) {
  const { label, real } = pair(name, args);
  shown[label] = useHMSStore(real);
  return null;
}

/** Reads every selector with the real hook. */
export function Selections({ shown }) {
  const ids = useHMSStore((state) => state.room.peers);
  const keys = ARGUMENTS.selectSessionStore();
  const perPeer = Object.keys(ARGUMENTS).filter((name) => ARGUMENTS[name] === peers);
  return (
    <>
      {NAMES.filter((name) => !ARGUMENTS[name]).map((name) => <Selection key={name} name={name} shown={shown} />)}
      {keys.map((key) => <Selection key={key ?? ''} name="selectSessionStore" args={[key]} shown={shown} />)}
      {ids.flatMap((id) => perPeer.map((name) => <Selection key={name + id} name={name} args={[id]} shown={shown} />))}
    </>
  );
}
