// The provider is imported by a component of the server, which is no mistake: the entry itself says 'use client'.

import { HMSRoomProvider } from 'meeting-session-state/100ms/react';

import { Pinned } from './pinned';

export default async function Page({ searchParams }) {
  const { url, userName } = await searchParams;
  return (
    <HMSRoomProvider>
      <Pinned url={url} userName={userName} />
    </HMSRoomProvider>
  );
}
