import { call, type TestUser, upload } from '../client.ts';

const POSTERS = 4;
const PAUSE_MS = 100;
const UPLOAD_PAUSE_MS = 300;
const RETRY_MS = 250;

interface Attempt {
  action: 'post' | 'read' | 'upload';
  status: number | string;
  code: string | undefined;
  ms: number;
  /** The outages from its start to its end; '' is none. */
  during: string[];
}

/**
 * Posts, reads and uploads continuously. Rejected posts are retried until they are accepted. The last entry of
 * `outages` is the current one; the caller appends to it.
 */
export function createLoad(writer: TestUser, conversationId: string, outages: string[]) {
  const attempts: Attempt[] = [];
  const uploaded = new Map<string, string>();
  let isOver = false;
  let posted = 0;

  async function attempt(action: Attempt['action'], send: () => ReturnType<typeof call>) {
    const firstOutage = outages.length - 1;
    const startedAt = performance.now();
    const withoutResponse = ({ message }: Error) => ({ status: message, body: {} });
    const { status, body } = await send().catch(withoutResponse);
    const { code, id } = body as { code?: string; id?: string };
    const ms = Math.round(performance.now() - startedAt);
    attempts.push({ action, status, code, ms, during: outages.slice(firstOutage) });
    return { isAccepted: status === 200 || status === 201, id };
  }

  async function post(n: number): Promise<void> {
    const options = {
      token: writer.token,
      body: { body: `${n}`, clientMessageId: `client-${n}` },
    };
    const send = () => call('POST', `/v1/conversations/${conversationId}/messages`, options);
    while (!(await attempt('post', send)).isAccepted) await Bun.sleep(RETRY_MS);
  }

  const poster = async () => {
    while (!isOver) {
      await post(posted++);
      await Bun.sleep(PAUSE_MS);
    }
  };
  const reader = async () => {
    while (!isOver) {
      const { token } = writer;
      await attempt('read', () => call('GET', '/v1/conversations?limit=5', { token }));
      await Bun.sleep(PAUSE_MS);
    }
  };
  const uploader = async () => {
    for (let n = 0; !isOver; n++) {
      const text = `the file ${n}`;
      const send = () => upload(writer.token, new Blob([text]), `${n}.txt`);
      const { isAccepted, id } = await attempt('upload', send);
      if (isAccepted && id) uploaded.set(id, text);
      await Bun.sleep(UPLOAD_PAUSE_MS);
    }
  };
  const all = [...Array.from({ length: POSTERS }, () => poster()), reader(), uploader()];

  return {
    attempts,
    /** The content of the accepted files, by id. */
    uploaded,
    posted: () => posted,
    async stop(): Promise<void> {
      isOver = true;
      await Promise.all(all);
    },
  };
}
