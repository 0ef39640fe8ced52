import { $, clone, keepFocus, list, part } from './dom.js';
import { paintFace, tint } from './face.js';
import { complain, say } from './toasts.js';

/** The participants, and the stage with the one in the spotlight (`spotlight`: a session_id). */
export function createPeople({ call, write }) {
  function rename(open) {
    showRename(open);
    if (!open) $('rename').focus();
    else {
      $('rename-input').value = call.participants().local.user_name;
      $('rename-input').focus();
      $('rename-input').select();
    }
  }

  $('rename').addEventListener('click', () => rename(true));
  $('rename-cancel').addEventListener('click', () => rename(false));
  $('rename-form').addEventListener('submit', (event) => {
    event.preventDefault();
    call.setUserName($('rename-input').value.trim()).catch((error) => complain(error.message));
    rename(false);
  });

  $('wave').addEventListener('click', () => {
    call.sendAppMessage({ wave: true }, '*');
    say('You waved to everyone.');
  });
  call.on('app-message', ({ data, fromId }) => {
    if (data?.wave) say(`${call.participants()[fromId]?.user_name ?? 'Someone'} waves.`);
  });

  $('stage-clear').addEventListener('click', () => write({ spotlight: undefined }));

  function createPerson(id) {
    const person = clone('participant');
    part(person, 'spotlight').addEventListener('click', (event) => {
      const isLit = event.currentTarget.getAttribute('aria-pressed') === 'true';
      write({ spotlight: isLit ? undefined : id });
    });
    return person;
  }

  return {
    render({ people, data }) {
      list($('participants'), people, {
        key: (person) => person.session_id,
        create: createPerson,
        update: (element, person) => updatePerson(element, person, data.spotlight),
      });
      $('participant-count').textContent = call.participantCounts().present;
      keepFocus($('stage'), () => renderStage(people, data.spotlight));
    },
    reset: () => showRename(false),
  };
}

function showRename(open) {
  $('rename-form').hidden = !open;
  $('people-actions').hidden = open;
}

function updatePerson(element, person, spotlight) {
  paintFace(part(element, 'face'), person);
  part(element, 'name').textContent = person.user_name;
  part(element, 'you').hidden = !person.local;
  part(element, 'spotlight').setAttribute('aria-pressed', person.session_id === spotlight);
  part(element, 'whom').textContent = ` ${person.user_name}`;
}

function renderStage(people, spotlight) {
  const lit = people.find((person) => person.session_id === spotlight);
  const hasLeft = spotlight !== undefined && !lit;
  list($('stage-faces'), lit ? [lit] : people.slice(0, 5), {
    key: (person) => person.session_id,
    create: () => {
      const face = document.createElement('span');
      face.className = 'face';
      return face;
    },
    update: paintFace,
  });
  $('stage').classList.toggle('lit', Boolean(lit));
  if (lit) tint($('stage'), lit.session_id);
  setText($('stage-name'), lit ? lit.user_name : 'Nobody is in the spotlight');
  if (lit) setText($('stage-note'), lit.local ? 'You are in the spotlight' : 'In the spotlight');
  else setText($('stage-note'), hasLeft ? 'Whoever was there has left.' : 'Choose someone from the participants.');
  $('stage-clear').hidden = spotlight === undefined;
}

// Only what differs is written, so that the live region speaks only of changes.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
