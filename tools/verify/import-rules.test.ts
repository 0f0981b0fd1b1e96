import { expect, test } from 'bun:test';
import { checkImports } from './import-rules.ts';

const shared = (module: string) => `import { x } from '@insightdesk/shared/${module}';`;
const type = (module: string) => `import type { X } from '@insightdesk/shared/${module}';`;

test.each([
  ['shared/foundation/config/load.ts', shared('errors')],
  ['shared/connections/storage/local.ts', shared('streams')],
  ['shared/connections/http/limit.ts', type('valkey')],
  ['shared/flow/realtime/log.ts', shared('valkey')],
  ['shared/flow/events/define.ts', type('context')],
  ['shared/flow/context/context.ts', type('storage')],
  ['shared/domain/identity/users/sign-in/login.ts', shared('domain/tenancy/tenants')],
  ['shared/domain/identity/users/sign-in/login.ts', "import { sql } from 'drizzle-orm';"],
  ['shared/domain/identity/users/sign-in/login.ts', "import { x } from './tables.ts';"],
  ['shared/domain/identity/users/login.test.ts', shared('testing')],
  ['services/worker/tests/relay.integration.test.ts', shared('valkey')],
  ['services/websocket/testing/test-replica.ts', shared('valkey')],
  ['services/api/testing/query-plans.ts', shared('database')],
  ['shared/boot/boot.ts', shared('domain/identity/users')],
  ['services/api/main.ts', shared('boot')],
  ['services/worker/replay-command.ts', shared('boot')],
  ['services/api/app.ts', type('boot')],
  ['services/api/routes/users.ts', "import { x } from '../route.ts';"],
  ['services/cli/desk.ts', shared('database')],
  ['shared/domain/catalog.ts', shared('domain/integrations/webhooks')],
  ['shared/domain/integrations/webhooks/a.ts', shared('domain/integrations/event-ingest')],
  ['services/worker/reactions.ts', shared('domain/catalog')],
  ['shared/boot/container.ts', shared('domain/catalog')],
  ['client/realtime.ts', "import type { X } from '../shared/contract/shapes.ts';"],
  ['client/examples/follow.ts', "import { x } from '@insightdesk/client';"],
  ['tests/e2e/client.e2e.test.ts', "import { x } from '@insightdesk/client';"],
  ['bench/a.bench.ts', "import { x } from '../tests/e2e/client.ts';"],
])('checkImports accepts in %s: %s', (path, source) => {
  expect(checkImports(path, source)).toEqual([]);
});

test.each([
  ['shared/foundation/errors/a.ts', shared('utils'), 'imports leftwards'],
  ['shared/foundation/utils/a.ts', type('logging'), 'imports leftwards'],
  ['shared/foundation/utils/a.ts', shared('database'), 'as an argument'],
  ['shared/connections/cache/a.ts', shared('database'), "only with 'import type'"],
  ['shared/connections/email/a.ts', type('events'), 'boot wires it'],
  ['shared/flow/jobs/a.ts', shared('context'), "only with 'import type'"],
  ['shared/flow/events/a.ts', shared('domain/identity/users'), 'imports connections'],
  ['shared/flow/context/a.ts', shared('database'), "only with 'import type'"],
  ['shared/flow/context/a.ts', type('events'), 'types of connections only'],
  ['shared/domain/tenancy/tenants/a.ts', shared('domain/identity/users'), 'through an event'],
  ['shared/domain/tenancy/tenants/a.ts', type('domain/identity/users'), 'through an event'],
  ['shared/domain/identity/users/a.ts', shared('storage'), 'take it from ctx'],
  ['shared/domain/identity/users/a.ts', shared('boot'), 'take it from ctx'],
  ['shared/domain/identity/users/a.ts', shared('testing'), 'take it from ctx'],
  ['shared/domain/identity/users/a.test.ts', shared('boot'), 'take it from ctx'],
  ['shared/domain/identity/users/a.ts', "import { Hono } from 'hono';", 'services/api/routes'],
  ['shared/domain/identity/users/a.ts', "import { cors } from 'hono/cors';", 'services/api/routes'],
  ['shared/domain/identity/users/a.ts', "import type { Job } from 'bullmq';", 'defineJob'],
  ['shared/domain/identity/users/a.ts', "import sharp from 'sharp';", 'ctx.files.media'],
  ['shared/domain/identity/users/a.ts', "import { env } from 'node:process';", 'from ctx'],
  ['shared/domain/identity/users/a.ts', "const a = await import('nodemailer');", 'ctx.mail'],
  ['shared/domain/identity/users/a.ts', "import { x } from '../tenants/view.ts';", 'stays inside'],
  ['shared/domain/identity/users/a.ts', "export * from '../../errors/index.ts';", 'stays inside'],
  [
    'shared/domain/identity/users/a.ts',
    "import {\n  x,\n} from '../tenants/view.ts';",
    'stays inside',
  ],
  ['shared/domain/identity/users/a.ts', shared('domain/tenancy/tenants/view'), 'one entry point'],
  ['shared/foundation/utils/a.ts', shared('utils'), './x.ts'],
  ['services/api/routes.ts', shared('boot'), 'in main.ts'],
  ['services/api/main.ts', shared('database'), 'call an action'],
  ['services/api/main.ts', "import { x } from '@insightdesk/worker';", 'never import each other'],
  ['services/api/main.ts', "import '../worker/jobs.ts';", 'stays inside services/api'],
  ['bench/a.bench.ts', "import '../services/api/app.ts';", 'stays inside bench'],
  ['tests/e2e/a.ts', "import '../../shared/boot/boot.ts';", 'stays inside tests'],
  ['services/api/app.ts', "import { x } from '@insightdesk/client';", 'never import each other'],
  ['client/realtime.ts', type('realtime'), 'without a server'],
  [
    'client/realtime.ts',
    "import { x } from '../shared/flow/realtime/index.ts';",
    'without a server',
  ],
  ['client/realtime.ts', "import { x } from '../shared/contract/index.ts';", 'shapes.ts'],
  ['shared/domain/identity/users/a.ts', shared('domain/catalog'), 'through an event'],
  ['shared/domain/catalog.ts', shared('database'), 'only lists features'],
  ['shared/domain/desk/fresh/a.ts', shared('errors'), 'is not listed'],
  ['shared/fresh/a.ts', shared('errors'), 'in no layer'],
])('checkImports rejects in %s: %s', (path, source, reason) => {
  const [first, ...more] = checkImports(path, source);
  expect(first).toContain(reason);
  expect(more).toEqual([]);
});

test('checkImports reports file, line and import', () => {
  const source = `${shared('errors')}\n\n${shared('boot')}\n`;
  expect(checkImports('shared/connections/database/a.ts', source)).toEqual([
    expect.stringMatching(
      /^shared\/connections\/database\/a\.ts:3 imports '@insightdesk\/shared\/boot': /,
    ),
  ]);
});
