import { afterAll, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@insightdesk/shared/config';
import { type ErrorReport, setErrorTracker } from '@insightdesk/shared/error-tracking';
import { createEventCatalog, effectsBy } from '@insightdesk/shared/events';
import { withTempDirectory } from '@insightdesk/shared/files';
import { createQueues, type JobHandlers, startWorkers } from '@insightdesk/shared/jobs';
import { createLifecycle } from '@insightdesk/shared/lifecycle';
import { createStorage } from '@insightdesk/shared/storage';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createShop, type Receipt } from './container.ts';
import { newsPublished } from './custom-channel.ts';
import { readPagerSettings } from './custom-settings.ts';
import { importContacts } from './import-contacts.ts';
import { importInOrder, indexSource, notifyImport, readSource } from './jobs-in-order.ts';
import { servePage } from './small-service.ts';

const { config, container, log, close } = createTestContext();
afterAll(close);

/** One run per example; escalate.ts has its own test. */
const runs: Record<string, () => Promise<void>> = {
  async 'jobs-in-order.ts'() {
    const connect = () => container.connectValkey('queue', 'blocking', 'examples');
    const prefix = `test-${newId('evt')}`;
    const [valkey, subscriber] = [connect(), connect()];
    const opened = [valkey, subscriber];
    const queues = createQueues(valkey, prefix);
    const ran: string[] = [];
    const all = Promise.withResolvers<void>();
    const record = async (step: string, source: string) => {
      if (ran.push(`${step} ${source}`) === 3) all.resolve();
    };
    const handlers: JobHandlers<typeof readSource | typeof indexSource | typeof notifyImport> = {
      'imports.read': { job: readSource, run: ({ source }) => record('read', source) },
      'imports.index': { job: indexSource, run: ({ source }) => record('index', source) },
      'imports.notify': { job: notifyImport, run: ({ source }) => record('notify', source) },
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
    expect(ran).toEqual(['read old-desk', 'index old-desk', 'notify old-desk']);
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

  async 'custom-settings.ts'() {
    const environment = { ...config.extra, PAGER_TOKEN: 'x', PAGER_NUMBERS: '110, 112' };
    const { replyTo, ...settings } = readPagerSettings(loadConfig({ environment }));
    expect(settings).toEqual({ token: 'x', retries: 3, isNightly: false, numbers: ['110', '112'] });
    expect(replyTo).toContain('@');
    expect(() => readPagerSettings(config)).toThrow('PAGER_TOKEN: is required');
  },

  async 'small-service.ts'() {
    const lifecycle = createLifecycle({ log, shutdownTimeoutMs: 1_000 });
    const { url } = servePage({ lifecycle, log }, 20_000, () => new Response('hello'));
    await lifecycle.start();
    expect(await (await fetch(url() as URL)).text()).toBe('hello');
    await lifecycle.stop('test');
    await expect(fetch(url() as URL)).rejects.toThrow();
  },

  'custom-storage.ts': () =>
    withTempDirectory(async (directory) => {
      const module = join(import.meta.dir, 'custom-storage.ts');
      const variables = { AUDITED_DIRECTORY: directory };
      const options = { provider: 'custom', module, variables, maxFileBytes: 9 } as const;
      const storage = createStorage(options, { signer: container.fileUrls });
      await storage.upload('a', new Uint8Array(9), { contentType: 'text/plain' });
      expect(await storage.exists('a')).toBe(true);
      await storage.delete('a');
      const deleted = await Bun.file(join(directory, 'deleted.txt')).text();
      expect([deleted, await storage.exists('a')]).toEqual(['a\n', false]);
    }),

  async 'import-contacts.ts'() {
    const reports: ErrorReport[] = [];
    setErrorTracker({ report: (report) => void reports.push(report), close: async () => {} });
    const store = async (row: string) => {
      if (!row.includes('@')) throw new Error('No address');
    };
    const rows = ['a@example.com', 'no address', 'b@example.com'];
    const owner = { userId: 'usr_1', tenantId: 'org_1' };
    await importContacts({ id: 'import-1', ...owner, rows }, store).finally(() =>
      setErrorTracker(undefined),
    );
    expect(reports).toHaveLength(1);
    const context = { job: 'import-1', actor: 'usr_1', tenantId: 'org_1' };
    expect(reports[0]).toMatchObject({ context, fields: { line: 1 } });
    const read = reports[0]?.breadcrumbs.map(({ fields }) => fields);
    expect(read).toEqual([{ line: 0 }, { line: 1 }]);
  },

  async 'custom-channel.ts'() {
    const effectsOf = effectsBy(createEventCatalog({ newsPublished }));
    const event = {
      id: newId('evt'),
      position: 1,
      tenantId: newId('org'),
      requestId: 'example',
      name: 'news.published',
      version: 1,
      payload: { title: 'We are open', draftedBy: 'Eve' },
      at: new Date().toISOString(),
    };
    const published = effectsOf(event)?.publish ?? [];
    expect(published.at(-1)).toMatchObject({
      channel: 'public-news',
      data: { title: 'We are open' },
    });
    expect(published.at(-1)?.data).not.toHaveProperty('draftedBy');
  },
};

test.each(Object.entries(runs))('example %s: runs as documented', async (_, run) => {
  await run();
});

test('examples: every file has a test', () => {
  const files = readdirSync(import.meta.dir).filter((file) => file.endsWith('.ts'));
  const examples = files.filter((file) => !file.endsWith('.test.ts'));
  expect(examples.toSorted()).toEqual([...Object.keys(runs), 'escalate.ts'].toSorted());
});
