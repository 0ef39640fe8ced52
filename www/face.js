/** Draws a participant's face: initials, in a colour of the participant's own that is the same on every screen. */
export function paintFace(face, { session_id, user_name }) {
  face.textContent = initials(user_name);
  tint(face, session_id);
}

/** Gives an element the colour of the participant of this id, as `--hue`. */
export function tint(element, id) {
  let hue = 0;
  for (const character of id) hue = (hue * 31 + character.codePointAt(0)) % 360;
  element.style.setProperty('--hue', hue);
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  return words.slice(0, 2).map((word) => [...word][0] ?? '').join('').toUpperCase();
}
