/** A DNS server on localhost that answers TXT queries. */
export async function startDnsServer() {
  const records = new Map<string, string>();
  const queriedNames: string[] = [];
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data(server, query, port, address) {
        const { name, end } = parseQuestion(query);
        queriedNames.push(name);
        server.send(createResponse(query, end, records.get(name)), port, address);
      },
    },
  });
  return {
    address: `127.0.0.1:${socket.port}`,
    queriedNames,
    publish: (name: string, text: string) => records.set(name, text),
    unpublish: (name: string) => records.delete(name),
    close: () => socket.close(),
  };
}

const HEADER_BYTES = 12;

/** The queried name, and the offset after the question's type and class. */
function parseQuestion(query: Buffer) {
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
    labels.push(query.toString('ascii', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: offset + 5 };
}

function createResponse(query: Buffer, end: number, text: string | undefined): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  query.copy(head, 0, 0, 2);
  const isKnown = text !== undefined;
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isKnown ? 1 : 0, 6);
  const question = query.subarray(HEADER_BYTES, end);
  if (!isKnown) return Buffer.concat([head, question]);
  const bytes = Buffer.from(text);
  const record = Buffer.alloc(13);
  record.writeUInt16BE(0xc00c, 0); // pointer to the name in the question
  record.writeUInt16BE(16, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt16BE(bytes.length + 1, 10);
  record.writeUInt8(bytes.length, 12);
  return Buffer.concat([head, question, record, bytes]);
}
