// The participants, and which of them is in the spotlight: in the session store, `spotlight` is the id of a peer.

import { selectPeerCount, selectPeers, selectSessionStore } from '../module/100ms.js';
import { attempt, hmsActions, hmsStore } from './100ms-store.js';
import { $, clone, keepFocus, list, part } from './dom.js';
import { paintFace } from './face.js';

const selectSpotlight = selectSessionStore('spotlight');

export function createPeople() {
  hmsStore.subscribe(showPeople, selectPeers);
  hmsStore.subscribe(showPeople, selectSpotlight);
}

function showPeople() {
  const peers = hmsStore.getState(selectPeers).toSorted(byArrival);
  const spotlight = hmsStore.getState(selectSpotlight);
  keepFocus($('people'), () => {
    list($('participants'), peers, {
      key: ({ id }) => id,
      create: createPerson,
      update: (element, peer) => updatePerson(element, peer, peer.id === spotlight),
    });
  });
  $('participant-count').textContent = hmsStore.getState(selectPeerCount);
}

function createPerson(id) {
  const person = clone('participant');
  part(person, 'spotlight').addEventListener('click', () => {
    const isLit = hmsStore.getState(selectSpotlight) === id;
    attempt(hmsActions.sessionStore.set('spotlight', isLit ? undefined : id));
  });
  return person;
}

function updatePerson(element, { id, name, isLocal }, isLit) {
  paintFace(part(element, 'face'), { session_id: id, user_name: name });
  part(element, 'name').textContent = name;
  part(element, 'you').hidden = !isLocal;
  part(element, 'spotlight').setAttribute('aria-pressed', isLit);
  part(element, 'whom').textContent = ` ${name}`;
}

const byArrival = (a, b) => b.isLocal - a.isLocal || a.joinedAt - b.joinedAt;
