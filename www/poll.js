import { $, busy, clone, keepFocus, list, part } from './dom.js';
import { reason } from './failures.js';
import { complain, say } from './toasts.js';

/**
 * The poll (`poll`: { question, options, votes }). All votes are in one object, the option's text by participant, so
 * everybody writes what others write too: `transact` runs the change again on what they made of it, until nobody was
 * faster. When an edit removes an option, its votes no longer count.
 */
export function createPoll({ call, write }) {
  let poll = null;
  let editing = false;

  const ownId = () => call.participants().local.session_id;

  /** Runs a transaction while `button` shows it, and resolves to whether it came to an end. */
  function transact(button, change) {
    return busy(button, async () => {
      try {
        await call.transact(change);
        return true;
      } catch (error) {
        complain(`The poll was not changed: ${reason(error)}.`);
        return false;
      }
    });
  }

  function vote(button, option) {
    transact(button, (data) => {
      const poll = readPoll(data.poll);
      // It may have been ended or edited meanwhile.
      if (!poll?.options.includes(option)) return;
      if (poll.votes[ownId()] === option) delete poll.votes[ownId()];
      else poll.votes[ownId()] = option;
      data.poll = poll;
    });
  }

  async function save(question, options) {
    const isNew = !editing;
    let isLate = false;
    const isDone = await transact($('poll-save'), (data) => {
      const now = readPoll(data.poll);
      isLate = isNew && now !== null;
      if (!isLate) data.poll = { question, options, votes: now?.votes ?? {} };
    });
    if (isLate) say('Somebody else was first to start a poll.');
    // Only now: while the connection is lost, only the form has what was typed.
    if (isDone) edit(false);
  }

  function edit(open) {
    editing = open;
    if (open) {
      $('poll-form-question').value = poll.question;
      $('poll-form-options').value = poll.options.join('\n');
    }
    keepFocus($('poll'), show);
  }

  function show() {
    const asForm = editing || !poll;
    $('poll-form').hidden = !asForm;
    $('poll-result').hidden = asForm;
    $('poll-cancel').hidden = !poll;
    $('poll-save').textContent = poll ? 'Save' : 'Start poll';
    if (!asForm) renderResult();
  }

  function renderResult() {
    const votes = Object.values(poll.votes).filter((vote) => poll.options.includes(vote));
    $('poll-question').textContent = poll.question;
    list($('poll-options'), poll.options, {
      key: (option) => option,
      create: createOption,
      update(element, option) {
        const count = votes.filter((vote) => vote === option).length;
        const share = votes.length ? count / votes.length : 0;
        part(element, 'label').textContent = option;
        part(element, 'votes').textContent = `${plural(count, 'vote')}, ${Math.round(share * 100)}%`;
        part(element, 'vote').setAttribute('aria-pressed', poll.votes[ownId()] === option);
        part(element, 'vote').style.setProperty('--share', share);
      },
    });
    $('poll-total').textContent = `${plural(votes.length, 'vote')} in all. Choose again to change or withdraw yours.`;
  }

  function createOption(option) {
    const element = clone('option');
    part(element, 'vote').addEventListener('click', (event) => vote(event.currentTarget, option));
    return element;
  }

  $('poll-form-options').addEventListener('input', (event) => event.target.setCustomValidity(''));
  $('poll-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const question = $('poll-form-question').value.trim();
    const options = distinct($('poll-form-options').value.split('\n').map((line) => line.trim()));
    if (options.length < 2) {
      $('poll-form-options').setCustomValidity('A poll needs two options that differ, each on a line of its own.');
      $('poll-form-options').reportValidity();
      return;
    }
    save(question, options);
  });
  $('poll-edit').addEventListener('click', () => edit(true));
  $('poll-cancel').addEventListener('click', () => edit(false));
  $('poll-end').addEventListener('click', () => write({ poll: undefined }));

  return {
    render({ data }) {
      poll = readPoll(data.poll);
      keepFocus($('poll'), show);
    },
    reset() {
      poll = null;
      editing = false;
      $('poll-form').reset();
      show();
    },
  };
}

/** The poll, if the value is one: anyone can write anything under its key. */
function readPoll(value) {
  if (typeof value?.question !== 'string' || !Array.isArray(value.options)) return null;
  const options = distinct(value.options.filter((option) => typeof option === 'string'));
  return { question: value.question, options, votes: { ...value.votes } };
}

const distinct = (texts) => [...new Set(texts)].filter(Boolean);

const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
