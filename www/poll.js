import { $, clone, keepFocus, list, part } from './dom.js';

const VOTE = 'vote:';

/**
 * The poll (`poll`: { question, options }). Each participant votes under a top-level key of their own,
 * `vote:<session_id>`, so votes made at the same moment never overwrite each other. A vote is the option's text:
 * when an edit removes the option, its votes no longer count.
 */
export function createPoll({ call, write }) {
  let data = {};
  let poll = null;
  let editing = false;
  /** The poll that was written by the open form, as text. */
  let written = '';

  const ownVote = () => VOTE + call.participants().local.session_id;
  const voteKeys = () => Object.keys(data).filter((key) => key.startsWith(VOTE));
  const withoutVotes = () => Object.fromEntries(voteKeys().map((key) => [key, undefined]));

  function edit(open) {
    editing = open;
    written = '';
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
    const votes = voteKeys().map((key) => data[key]).filter((vote) => poll.options.includes(vote));
    $('poll-question').textContent = poll.question;
    list($('poll-options'), poll.options, {
      key: (option) => option,
      create: createOption,
      update(element, option) {
        const count = votes.filter((vote) => vote === option).length;
        const share = votes.length ? count / votes.length : 0;
        part(element, 'label').textContent = option;
        part(element, 'votes').textContent = `${plural(count, 'vote')}, ${Math.round(share * 100)}%`;
        part(element, 'vote').setAttribute('aria-pressed', data[ownVote()] === option);
        part(element, 'vote').style.setProperty('--share', share);
      },
    });
    $('poll-total').textContent = `${plural(votes.length, 'vote')} in all. Choose again to change or withdraw yours.`;
  }

  function createOption(option) {
    const element = clone('option');
    part(element, 'vote').addEventListener('click', () => {
      write({ [ownVote()]: data[ownVote()] === option ? undefined : option });
    });
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
    written = JSON.stringify({ question, options });
    // The form stays open until the poll is there: while the connection is lost, only the form has what was typed.
    if (written === JSON.stringify(poll)) edit(false);
    else write({ ...(poll ? {} : withoutVotes()), poll: { question, options } });
  });
  $('poll-edit').addEventListener('click', () => edit(true));
  $('poll-cancel').addEventListener('click', () => edit(false));
  $('poll-end').addEventListener('click', () => write({ ...withoutVotes(), poll: undefined }));

  return {
    render(state) {
      data = state.data;
      poll = readPoll(data.poll);
      if (written === JSON.stringify(poll)) [editing, written] = [false, ''];
      keepFocus($('poll'), show);
    },
    reset() {
      poll = null;
      [editing, written] = [false, ''];
      $('poll-form').reset();
      show();
    },
  };
}

/** The poll, if the value is one: anyone can write anything under its key. */
function readPoll(value) {
  if (typeof value?.question !== 'string' || !Array.isArray(value.options)) return null;
  const options = distinct(value.options.filter((option) => typeof option === 'string'));
  return { question: value.question, options };
}

const distinct = (texts) => [...new Set(texts)].filter(Boolean);

const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
