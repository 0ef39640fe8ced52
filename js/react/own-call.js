// The call that a provider makes for itself: made and joined when it is mounted, ended when it is not.

import { useEffect, useState } from 'react';

import { Call, connect } from '../core.js';
import { useNewest } from './selection.js';

const NO_CALL = {};

/**
 * `{ call, failed }` for this address, both absent without one and in the first render: nothing happens on a server.
 *
 * Another address or token is another call; another name or other user data is told to the one that there is.
 */
export function useOwnCall(url, token, { userName, userData, onError }) {
  const [own, setOwn] = useState(NO_CALL);
  const text = JSON.stringify(userData);
  const newest = useNewest({ userName, userData, text, onError });

  useEffect(() => {
    if (!url) return undefined;
    let call;
    let ended = false;
    const report = (reason) => {
      if (!ended) newest.current.onError?.(asError(reason));
    };
    const fail = (reason) => {
      if (!ended) setOwn({ call, failed: true });
      report(reason);
    };
    const start = async () => {
      // StrictMode takes the first of two mounts back at once: what nobody joined, nobody sees leave.
      await undefined;
      if (ended) return;
      call = new Call(undefined, connect);
      call.on('error', fail);
      setOwn({ call });
      let told = newest.current;
      await call.join({ url, token, userName: told.userName, userData: told.userData });
      const tell = () => {
        const { userName = '', userData = null, text } = newest.current;
        if (userName !== (told.userName ?? '')) call.setUserName(userName).catch(report);
        if (text !== told.text) call.setUserData(userData).catch(report);
        told = newest.current;
      };
      if (!ended) setOwn({ call, tell });
    };
    start().catch((reason) => {
      // If not an error, it is the event that has been heard.
      if (reason instanceof Error) fail(reason);
    });
    return () => {
      ended = true;
      call?.destroy();
      setOwn(NO_CALL);
    };
  }, [url, token, newest]);

  // What changed while it was joining is told when it has joined.
  useEffect(() => own.tell?.(), [own, userName, text]);
  return own;
}

/** An error, also where the call has an event for it. */
function asError(reason) {
  return reason instanceof Error ? reason : new Error(reason.errorMsg, { cause: reason });
}
