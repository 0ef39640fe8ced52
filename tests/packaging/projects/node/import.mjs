import check from './checks.cjs';

await check((specifier) => import(specifier));
