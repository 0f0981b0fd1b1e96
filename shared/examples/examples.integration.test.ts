import { afterAll, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { loadConfig } from '@insightdesk/shared/config';
import { type ErrorReport, trackErrors } from '@insightdesk/shared/error-tracking';
import { catalogOf, effectsBy } from '@insightdesk/shared/events';
import { withTempDirectory } from '@insightdesk/shared/files';
import { createQueues, type JobHandlers, startWorkers } from '@insightdesk/shared/jobs';
import { createLifecycle } from '@insightdesk/shared/lifecycle';
import { createStorage } from '@insightdesk/shared/storage';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createShop, type Receipt } from './container.ts';
import { registerCustomStorage } from './custom-storage.ts';
import { importContacts } from './import-contacts.ts';
import { announce, buildIndex, importInOrder, readSource } from './jobs-in-order.ts';
import { newsPublished } from './news.ts';
import { readPagerSettings } from './settings.ts';
import { servePage } from './small-service.ts';

const { config, parts, log, close } = createTestContext();
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

  async 'small-service.ts'() {
    const lifecycle = createLifecycle({ log, shutdownTimeoutMs: 1_000 });
    const { url } = servePage({ lifecycle, log }, 20_000, () => new Response('hello'));
    await lifecycle.start();
    expect(await (await fetch(url() as URL)).text()).toBe('hello');
    await lifecycle.stop('the example is over');
    await expect(fetch(url() as URL)).rejects.toThrow();
  },

  'custom-storage.ts': () =>
    withTempDirectory(async (directory) => {
      const told: string[] = [];
      registerCustomStorage((key) => void told.push(key));
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

  async 'news.ts'() {
    const effectsOf = effectsBy(catalogOf({ newsPublished }));
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
    const told = effectsOf(happened)?.publish ?? [];
    expect(told.at(-1)).toMatchObject({ channel: 'public-news', data: { title: 'We are open' } });
    expect(told.at(-1)?.data).not.toHaveProperty('draftedBy');
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
