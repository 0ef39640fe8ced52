// Inflates the wasm, which is inlined deflated. A library that can do more weighs three times as much.

/** The order in which a block says how long the codes are that tell the lengths of its codes. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const BLOCK_END = 256;

/**
 * What `deflated` (RFC 1951) stands for, `length` bytes. All blocks must have codes of their own, as in anything but very
 * short texts; nothing is checked, since both come from the build, which tries it.
 */
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

  for (let last = false; !last; ) {
    last = bits(1);
    bits(2); // the type of the block
    const literals = bits(5) + 257;
    const all = literals + bits(5) + 1;
    const lengthsOfLengths = Array(19).fill(0);
    const told = bits(4) + 4;
    for (const symbol of LENGTHS_ORDER.slice(0, told)) lengthsOfLengths[symbol] = bits(3);

    const lengths = [];
    const lengthTable = tableOf(lengthsOfLengths);
    while (lengths.length < all) {
      const found = symbol(lengthTable);
      if (found < 16) lengths.push(found);
      else if (found === 16) lengths.push(...Array(3 + bits(2)).fill(lengths.at(-1)));
      else lengths.push(...Array(found === 17 ? 3 + bits(3) : 11 + bits(7)).fill(0));
    }

    const literalTable = tableOf(lengths.slice(0, literals));
    const distanceTable = tableOf(lengths.slice(literals));
    for (let found; (found = symbol(literalTable)) !== BLOCK_END; ) {
      if (found < BLOCK_END) {
        out[at++] = found;
        continue;
      }
      const end = at + (found === 285 ? 258 : 3 + number(found - 257, 2));
      const distance = 1 + number(symbol(distanceTable), 1);
      while (at < end) out[at] = out[at++ - distance];
    }
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
