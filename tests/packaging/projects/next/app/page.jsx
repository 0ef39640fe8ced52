import { Pinned } from './pinned';

export default async function Page({ searchParams }) {
  const { url, userName } = await searchParams;
  return <Pinned url={url} userName={userName} />;
}
