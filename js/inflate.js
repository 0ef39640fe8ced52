// Inflates the wasm, which is inlined deflated. A library, with its streams and errors, weighs almost three times as much.

/** The order in which a block says how long the codes are that tell the lengths of its codes. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const BLOCK_END = 256;

/** The lengths of the codes of literals and of distances, in a block that does not say its own. */
const FIXED = [
  [[144, 8], [112, 9], [24, 7], [8, 8]].flatMap(([count, length]) => Array(count).fill(length)),
  Array(30).fill(5),
];

/** What `deflated` (RFC 1951) stands for, `length` bytes. Nothing is checked: both come from the build, which tries it. */
export function inflate(deflated, length) {
  const out = new Uint8Array(length);
  let at = 0;
  /** How many bits are read. */
  let read = 0;

  /** At least 16 of the next bits, the first one lowest. */
  const ahead = () => {
    const byte = read >> 3;
    return (deflated[byte] | (deflated[byte + 1] << 8) | (deflated[byte + 2] << 16)) >> (read & 7);
  };
  const bits = (count) => {
    const found = ahead() & ((1 << count) - 1);
    read += count;
    return found;
  };
  const symbol = (table) => {
    const found = table[ahead() & (table.length - 1)];
    read += found & 15;
    return found >> 4;
  };
  /** The number of which `symbol` says how large it is and the first `1 + known` bits, and further bits say the rest. */
  const number = (symbol, known) => {
    const more = (symbol >> known) - 1;
    if (more < 1) return symbol;
    return (((1 << known) | (symbol & ((1 << known) - 1))) << more) + bits(more);
  };

  /** The lengths of the codes of literals and of distances, as a block says them. */
  const codeLengths = () => {
    const literals = bits(5) + 257;
    const all = literals + bits(5) + 1;
    const lengthsOfLengths = Array(19).fill(0);
    const told = bits(4) + 4;
    for (const symbol of LENGTHS_ORDER.slice(0, told)) lengthsOfLengths[symbol] = bits(3);
    const table = tableOf(lengthsOfLengths);
    const lengths = [];
    while (lengths.length < all) {
      const found = symbol(table);
      if (found < 16) lengths.push(found);
      else if (found === 16) lengths.push(...Array(3 + bits(2)).fill(lengths.at(-1)));
      else lengths.push(...Array(found === 17 ? 3 + bits(3) : 11 + bits(7)).fill(0));
    }
    return [lengths.slice(0, literals), lengths.slice(literals)];
  };
  const stored = () => {
    const from = ((read + 7) >> 3) + 4;
    const count = deflated[from - 4] | (deflated[from - 3] << 8);
    out.set(deflated.subarray(from, from + count), at);
    at += count;
    read = (from + count) * 8;
  };
  const coded = (lengths) => {
    const [literals, distances] = lengths.map(tableOf);
    for (let found; (found = symbol(literals)) !== BLOCK_END; ) {
      if (found < BLOCK_END) {
        out[at++] = found;
        continue;
      }
      const end = at + (found === 285 ? 258 : 3 + number(found - 257, 2));
      const distance = 1 + number(symbol(distances), 1);
      while (at < end) out[at] = out[at++ - distance];
    }
  };

  for (let last = 0; !last; ) {
    last = bits(1);
    const type = bits(2);
    if (type === 0) stored();
    else coded(type === 1 ? FIXED : codeLengths());
  }
  return out;
}

/** For whatever bits come next, the symbol whose code they begin with, times 16, and the length of that code. */
function tableOf(lengths) {
  const longest = Math.max(...lengths);
  const table = new Uint16Array(1 << longest);
  // The codes of a length follow each other, counted with the lowest bit first, and the next length goes on from there.
  let code = 0;
  for (let length = 1; length <= longest; length += 1) {
    lengths.forEach((one, symbol) => {
      if (one !== length) return;
      for (let next = code; next < table.length; next += 1 << length) table[next] = symbol * 16 + length;
      let carry = 1 << (length - 1);
      for (; code & carry; carry >>= 1) code ^= carry;
      code ^= carry;
    });
  }
  return table;
}
