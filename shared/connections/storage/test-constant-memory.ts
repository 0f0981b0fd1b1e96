// Run by a test in a process of its own, whose memory nobody else moves: prints the bytes that
// came back and by how much the process grew meanwhile.
import { createStorage } from './index.ts';

const sizeBytes = Number(process.argv[3]);
const CHUNK_BYTES = 64 * 1024;
const zeros = () => {
  let left = sizeBytes / CHUNK_BYTES;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(CHUNK_BYTES));
      else controller.close();
    },
  });
};

const directory = process.argv[2] ?? '';
const storage = createStorage({ provider: 'local', directory, maxFileBytes: sizeBytes });
await storage.upload('warm', new Uint8Array(1), { contentType: 'text/plain' });
const before = process.memoryUsage().rss;
let peak = before;
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 5);
await storage.upload('big', zeros(), { contentType: 'text/plain' });
let readBytes = 0;
for await (const part of await storage.download('big')) readBytes += part.byteLength;
clearInterval(timer);
console.log(JSON.stringify({ readBytes, grownBytes: peak - before }));
