// What the application hands in, to JSON text: the only place that looks into untyped values.

import { SessionError } from './errors.js';

/** Only for updates up to this many characters is it checked whether JSON changes them: the check costs a write. */
const MODIFICATION_CHECK_LENGTH = 8 * 1024;

/**
 * The texts of an update: an object with what is set and, under shallow-merge, an array of the keys to delete, which
 * are those with the value `undefined`. Checks 4 and 5 of daily-js, in their order and with their texts.
 */
export function sessionData(data, merge) {
  checkPlain(data);
  const deleted = [];
  let set;
  try {
    set = merge ? mergeText(data, deleted) : JSON.stringify(data);
  } catch (error) {
    notJson(error);
  }
  // What a `toJSON` of its own made of it may be anything.
  if (!set?.startsWith('{')) checkPlain(undefined);
  if (set.length <= MODIFICATION_CHECK_LENGTH) warnIfModified(data, set, merge);
  return [set, JSON.stringify(deleted)];
}

function mergeText(data, deleted) {
  const read = typeof data.toJSON === 'function' ? data.toJSON('') : data;
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return undefined;
  const members = [];
  for (const key of Object.keys(read)) {
    const value = read[key];
    const text = JSON.stringify(value);
    if (text !== undefined) {
      members.push(`${JSON.stringify(key)}:${text}`);
    } else if (value === undefined) {
      deleted.push(key);
    } else {
      // What daily-js runs into when it parses each value back.
      throw new SyntaxError('"undefined" is not valid JSON');
    }
  }
  return `{${members.join(',')}}`;
}

/** The condition of a write: the revision, and the text of an array of keys. */
export function condition(options) {
  const { ifRevision, ifUnchanged, signal, ...others } = options;
  // What was misspelt or is `undefined` by accident would be a write on no condition at all.
  const [unknown] = Object.keys(others);
  if (unknown) wrong(`Unrecognized option '${unknown}'`);
  if ('ifRevision' in options && !(Number.isSafeInteger(ifRevision) && ifRevision >= 0)) {
    wrong('ifRevision must be a revision, a whole number');
  }
  const keys = 'ifUnchanged' in options ? options.ifUnchanged : [];
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    wrong('ifUnchanged must be an array of keys');
  }
  return [ifRevision, JSON.stringify(keys)];
}

function wrong(message) {
  throw new SessionError('invalid_argument', message);
}

/** The text of any JSON value. */
export function json(value, what) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new Error(`${what} must be serializable to JSON: ${error}`, { cause: error });
  }
  if (text === undefined) throw new Error(`${what} must be serializable to JSON`);
  return text;
}

/** The recipients of an app message, as the text of an array; `undefined` for everybody. */
export function recipients(to = '*') {
  if (to === '*') return undefined;
  const list = typeof to === 'string' ? [to] : to;
  if (Array.isArray(list) && list.every((id) => typeof id === 'string')) return JSON.stringify(list);
  throw new Error("The recipient must be '*', a session_id or an array of them");
}

/** Lays the options of a join over those that were given before. What is not known is ignored with a warning. */
export function options(before, given = {}) {
  const after = { ...before };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (['url', 'token', 'userName'].includes(key)) {
      if (value !== undefined && typeof value !== 'string') throw new Error(`${key} must be a string`);
      after[key] = value ?? after[key];
    } else if (key === 'userData') {
      after.userData = value === undefined ? undefined : json(value, 'User data');
    } else if (!FACTORY_OPTIONS.includes(key)) {
      console.warn(`Ignoring unrecognized property '${key}'`);
    }
  }
  return after;
}

/** Read by the factory; `aboutClient` is how Daily's React package introduces itself. */
const FACTORY_OPTIONS = ['allowMultipleCallInstances', 'strictMode', 'aboutClient'];

/** An object whose prototype is `Object.prototype` or null. */
function checkPlain(data) {
  const prototype = typeof data === 'object' && data !== null ? Object.getPrototypeOf(data) : undefined;
  if (prototype !== null && prototype !== Object.prototype) {
    throw new SessionError('invalid_argument', 'Meeting session data must be a plain (map-like) object');
  }
}

/** Check 5 of daily-js. */
export function notJson(error) {
  throw new SessionError('not_serializable', `Meeting session data must be serializable to JSON: ${error}`);
}

/** Warns when readers will not get what the writer has: dates become text, `NaN` becomes null, functions vanish. */
function warnIfModified(data, set, merge) {
  const out = JSON.parse(set);
  let same = false;
  try {
    same = merge
      ? Object.keys(out).every((key) => equal(data[key], out[key]))
      : equal(data, out);
  } catch {
    // It throws when it is read again, or nests too deep to be compared. What was read first is written, with a warning.
  }
  if (same) return;
  const what = merge ? 'At least one key in the meeting session data' : 'The meeting session data';
  console.warn(`${what} provided will be modified when serialized.`, out, data);
}

/** Whether a value equals what was parsed from its own JSON text. */
function equal(value, parsed) {
  if (value === parsed) return true;
  if (typeof value !== 'object' || typeof parsed !== 'object' || value === null || parsed === null) return false;
  if (Object.getPrototypeOf(value) !== Object.getPrototypeOf(parsed)) return false;
  const keys = Object.keys(value);
  return keys.length === Object.keys(parsed).length && keys.every((key) => equal(value[key], parsed[key]));
}
