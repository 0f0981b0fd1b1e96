import { expect, test } from 'bun:test';
import { join } from 'node:path';
import schema from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' };
import { Channels, Events, socketInputs } from '@insightdesk/shared/contract';
import { inboundEvents } from '@insightdesk/shared/domain/inbound';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { channels, heard, recorded } from './catalog.ts';
import { describeEvents } from './describe-events.ts';

const document = JSON.parse(JSON.stringify(describeEvents({ publicUrl: 'https://desk.example' })));

test('the document is valid AsyncAPI 3.0', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const isValid = validate(document);
  const { errors } = validate;
  expect({ isValid, errors }).toEqual({ isValid: true, errors: null });
  expect(validate({ ...document, channels: { x: { address: 7 } } })).toBe(false);
}, 60_000);

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(50);
  for (const [, path = ''] of references) {
    const found = path
      .split('/')
      .reduce((at: unknown, part) => (at as Record<string, unknown>)?.[part], document);
    expect({ path, isThere: found !== undefined }).toEqual({ path, isThere: true });
  }
});

test('it names every event that any feature records', async () => {
  const root = join(import.meta.dir, '../../..');
  const names: string[] = [];
  for await (const file of new Bun.Glob('shared/domain/*/events.ts').scan(root)) {
    const text = await Bun.file(join(root, file)).text();
    names.push(...[...text.matchAll(/defineEvent\(\s*'([^']+)'/g)].map(([, name]) => name ?? ''));
  }
  expect(names.length).toBeGreaterThan(15);
  expect(Object.keys(recorded).toSorted()).toEqual(names.toSorted());
  const facts = Object.entries(
    document.channels.outbox.messages as Record<string, { $ref: string }>,
  );
  expect(facts).toHaveLength(names.length);
});

test('it names what sockets hear and what they may emit', () => {
  for (const name of Object.values(Events)) expect(Object.keys(heard)).toContain(name);
  expect(Object.keys(channels)).toEqual(Object.keys(Channels));
  for (const { events } of Object.values(channels)) {
    for (const name of events) expect(Object.keys(heard)).toContain(name);
  }
  expect(document.channels.conversation.address).toBe('private-conversation-{cnv}');
  for (const name of Object.keys(socketInputs)) {
    expect(document.operations).toHaveProperty([`ask.${name.replace(':', '-')}`]);
  }
  const outside = Object.values(
    document.components.messages as Record<string, Record<string, unknown>>,
  )
    .filter((message) => message['x-accepted-from-outside'])
    .map(({ name }) => name);
  expect(outside).toEqual(Object.keys(inboundEvents));
});
