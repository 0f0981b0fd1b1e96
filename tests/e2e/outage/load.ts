import { call, type TestUser, upload } from '../client.ts';

const POSTERS = 4;
const PAUSE_MS = 100;
const UPLOAD_PAUSE_MS = 300;
const AGAIN_MS = 250;

interface Attempt {
  action: 'post' | 'read' | 'upload';
  status: number | string;
  code: string | undefined;
  ms: number;
  /** What was away when it began, and all that left or came back until it ended. */
  during: string[];
}

/**
 * Writes, reads and uploads all the time; what is refused is sent again until it is accepted. `away`
 * grows: what was away one after the other, and now is its last.
 */
export function createLoad(writer: TestUser, conversationId: string, outages: string[]) {
  const attempts: Attempt[] = [];
  const uploaded = new Map<string, string>();
  let isOver = false;
  let posted = 0;

  async function attempt(action: Attempt['action'], ask: () => ReturnType<typeof call>) {
    const [from, at] = [outages.length - 1, performance.now()];
    const unanswered = ({ message }: Error) => ({ status: message, body: {} });
    const { status, body } = await ask().catch(unanswered);
    const { code, id } = body as { code?: string; id?: string };
    const ms = Math.round(performance.now() - at);
    attempts.push({ action, status, code, ms, during: outages.slice(from) });
    return { isFine: status === 200 || status === 201, id };
  }

  async function post(n: number): Promise<void> {
    const asked = {
      token: writer.token,
      body: { body: `${n}`, clientMessageId: `client-${n}` },
    };
    const send = () => call('POST', `/v1/conversations/${conversationId}/messages`, asked);
    while (!(await attempt('post', send)).isFine) await Bun.sleep(AGAIN_MS);
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
      const { isFine, id } = await attempt('upload', send);
      if (isFine && id) uploaded.set(id, text);
      await Bun.sleep(UPLOAD_PAUSE_MS);
    }
  };
  const all = [...Array.from({ length: POSTERS }, () => poster()), reader(), uploader()];

  return {
    attempts,
    /** What the accepted files hold, by their ids. */
    uploaded,
    posted: () => posted,
    async stop(): Promise<void> {
      isOver = true;
      await Promise.all(all);
    },
  };
}
