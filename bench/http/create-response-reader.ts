const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

/** Reads the responses of one connection, and parses only status and length. */
export function createResponseReader(
  onResponse: (status: number) => void,
): (bytes: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (bytes) => {
    pending = pending.length > 0 ? Buffer.concat([pending, bytes]) : bytes;
    for (let end = endOfResponse(pending); end > 0; end = endOfResponse(pending)) {
      const status = Number(pending.toString('latin1', 9, 12));
      pending = pending.subarray(end);
      onResponse(status);
    }
  };
}

/** The end of the first response; 0 if it is incomplete. */
function endOfResponse(bytes: Buffer): number {
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
