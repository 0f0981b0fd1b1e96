/** A name server on this machine that knows the TXT records it is given. */
export async function openTestDns() {
  const records = new Map<string, string>();
  const asked: string[] = [];
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data(server, query, port, address) {
        const { name, end } = readName(query);
        asked.push(name);
        server.send(answer(query, end, records.get(name)), port, address);
      },
    },
  });
  return {
    address: `127.0.0.1:${socket.port}`,
    asked,
    publish: (name: string, text: string) => records.set(name, text),
    withdraw: (name: string) => records.delete(name),
    close: () => socket.close(),
  };
}

const HEADER = 12;

/** What is asked for, and where the question ends: after its type and class. */
function readName(query: Buffer) {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

function answer(query: Buffer, end: number, text: string | undefined): Buffer {
  const head = Buffer.alloc(HEADER);
  query.copy(head, 0, 0, 2);
  const isKnown = text !== undefined;
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isKnown ? 1 : 0, 6);
  const question = query.subarray(HEADER, end);
  if (!isKnown) return Buffer.concat([head, question]);
  const bytes = Buffer.from(text);
  const record = Buffer.alloc(13);
  record.writeUInt16BE(0xc00c, 0); // the name of the question
  record.writeUInt16BE(16, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt16BE(bytes.length + 1, 10);
  record.writeUInt8(bytes.length, 12);
  return Buffer.concat([head, question, record, bytes]);
}
