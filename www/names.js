/** Who is who, also after they have left: ids stay in the data longer than people stay in the meeting. */
export function createNames() {
  const names = new Map();
  // After a long time offline one is a new participant, with a new id.
  const own = new Set();

  return {
    remember(people) {
      for (const { session_id, user_name, local } of people) {
        names.set(session_id, user_name);
        if (local) own.add(session_id);
      }
    },
    /** How to call the participant of this id: "you", their name, or what can be said of somebody never met. */
    of: (id) => (own.has(id) ? 'you' : names.get(id) || 'somebody who has left'),
  };
}
