// The emitter, with the rules of the `events` package that daily-js uses.

/** Handlers in the order in which they were added. One that was added twice is there twice. */
export class Emitter {
  #listeners = [];

  /** Adds a handler, to be called every time or only once. */
  add(name, handler, once = false) {
    check(handler);
    this.#listeners.push({ name, handler, once });
  }

  /** Removes the last one added that is the same function; harmless when there is none. */
  remove(name, handler) {
    check(handler);
    const at = this.#listeners.findLastIndex((one) => one.name === name && one.handler === handler);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  /** Removes all handlers of an event, or of all events. */
  removeAll(name) {
    this.#listeners = this.#listeners.filter((one) => name !== undefined && one.name !== name);
  }

  /** The handlers of an event. */
  handlers(name) {
    return this.#of(name).map((one) => one.handler);
  }

  /** The events that have handlers. */
  names() {
    return [...new Set(this.#listeners.map((one) => one.name))];
  }

  /**
   * Calls the handlers that the event has now; true if it has any. They may add, remove and emit at will.
   *
   * One that throws is reported and does not stop the others: unlike in daily-js, where it does.
   */
  emit(target, name, ...args) {
    const listeners = this.#of(name);
    for (const listener of listeners) {
      if (listener.fired) continue;
      if (listener.once) {
        listener.fired = true;
        this.#listeners = this.#listeners.filter((one) => one !== listener);
      }
      try {
        listener.handler.apply(target, args);
      } catch (error) {
        console.log('could not emit', name, error);
        globalThis.reportError?.(error);
      }
    }
    return listeners.length > 0;
  }

  #of(name) {
    return this.#listeners.filter((one) => one.name === name);
  }
}

function check(handler) {
  if (typeof handler !== 'function') {
    throw new TypeError(`The "listener" argument must be of type Function. Received type ${typeof handler}`);
  }
}
