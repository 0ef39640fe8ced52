// When a selector's result has not changed, although it is another object.

/** Whether two values are the same, or two plain objects or arrays whose members are the same. */
export function shallow(one, other) {
  if (Object.is(one, other)) return true;
  if (!isPlain(one) || !isPlain(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  const same = (key) => Object.hasOwn(other, key) && Object.is(one[key], other[key]);
  return keys.length === Object.keys(other).length && keys.every(same);
}

function isPlain(value) {
  if (typeof value !== 'object' || value === null) return false;
  return [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value));
}
