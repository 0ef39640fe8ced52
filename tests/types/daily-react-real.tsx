// A call of ours for a provider that is typed by Daily: an application that keeps the real daily-js.

import type { DailyCall } from '@daily-co/daily-js';
import { DailyProvider } from '@daily-co/daily-react';
import { createCallObject } from 'meeting-session-state';

const call = createCallObject({ url: 'ws://localhost:7880/standup' });

// @ts-expect-error The type has more than a hundred members that ours has not, nearly all about media.
export const uncast = <DailyProvider callObject={call} />;

export const cast = <DailyProvider callObject={call as unknown as DailyCall} />;
