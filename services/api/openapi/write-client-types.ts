import { join } from 'node:path';
import { socketEvents } from '../asyncapi/event-catalog.ts';
import { routes } from '../routes.ts';
import { describeApi } from './describe-api.ts';
import { describeEventTypes, describeTypes } from './describe-types.ts';

const root = join(import.meta.dir, '../../..');

// Third-party protocols have clients of their own.
const jsonRoutes = routes.filter(({ protocol }) => protocol === undefined);

/** Generated files of the client with the functions that generate them. */
export const clientTypes: Readonly<Record<string, () => string>> = {
  // The URL is not part of the types.
  [join(root, 'client/operations.ts')]: () =>
    describeTypes(describeApi(jsonRoutes, { publicUrl: 'https://desk.example' })),
  [join(root, 'shared/contract/events.ts')]: () => describeEventTypes(socketEvents),
};

if (import.meta.main) {
  for (const [path, generate] of Object.entries(clientTypes)) await Bun.write(path, generate());
}
