import { z } from 'zod';

// Fly publishes no schema: these are the fields and rules of flyctl, which `fly config validate --strict`
// goes by (superfly/flyctl at ad0172f, internal/appconfig/{config,service,toplevelcheck,validation}.go, and
// fly-go 0.9.6 for ports and concurrency). Sections that we do not use are left out, so that whoever adds
// one looks them up there.
const duration = z.union([z.int().positive(), z.string().regex(/^\d+(ms|s|m|h)$/)]);
const words = z.array(z.string());

const httpCheck = {
  interval: duration.optional(),
  timeout: duration.optional(),
  grace_period: duration.optional(),
  method: z.string().optional(),
  path: z.string().startsWith('/'),
  protocol: z.enum(['http', 'https']).optional(),
  tls_skip_verify: z.boolean().optional(),
  tls_server_name: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
};

const port = z.strictObject({
  port: z.int().min(1).max(65_535),
  handlers: z.array(z.enum(['http', 'tls', 'edge_http', 'pg_tls', 'proxy_proto'])),
  force_https: z.boolean().optional(),
});

const service = z.strictObject({
  processes: words.min(1),
  protocol: z.enum(['tcp', 'udp']),
  internal_port: z.int(),
  auto_stop_machines: z.enum(['off', 'stop', 'suspend']).optional(),
  auto_start_machines: z.boolean().optional(),
  min_machines_running: z.int().optional(),
  concurrency: z
    .strictObject({
      type: z.enum(['connections', 'requests']),
      hard_limit: z.int().optional(),
      soft_limit: z.int().optional(),
    })
    .optional(),
  ports: z.array(port).min(1),
  http_checks: z.array(z.strictObject(httpCheck)).optional(),
});

const sections = z.strictObject({
  app: z.string().regex(/^[a-z0-9-]+$/),
  primary_region: z.string().length(3),
  kill_signal: z.string().startsWith('SIG').optional(),
  kill_timeout: duration.optional(),
  build: z.strictObject({ dockerfile: z.string(), 'build-target': z.string().optional() }),
  deploy: z.strictObject({
    release_command: z.string(),
    release_command_timeout: duration.optional(),
    strategy: z.enum(['canary', 'rolling', 'immediate', 'bluegreen']),
    max_unavailable: z.number().optional(),
  }),
  env: z.record(z.string(), z.string()),
  processes: z.record(z.string(), z.string()),
  services: z.array(service),
  checks: z.record(
    z.string(),
    z.strictObject({
      ...httpCheck,
      type: z.enum(['http', 'tcp']),
      port: z.int(),
      processes: words.optional(),
    }),
  ),
  metrics: z.array(
    z.strictObject({ port: z.int(), path: z.string(), processes: words.optional() }),
  ),
  restart: z.array(
    z.strictObject({
      policy: z.enum(['always', 'never', 'on-failure']),
      retries: z.int().optional(),
      processes: words.optional(),
    }),
  ),
  vm: z.array(
    z.strictObject({ size: z.string(), memory: z.string(), processes: words.optional() }),
  ),
});

/** `fly.toml`, read; every section that names processes names some that there are. */
export const flyFields = sections.superRefine(({ processes, ...rest }, context) => {
  const { services, metrics, restart, vm } = rest;
  for (const section of [
    ...services,
    ...Object.values(rest.checks),
    ...metrics,
    ...restart,
    ...vm,
  ]) {
    const strange = section.processes?.filter((name) => !(name in processes)) ?? [];
    if (strange.length > 0) context.addIssue(`There is no process group ${strange}`);
  }
});
