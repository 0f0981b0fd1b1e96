import { join } from 'node:path';
import { routes } from '../routes.ts';
import { describeApi } from './describe-api.ts';
import { describeTypes } from './describe-types.ts';

/** Where the client package keeps what it knows of the routes. */
export const clientTypesPath = join(import.meta.dir, '../../../client/operations.ts');

/** What that file should say; addresses differ between installations and are not part of it. */
export const clientTypes = () =>
  describeTypes(describeApi(routes, { publicUrl: 'https://desk.example' }));

if (import.meta.main) await Bun.write(clientTypesPath, clientTypes());
