// Reads along on one direction of a connection: the HTTP head first, then, if it was an upgrade, WebSocket frames.

const TEXT = 1;
const CONTINUATION = 0;

/** Takes the bytes of one direction as they come and calls `onText` with each whole text message. */
export class FrameReader {
  #onText;
  #bytes = Buffer.alloc(0);
  #state = 'head';
  #fragments = [];

  constructor(onText) {
    this.#onText = onText;
  }

  push(chunk) {
    if (this.#state === 'http') return;
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#state === 'head') this.#readHead();
    if (this.#state === 'frames') while (this.#readFrame());
  }

  #readHead() {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#bytes.toString('latin1', 0, end);
    this.#bytes = this.#bytes.subarray(end + 4);
    if (/^HTTP.*^sec-websocket-extensions:/ims.test(head)) throw new Error('frames with extensions cannot be read');
    // An answer that is not 101 has no upgrade header, and ordinary HTTP is passed on unread.
    this.#state = /^upgrade:\s*websocket/im.test(head) ? 'frames' : 'http';
  }

  /** Takes one frame off the front; false when not all of it is there. */
  #readFrame() {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const masked = bytes[1] >= 0x80;
    let length = bytes[1] & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return false;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return false;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    const start = at + (masked ? 4 : 0);
    if (bytes.length < start + length) return false;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (masked) for (let i = 0; i < length; i++) payload[i] ^= bytes[at + (i % 4)];
    this.#bytes = bytes.subarray(start + length);
    this.#takeFrame(bytes[0], payload);
    return true;
  }

  #takeFrame(first, payload) {
    const opcode = first & 0x0f;
    const isLast = first >= 0x80;
    if (opcode === TEXT) this.#fragments = [payload];
    else if (opcode === CONTINUATION) this.#fragments.push(payload);
    else return;
    if (isLast) this.#onText(Buffer.concat(this.#fragments.splice(0)).toString('utf8'));
  }
}
