import { join } from 'node:path';
import { heard } from '../asyncapi/event-catalog.ts';
import { routes } from '../routes.ts';
import { describeApi } from './describe-api.ts';
import { describeEventTypes, describeTypes } from './describe-types.ts';

const root = join(import.meta.dir, '../../..');

// What others made a protocol for is left to their clients.
const called = routes.filter(({ protocol }) => protocol === undefined);

/** What clients know of the server and is made from it: each file, and what it should say. */
export const clientTypes: Readonly<Record<string, () => string>> = {
  // Addresses differ between installations and are not part of it.
  [join(root, 'client/operations.ts')]: () =>
    describeTypes(describeApi(called, { publicUrl: 'https://desk.example' })),
  [join(root, 'shared/contract/events.ts')]: () => describeEventTypes(heard),
};

if (import.meta.main) {
  for (const [path, make] of Object.entries(clientTypes)) await Bun.write(path, make());
}
