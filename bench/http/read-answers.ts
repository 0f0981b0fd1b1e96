const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

/** Counts answers on one connection without parsing more of them than where they end. */
export function readAnswers(answered: (status: number) => void): (bytes: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (bytes) => {
    pending = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes;
    for (let end = endOfAnswer(pending); end > 0; end = endOfAnswer(pending)) {
      const status = Number(pending.toString('latin1', 9, 12));
      pending = pending.subarray(end);
      answered(status);
    }
  };
}

/** Where the first answer ends; 0 when not all of it is there. */
function endOfAnswer(bytes: Buffer): number {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const head = bytes.toString('latin1', 0, headEnd);
  if (CHUNKED.test(head)) {
    const last = bytes.indexOf('0\r\n\r\n', headEnd);
    return last < 0 ? 0 : last + 5;
  }
  const end = headEnd + 4 + Number(LENGTH.exec(head)?.[1] ?? 0);
  return end <= bytes.length ? end : 0;
}
