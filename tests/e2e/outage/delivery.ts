import { expect } from 'bun:test';
import { until } from '../../../shared/testing/until.ts';
import {
  type ApiResponse,
  call,
  createOrganization,
  listEmails,
  sendEmailsAtOnce,
  untilProcessed,
} from '../client.ts';
import { createFollowers } from '../followers.ts';
import { createLoad } from './load.ts';

const byValue = (a: number, b: number) => a - b;

/**
 * A conversation under load: its customer posts numbered messages, three sockets follow it, and an
 * agent who never connects gets them by email. Close it after the test.
 */
export async function openDelivery(subject: string, outages = ['']) {
  const { owner, agent, absent, customer } = await createOrganization();
  await sendEmailsAtOnce(absent);
  const followers = createFollowers(async () => []);
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject, body: 'It begins' },
  });
  const path = `/v1/conversations/${opened.body.id}/messages`;
  for (const { token } of [owner, agent, customer]) {
    followers.follow(token, [`private-conversation-${opened.body.id}`], 'websocket');
  }
  await followers.ready();
  const load = createLoad(customer, opened.body.id, outages);

  async function listStored(): Promise<number[]> {
    const numbers: number[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = `?limit=100${cursor && `&cursor=${cursor}`}`;
      const { body }: ApiResponse<any> = await call('GET', path + query, { token: agent.token });
      numbers.push(...body.items.map((item: { body: string }) => Number(item.body)));
      cursor = body.nextCursor;
    }
    return numbers.filter((n) => !Number.isNaN(n)).sort(byValue);
  }

  const accepted = () => load.attempts.filter(({ status }) => status === 201).length;

  return {
    organizationId: owner.organizationId,
    load,
    /** Waits until this many more posts and uploads were accepted. */
    async waitForAccepted(count: number, timeoutMs = 60_000): Promise<void> {
      await until(accepted, { atLeast: accepted() + count, timeoutMs });
    },
    /**
     * Stops the load and expects each message once, stored, on every socket and emailed, and each
     * accepted file unchanged.
     */
    async expectAllDelivered(timeoutMs = 90_000): Promise<void> {
      await load.stop();
      const expected = Array.from({ length: load.posted() }, (_, n) => n);
      expect(await listStored()).toEqual(expected);
      const isComplete = () =>
        followers.states().every(([, { numbers }]) => numbers.length >= expected.length);
      await until(isComplete, { timeoutMs }).catch(() => {});
      for (const [, { numbers }] of followers.states()) {
        expect(numbers.toSorted(byValue)).toEqual(expected);
      }
      expect(followers.counts).toMatchObject({ gaps: 0, repeated: 0 });
      // An email shows the first messages that joined it and counts the others.
      const emailed = () => readEmailed(absent.email, subject);
      const count = async () => {
        const { numbers, more } = await emailed();
        return numbers.length + more;
      };
      await until(count, { atLeast: expected.length, timeoutMs }).catch(() => {});
      // A second email of a message would follow soon.
      await Bun.sleep(1_000);
      const { numbers } = await emailed();
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(await count()).toBe(expected.length);
      expect(await listBrokenFiles(customer.token, load.uploaded)).toEqual([]);
    },
    async close(): Promise<void> {
      await load.stop();
      followers.close();
    },
  };
}

/** The numbers that emails under this subject show, and how many more messages they count. */
export async function readEmailed(address: string, subject: string) {
  const emails = (await listEmails(address)).filter((email) => email.subject.includes(subject));
  const numbers = emails
    .flatMap(({ text }) =>
      [...text.matchAll(/^[^\S\n]*(\d+)[^\S\n]*$/gm)].map(([, n]) => Number(n)),
    )
    .sort(byValue);
  const more = emails.reduce(
    (sum, { text }) => sum + Number(/^And (\d+) more/m.exec(text)?.[1] ?? 0),
    0,
  );
  return { numbers, more };
}

/** Accepted files that are not ready or have other content, with what was found. */
async function listBrokenFiles(token: string, uploaded: Map<string, string>): Promise<string[]> {
  const broken: string[] = [];
  for (const [id, text] of uploaded) {
    const state = await untilProcessed(token, id, 60_000).then(
      ({ status }) => status,
      () => 'pending',
    );
    const { status, headers, body } = await call('GET', `/v1/attachments/${id}/content`, { token });
    const redirect = headers.get('location');
    const content = redirect ? await (await fetch(redirect)).text() : body;
    if (state !== 'ready' || content !== text) broken.push(`${id} ${state} ${status} ${content}`);
  }
  return broken;
}
