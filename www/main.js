import { createCallObject } from '../module/index.js';
import { forgetJoined, nameToJoinWith, pageAddress, rememberJoined, sessionAddress, suggestedRoom } from './address.js';
import { createBeside } from './beside.js';
import { createData } from './data.js';
import { $ } from './dom.js';
import { createEditor } from './editor.js';
import { createNames } from './names.js';
import { createPeople } from './people.js';
import { createPinned } from './pinned.js';
import { createPoll } from './poll.js';
import { createRevisions } from './revisions.js';
import { createSaving } from './saving.js';
import { complain, say } from './toasts.js';

const NAME_KEY = 'meeting-session-demo-name';

try {
  start(createCallObject());
} catch (error) {
  showJoin(`This browser cannot run the session module: ${error.message}`, true);
}

function start(call) {
  let room = '';
  let problem = '';

  const names = createNames();
  const session = { call, write, names };
  const revisions = createRevisions(session);
  const views = [createPeople, createPinned, createPoll, createData, createSaving, createBeside].map((create) =>
    create(session),
  );
  createEditor(session);

  // Nothing is shown before the server has confirmed it: every view draws what the events brought, the writer's too.
  function write(data) {
    try {
      call.setMeetingSessionData(data, 'shallow-merge');
    } catch (error) {
      complain(error.message);
    }
  }

  function render() {
    if (call.meetingState() !== 'joined-meeting') return;
    const people = Object.values(call.participants()).sort(byArrival);
    const { data } = call.meetingSessionState();
    names.remember(people);
    for (const view of views) view.render({ room, people, data });
  }

  async function join(name) {
    problem = '';
    room = $('join-room').value;
    showJoin(`Joining ${room} as ${name}…`);
    $('join-submit').disabled = true;
    try {
      await call.join({ url: sessionAddress(room), userName: name });
    } catch (error) {
      showJoin(error.errorMsg ?? error.message, true);
    } finally {
      $('join-submit').disabled = false;
    }
  }

  call.on('joined-meeting', () => {
    revisions.reset();
    for (const view of views) view.reset();
    rememberJoined(room, call.participants().local.user_name);
    showMeeting(room);
    showConnection('connected');
    render();
  });
  call.on('left-meeting', () => {
    forgetJoined();
    for (const view of views) view.reset();
    showJoin(problem || `You left ${room}.`, Boolean(problem));
    $('join-submit').focus();
  });
  call.on('error', ({ errorMsg }) => {
    problem = errorMsg;
  });

  call.on('meeting-session-state-updated', ({ meetingSessionState }) => {
    revisions.record(meetingSessionState.data);
    render();
  });
  call.on('participant-joined', ({ participant }) => {
    say(`${participant.user_name} joined.`);
    render();
  });
  call.on('participant-left', ({ participant }) => {
    say(`${participant.user_name} left.`);
    render();
  });
  call.on('participant-updated', ({ participant }) => {
    if (participant.local) rememberJoined(room, participant.user_name);
    render();
  });
  call.on('participant-counts-updated', render);

  call.on('network-connection', ({ event }) => showConnection(event));
  call.on('session-reset', () => say('The server has started anew: this is a new session.'));
  call.on('nonfatal-error', ({ errorMsg }) => complain(errorMsg));

  $('leave').addEventListener('click', () => call.leave());
  $('copy-link').addEventListener('click', async () => {
    const link = pageAddress(room);
    try {
      await navigator.clipboard.writeText(link);
      say('Link copied.');
    } catch {
      // The clipboard exists only on secure pages, and may be refused.
      complain(`This page may not copy. The link: ${link}`);
    }
  });
  $('join-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = $('join-name').value.trim();
    localStorage.setItem(NAME_KEY, name);
    join(name);
  });

  const name = nameToJoinWith();
  $('join-room').value = suggestedRoom;
  $('join-name').value = name || localStorage.getItem(NAME_KEY) || '';
  if (name && $('join-form').checkValidity()) join(name);
  else $('join-name').focus();
}

const byArrival = (a, b) => b.local - a.local || a.joined_at - b.joined_at;

function showJoin(text, isProblem = false) {
  document.title = 'meeting-session-state';
  $('meeting').hidden = true;
  $('join').hidden = false;
  $('join-status').textContent = text;
  $('join-status').classList.toggle('error', isProblem);
}

function showMeeting(room) {
  document.title = `${room} · meeting-session-state`;
  $('join').hidden = true;
  $('meeting').hidden = false;
  $('room').textContent = room;
  // A second participant beside this one must not take the focus from where the person is.
  if (document.hasFocus()) $('room').focus();
}

function showConnection(state) {
  $('connection').dataset.state = state;
  $('connection').textContent = state === 'interrupted' ? 'Reconnecting…' : 'Connected';
  $('lost').hidden = state !== 'interrupted';
}
