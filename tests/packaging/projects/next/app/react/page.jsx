// The provider is imported by a component of the server, which is no mistake: the entry itself says 'use client'.

import { SessionProvider } from 'meeting-session-state/react';

import { Pinned } from './pinned';

export default async function Page({ searchParams }) {
  const { url, userName } = await searchParams;
  return (
    <SessionProvider url={url} userName={userName}>
      <Pinned userName={userName} />
    </SessionProvider>
  );
}
