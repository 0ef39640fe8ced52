import { $ } from './dom.js';

/** Writes what is typed with the chosen strategy; what is wrong with it is said in place. */
export function createEditor({ call }) {
  function showError(text) {
    $('editor-error').textContent = text;
    $('editor-json').setAttribute('aria-invalid', text !== '');
  }

  $('editor-form').addEventListener('submit', (event) => {
    event.preventDefault();
    showError('');
    try {
      const strategy = $('editor-form').elements.strategy.value;
      call.setMeetingSessionData(JSON.parse($('editor-json').value), strategy);
    } catch (error) {
      showError(error instanceof SyntaxError ? `Not valid JSON: ${error.message}` : error.message);
    }
  });
  $('editor-json').addEventListener('input', () => showError(''));
  $('editor-load').addEventListener('click', () => {
    $('editor-json').value = JSON.stringify(call.meetingSessionState().data, null, 2);
    showError('');
  });
}
