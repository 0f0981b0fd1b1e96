import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.ts';

let folder: string;
const read = (path: string) => Bun.file(join(folder, path)).text();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-build-'));
  await build(join(folder, 'node_modules/@insightdesk/client'));
}, 60_000);

afterAll(() => rm(folder, { recursive: true }));

const here = 'node_modules/@insightdesk/client';
const importsOf = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*['"]([^'"]+)['"]/g)].map(([, from]) => from);

test('build: the module imports socket.io-client and nothing of the server', async () => {
  expect(importsOf(await read(`${here}/index.js`))).toEqual(['socket.io-client']);
  const bundle = await read(`${here}/browser.js`);
  expect(importsOf(bundle)).toEqual([]);
  expect(/\bimport\s*\(|\brequire\(|\bBun\./.test(bundle)).toBe(false);
  // The contract's schemas are for servers: the package has only its names and types.
  expect(/_zod|ZodError|toJSONSchema/.test(bundle)).toBe(false);
});

test('build: the declarations import each other and socket.io-client only', async () => {
  const found = new Set<string>();
  for (const path of new Bun.Glob('types/**/*.d.ts').scanSync(join(folder, here))) {
    for (const from of importsOf(await read(`${here}/${path}`))) found.add(from ?? '');
  }
  const elsewhere = [...found].filter((from) => !from.startsWith('.'));
  expect(elsewhere).toEqual(['socket.io-client']);
});

test('build: a strict app compiles with the declarations, in a browser and in Node', async () => {
  const app = `
    import {
      Channels, createClient, Events,
      type ChannelEvent, type EventData, type Id, type Message, type SignalData,
    } from '@insightdesk/client';
    const client = createClient({ url: '' });
    const message: Promise<Message> = client.send('cnv_1', { body: '' });
    const channel: string = Channels.conversation('cnv_1');
    client.subscribe(channel, { onEvent: (event: ChannelEvent) => event.offset, onGap() {} });
    client.subscribe(channel, {
      onEvent(event) {
        if (event.type === 'message.created') show(event.data);
        if (event.type === Events.conversationUpdated) event.data.status === 'open';
        if (event.type === 'member.updated') event.data.userId satisfies Id<'usr'>;
        // @ts-expect-error it may be any event
        event.data.body;
        // @ts-expect-error a conversation has no body
        if (event.type === 'conversation.created') event.data.body;
        // @ts-expect-error there is no such event
        if (event.type === 'message.unknown') event.data;
      },
      onGap() {},
    });
    function show({ body, kind }: Message) { return [body, kind]; }
    const data: EventData['webhook.disabled'] = { webhookId: 'whk_1', reason: 'gone' };
    const typing: SignalData['typing'] = { on: true };
    client.request('GET /v1/conversations/{id}', { path: { id: 'cnv_1' } });
    // @ts-expect-error an id of something else
    Channels.conversation('usr_1');
    // @ts-expect-error the path is missing
    client.request('GET /v1/conversations/{id}');
    // @ts-expect-error there is no such field
    client.send('cnv_1', { text: '' });
    // @ts-expect-error the unknown is not any
    message.then(({ subject }) => subject);`;
  await Bun.write(join(folder, 'app.mts'), app);
  const typescript = dirname(Bun.resolveSync('typescript/package.json', import.meta.dir));
  const socketIo = dirname(Bun.resolveSync('socket.io-client/package.json', import.meta.dir));
  const check = async (...options: string[]) => {
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2024'];
    const command = [process.execPath, join(typescript, 'bin/tsc'), 'app.mts', ...strict];
    const child = Bun.spawn([...command, ...options], { cwd: folder, stdout: 'pipe' });
    return child.stdout.text();
  };
  await symlink(socketIo, join(folder, 'node_modules/socket.io-client'));
  const both = await Promise.all([
    check('--module', 'nodenext', '--lib', 'es2024,dom'),
    check('--module', 'preserve', '--moduleResolution', 'bundler', '--lib', 'es2024,dom'),
  ]);
  expect(both).toEqual(['', '']);
}, 60_000);

/** The folders of a package and of everything that it depends on, as installed in this repository. */
async function foldersOf(name: string, from: string, found = new Map<string, string>()) {
  const manifestPath = Bun.resolveSync(`${name}/package.json`, from);
  const manifest: { dependencies?: object } = await Bun.file(manifestPath).json();
  found.set(name, dirname(manifestPath));
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (!found.has(dependency)) await foldersOf(dependency, dirname(manifestPath), found);
  }
  return found;
}

test('build: npm packs the folder, and Node imports the installed tarball', async () => {
  const npm = async (cwd: string, ...args: string[]) => {
    const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    const child = Bun.spawn(['npm', ...args, ...options], { cwd, stdout: 'pipe', stderr: 'pipe' });
    const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) !== 0) throw new Error(`npm ${args[0]} failed:\n${errors}`);
    return output.trim();
  };
  const tarball = await npm(join(folder, here), 'pack', '--silent');
  expect(tarball).toBe('insightdesk-client-0.1.0.tgz');

  const app = join(folder, 'app');
  await Bun.write(join(app, 'package.json'), '{ "private": true, "type": "module" }');
  const dependencies = await foldersOf('socket.io-client', import.meta.dir);
  const packages = [join(folder, here, tarball), ...dependencies.values()];
  // The dependencies come from this repository: the test needs no registry.
  await npm(app, 'install', '--install-links', ...packages);
  const script = `
    import { createClient, NetworkError } from '@insightdesk/client';
    const browser = await import(import.meta.resolve('@insightdesk/client/browser'));
    const client = createClient({ url: 'http://127.0.0.1:9' });
    const error = await client.me().catch((reason) => reason);
    console.log(typeof Bun, error instanceof NetworkError, typeof browser.createClient);
    console.log(import.meta.resolve('@insightdesk/client'));`;
  await Bun.write(join(app, 'app.js'), script);
  const node = Bun.spawn(['node', 'app.js'], { cwd: app, stdout: 'pipe' });
  const installed = join(app, 'node_modules/@insightdesk/client/index.js');
  expect(await node.stdout.text()).toBe(`undefined true function\n${pathToFileURL(installed)}\n`);
}, 60_000);
