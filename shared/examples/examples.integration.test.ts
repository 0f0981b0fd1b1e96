import { afterAll, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '@insightdesk/shared/config';
import { type ErrorReport, trackErrors } from '@insightdesk/shared/error-tracking';
import { catalogOf, consequencesBy } from '@insightdesk/shared/events';
import { withTempDirectory } from '@insightdesk/shared/files';
import { createQueues, type JobHandlers, startWorkers } from '@insightdesk/shared/jobs';
import { createLifecycle } from '@insightdesk/shared/lifecycle';
import { createHealth } from '@insightdesk/shared/monitoring';
import { type Answered, type Asked, REQUESTS_TOPIC } from '@insightdesk/shared/realtime';
import { createMemoryStorage, createStorage } from '@insightdesk/shared/storage';
import { createTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import sharp from 'sharp';
import { archive } from './archive.ts';
import { confirmOnDevice } from './ask-device.ts';
import { createShop, type Receipt } from './container.ts';
import { describeReport } from './daily-report.ts';
import { openDrafts } from './drafts.ts';
import { createRates } from './exchange-rates.ts';
import { importContacts } from './import-contacts.ts';
import { announce, buildIndex, importInOrder, readSource } from './jobs-in-order.ts';
import { requireLogo } from './logo.ts';
import { requireMail } from './mail-health.ts';
import { createNames } from './names-at-once.ts';
import { newsPublished } from './news.ts';
import { createPrices } from './prices.ts';
import { readPagerSettings } from './settings.ts';
import { servePage } from './small-service.ts';
import { registerToldStorage } from './told-storage.ts';
import { unpack } from './unpack.ts';

const { context, config, parts, log, mailer, close } = createTestContext();
afterAll(close);

/** What running each example shows; escalate.ts has a test of its own. */
const runs: Record<string, () => Promise<void>> = {
  async 'jobs-in-order.ts'() {
    const connect = () => parts.connectValkey('queue', 'blocking', 'examples');
    const prefix = `test-${newId('evt')}`;
    const [valkey, subscriber] = [connect(), connect()];
    const opened = [valkey, subscriber];
    const queues = createQueues(valkey, prefix);
    const ran: string[] = [];
    const all = Promise.withResolvers<void>();
    const note = async (what: string, source: string) => {
      if (ran.push(`${what} ${source}`) === 3) all.resolve();
    };
    const handlers: JobHandlers<typeof readSource | typeof buildIndex | typeof announce> = {
      'imports.read': { job: readSource, run: ({ source }) => note('read', source) },
      'imports.index': { job: buildIndex, run: ({ source }) => note('index', source) },
      'imports.announce': { job: announce, run: ({ source }) => note('announce', source) },
    };
    const workers = await startWorkers({
      handlers,
      queues,
      valkey,
      subscriber,
      prefix,
      log,
      concurrency: 5,
      inTenant: () => Promise.reject(new Error('No steps here')),
      connect() {
        const connection = connect();
        opened.push(connection);
        return connection;
      },
    });
    const cause = { id: newId('evt'), tenantId: newId('org'), requestId: 'example' };
    await queues.enqueue([importInOrder(cause, 'old-desk')]);
    await all.promise;
    await workers.close();
    await queues.close();
    for (const connection of opened) connection.disconnect();
    expect(ran).toEqual(['read old-desk', 'index old-desk', 'announce old-desk']);
  },

  async 'container.ts'() {
    const filed: Receipt[] = [];
    const serve = createShop((receipt) => void filed.push(receipt));
    expect(await serve(['coffee', 'coffee'])).toBe(1);
    expect(await serve(['cake'])).toBe(2);
    expect(filed.map(({ lines }) => lines)).toEqual([['coffee 3', 'coffee 3'], ['cake 0']]);
    await createShop((receipt) => void filed.push(receipt), new Map([['cake', 7]]))(['cake']);
    expect(filed.at(-1)).toEqual({ lines: ['cake 7'] });
  },

  async 'settings.ts'() {
    const environment = { ...config.extra, PAGER_TOKEN: 'x', PAGER_NUMBERS: '110, 112' };
    const { replyTo, ...own } = readPagerSettings(loadConfig({ environment }));
    expect(own).toEqual({ token: 'x', retries: 3, isNightly: false, numbers: ['110', '112'] });
    expect(replyTo).toContain('@');
    expect(() => readPagerSettings(config)).toThrow('PAGER_TOKEN: is required');
  },

  async 'names-at-once.ts'() {
    const questions: string[][] = [];
    const nameOf = createNames(async (ids) => {
      questions.push(ids);
      return ids.map((id) => id.toUpperCase());
    });
    expect(await Promise.all(['a', 'b', 'c'].map(nameOf))).toEqual(['A', 'B', 'C']);
    expect(questions).toEqual([['a', 'b', 'c']]);
  },

  async 'small-service.ts'() {
    const lifecycle = createLifecycle({ log, shutdownTimeoutMs: 1_000 });
    const { url } = servePage({ lifecycle, log }, 20_000, () => new Response('hello'));
    await lifecycle.start();
    expect(await (await fetch(url() as URL)).text()).toBe('hello');
    await lifecycle.stop('the example is over');
    await expect(fetch(url() as URL)).rejects.toThrow();
  },

  async 'daily-report.ts'() {
    const at = new Date('2026-03-29T12:00:00Z');
    const report = describeReport('Müller & Söhne', at, 'Europe/Berlin');
    expect(report.file).toBe('muller-sohne-2026-03-29.csv');
    expect(report.hours).toHaveLength(23);
    expect(() => describeReport('x', at, 'Europe/Nowhere')).toThrow('no time zone');
  },

  async 'exchange-rates.ts'() {
    const currency = newId('evt');
    let loads = 0;
    const rateOf = createRates(context.cache, async () => ++loads);
    expect(await Promise.all([rateOf(currency), rateOf(currency)])).toEqual([1, 1]);
    expect(await rateOf(currency)).toBe(1);
  },

  async 'drafts.ts'() {
    const drafts = openDrafts(parts);
    const session = newId('ses');
    expect(await drafts.find(session)).toBeUndefined();
    await drafts.keep(session, 'Dear cust');
    expect(await drafts.find(session)).toBe('Dear cust');
    drafts.close();
  },

  async 'mail-health.ts'() {
    const health = createHealth();
    requireMail(health, mailer);
    expect((await health.check()).checks.mail).toMatchObject({ healthy: true });
  },

  async 'archive.ts'() {
    const storage = createMemoryStorage();
    expect(await archive(storage, '2025.txt', ['one', 'two'])).toBe(1);
    expect(await archive(storage, '2026.txt', ['three'])).toBe(2);
    expect(await new Response(await storage.download('archive/2025.txt')).text()).toBe('one\ntwo');
  },

  async 'unpack.ts'() {
    const into = async (directory: string) => {
      await Bun.write(join(directory, 'notes/a.txt'), 'hello');
      await mkdir(join(directory, '__MACOSX'));
      await symlink('/etc/passwd', join(directory, 'link'));
    };
    const sha256 = new Bun.CryptoHasher('sha256').update('hello').digest('hex');
    const found = await unpack(into, ['notes/a.txt', '__MACOSX', 'none']);
    expect(found).toEqual([{ sizeBytes: 5, sha256 }, undefined, undefined]);
    for (const name of ['link', '../notes', '/etc/passwd']) {
      await expect(unpack(into, [name])).rejects.toMatchObject({ code: 'INVALID_PATH' });
    }
  },

  'told-storage.ts': () =>
    withTempDirectory(async (directory) => {
      const told: string[] = [];
      registerToldStorage((key) => void told.push(key));
      const variables = { TOLD_DIRECTORY: directory };
      const chosen = { provider: 'custom', name: 'told', variables, maxFileBytes: 9 } as const;
      const storage = createStorage(chosen, { signer: parts.fileUrls });
      await storage.upload('a', new Uint8Array(9), { contentType: 'text/plain' });
      expect(await storage.exists('a')).toBe(true);
      await storage.delete('a');
      expect([told, await storage.exists('a')]).toEqual([['a'], false]);
    }),

  async 'import-contacts.ts'() {
    const reports: ErrorReport[] = [];
    trackErrors({ report: (report) => void reports.push(report), close: async () => {} });
    const store = async (row: string) => {
      if (!row.includes('@')) throw new Error('No address');
    };
    const rows = ['a@example.com', 'nobody', 'b@example.com'];
    const whose = { userId: 'usr_1', tenantId: 'org_1' };
    await importContacts({ id: 'import-1', ...whose, rows }, store).finally(() =>
      trackErrors(undefined),
    );
    expect(reports).toHaveLength(1);
    const context = { job: 'import-1', actor: 'usr_1', tenantId: 'org_1' };
    expect(reports[0]).toMatchObject({ context, fields: { line: 1 } });
    const read = reports[0]?.breadcrumbs.map(({ fields }) => fields);
    expect(read).toEqual([{ line: 0 }, { line: 1 }]);
  },

  async 'prices.ts'() {
    const asked: string[][] = [];
    const prices = createPrices(context.cache, newId('org'), async (articles) => {
      asked.push(articles);
      return new Map(articles.map((article) => [article, article.length]));
    });
    await prices.find(['tea', 'cake']);
    expect(await prices.find(['tea', 'coffee'])).toEqual(
      new Map([
        ['tea', 3],
        ['coffee', 6],
      ]),
    );
    await prices.forget(['tea']);
    await prices.find(['tea', 'cake']);
    expect(asked).toEqual([['tea', 'cake'], ['coffee'], ['tea']]);
  },

  async 'logo.ts'() {
    const picture = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: 'teal' } })
        .png()
        .toBuffer();
    await requireLogo(context.media, await picture(64, 64));
    for (const [width, height] of [
      [64, 32],
      [32, 32],
    ] as const) {
      const refused = requireLogo(context.media, await picture(width, height));
      await expect(refused).rejects.toMatchObject({ status: 422 });
    }
  },

  async 'news.ts'() {
    const consequencesOf = consequencesBy(catalogOf({ newsPublished }), {
      'news.published': () => [],
    });
    const happened = {
      id: newId('evt'),
      position: 1,
      tenantId: newId('org'),
      requestId: 'example',
      name: 'news.published',
      version: 1,
      payload: { title: 'We are open', draftedBy: 'Eve' },
      at: new Date().toISOString(),
    };
    const told = consequencesOf(happened)?.publish ?? [];
    expect(told.at(-1)).toMatchObject({ channel: 'public-news', data: { title: 'We are open' } });
    expect(told.at(-1)?.data).not.toHaveProperty('draftedBy');
  },

  async 'ask-device.ts'() {
    const { owner, tenantId } = await createTestTenant(context);
    const device = parts.connectValkey('default', 'subscriber', 'device');
    // What a WebSocket replica does with the answer of a socket.
    device.on('message', (_: string, message: string) => {
      const asked = JSON.parse(message) as Asked;
      if (asked.tenantId !== tenantId) return;
      const { question } = asked.request.payload as { question: string };
      const answer = { ok: true as const, result: question === 'Send it?' };
      const answered: Answered = { id: asked.request.id, answer };
      void parts.valkey.publish(asked.replyTo, JSON.stringify(answered));
    });
    await device.subscribe(REQUESTS_TOPIC);
    expect(await confirmOnDevice(owner, { question: 'Send it?' })).toEqual({ isConfirmed: true });
    expect(await confirmOnDevice(owner, { question: 'Or not?' })).toEqual({ isConfirmed: false });
    device.disconnect();
  },
};

test.each(Object.entries(runs))('%s', async (_, run) => {
  await run();
});

test('every example is run', () => {
  const files = readdirSync(import.meta.dir).filter((file) => file.endsWith('.ts'));
  const examples = files.filter((file) => !file.endsWith('.test.ts'));
  expect(examples.toSorted()).toEqual([...Object.keys(runs), 'escalate.ts'].toSorted());
});
