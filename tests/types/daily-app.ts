// A small application written for Daily, unchanged. tsconfig.json resolves its import to this package, as a bundler's alias
// would; tsconfig.daily.json resolves it to Daily.

import Daily, {
  DailyCall,
  DailyEventObject,
  DailyEventObjectAppMessage,
  DailyEventObjectMeetingSessionStateUpdated,
  DailyEventObjectParticipant,
  DailyMeetingState,
  DailyParticipant,
} from '@daily-co/daily-js';

interface Board {
  pinned?: string;
  votes?: Record<string, number>;
}

interface Reaction {
  emoji: string;
}

export class Meeting {
  private readonly call: DailyCall;
  private board: Board = {};

  constructor() {
    // Media options, as an application without camera and microphone gives them.
    this.call =
      Daily.getCallInstance() ??
      Daily.createCallObject({ audioSource: false, videoSource: false, subscribeToTracksAutomatically: false });

    this.call
      .on('joined-meeting', ({ participants }) => this.greet(participants.local))
      .on('participant-joined', this.onParticipant)
      .on('participant-updated', this.onParticipant)
      .on('participant-left', ({ participant, reason }) => console.log(participant.user_name, 'left', reason))
      .on('participant-counts-updated', ({ participantCounts }) => console.log(participantCounts.present))
      .on('meeting-session-state-updated', this.onState)
      .on('app-message', this.onReaction)
      .on('network-connection', ({ type, event }) => console.log(type === 'sfu', event === 'interrupted'))
      .on('nonfatal-error', ({ type, errorMsg }) => {
        switch (type) {
          case 'meeting-session-data-error':
            return console.warn(errorMsg);
          case 'screen-share-error':
            return console.warn('no screen', errorMsg);
        }
      })
      .on('error', (ev: DailyEventObject<'error'>) => console.error(ev.errorMsg, ev.error?.type))
      .on('track-started', (ev) => console.log(ev.track))
      .once('left-meeting', () => console.log('left'));
  }

  async join(url: string, userName: string, token?: string): Promise<void> {
    try {
      const participants = await this.call.join({ url, userName, token, userData: { color: 'teal' }, startVideoOff: true });
      if (participants) console.log(Object.keys(participants).length);
    } catch (error) {
      console.error('cannot join', error);
      return;
    }
    const state: DailyMeetingState = this.call.meetingState();
    const { data, topology } = this.call.meetingSessionState();
    const { topology: network, error } = await this.call.getNetworkTopology();
    const room = await this.call.room();
    console.log(state, data, topology === 'sfu', network, error, this.call.meetingSessionSummary().id);
    if (room && 'name' in room) console.log(room.name, room.config.max_participants);
  }

  pin(text: string): void {
    this.call.setMeetingSessionData({ pinned: text }, 'shallow-merge');
  }

  clear(): void {
    this.call.setMeetingSessionData({});
  }

  react(emoji: string, to: string | string[] = '*'): void {
    this.call.sendAppMessage({ emoji } satisfies Reaction, to);
  }

  async rename(name: string): Promise<string> {
    const { userName } = await this.call.setUserName(name, { thisMeetingOnly: true });
    await this.call.setUserData({ color: 'red' });
    return userName;
  }

  names(): string[] {
    const { local, ...others } = this.call.participants();
    return [local, ...Object.values(others)].map((participant) => {
      const muted = participant.tracks.audio.state !== 'playable' || participant.permissions.canSend === false;
      return participant.local || muted ? participant.user_name : `${participant.user_name} (speaking)`;
    });
  }

  async leave(): Promise<void> {
    this.call.off('meeting-session-state-updated', this.onState);
    await this.call.leave();
    if (!this.call.isDestroyed()) await this.call.destroy();
  }

  private readonly onState = (ev: DailyEventObjectMeetingSessionStateUpdated): void => {
    this.board = ev.meetingSessionState.data as Board;
    console.log(this.board.pinned);
  };

  private readonly onParticipant = (ev: DailyEventObjectParticipant): void => {
    const { session_id, joined_at, owner } = ev.participant;
    console.log(ev.action === 'participant-joined', session_id, joined_at?.toISOString(), owner);
  };

  private readonly onReaction = (ev: DailyEventObjectAppMessage<Reaction>): void => {
    console.log(this.call.participants()[ev.fromId]?.user_name, ev.data.emoji);
  };

  private greet(participant: DailyParticipant): void {
    console.log(`Hello ${participant.user_name}`, Daily.version(), Daily.supportedBrowser().supported);
  }
}
