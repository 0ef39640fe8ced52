// Closing what a test has opened, in the order that lets nothing lose what it still uses.

const opened = new WeakMap();

/**
 * Runs `close` when the test has ended, before everything that was to be closed already.
 *
 * `test.after` runs its hooks in the order in which they were given, so a server would go before the pages that are
 * connected to it, and a page that is not closed at once would report that it cannot reach it any more.
 */
export function atEnd(test, close) {
  const closes = opened.get(test) ?? [];
  if (closes.length === 0) {
    opened.set(test, closes);
    test.after(() => closeAll(closes));
  }
  closes.push(close);
}

/** One that fails keeps none of the others open; the first failure is what the test reports. */
async function closeAll(closes) {
  const failures = [];
  while (closes.length > 0) {
    try {
      await closes.pop()();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
