import { afterEach, beforeEach, expect, test } from 'bun:test';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSecretName, knownKeys } from '@insightdesk/shared/config';
import { requireKubectl } from '../../tools/test-servers/fetch-kubectl.ts';
import { run } from '../../tools/verify/run.ts';

/** A kubectl that renders for real, records all other calls, and reports the condition of the job. */
const fakeKubectl = `#!/bin/sh
[ "$1" != kustomize ] || exec "$KUBECTL" "$@"
echo "$*" >>"$CALLS"
case "$*" in
*'get job'*"\\"$JOB\\""*) [ "$(grep -c 'get job' "$CALLS")" -lt 6 ] || printf True ;;
*'logs job'*) echo 'relation does not exist' ;;
esac
[ -z "\${FAIL_ON:-}" ] || case "$*" in *"$FAIL_ON"*) exit 1 ;; esac
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'insightdesk-deploy-'));
  writeFileSync(join(directory, 'kubectl'), fakeKubectl);
  chmodSync(join(directory, 'kubectl'), 0o755);
});
afterEach(() => rmSync(directory, { recursive: true }));

async function deploy(overlay: string, environment: Record<string, string> = {}) {
  const calls = join(directory, 'calls');
  const result = await run(['sh', 'deploy/kubernetes/deploy.sh', overlay], {
    env: {
      KUBECTL: await requireKubectl(() => {}),
      CALLS: calls,
      JOB: 'Complete',
      POLL_SECONDS: '0',
      PATH: `${directory}:${process.env.PATH}`,
      ...environment,
    },
  });
  const lines = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
  return { ...result, calls: lines.filter((line) => !line.includes('get job')) };
}

const overlay = 'deploy/kubernetes/overlays/staging';
const apply = `apply --kustomize ${overlay} --selector app.kubernetes.io/component`;
const untilMigration = [
  `${apply} notin (api,websocket,worker,migrate)`,
  '--namespace insightdesk-staging delete job insightdesk-migrate --ignore-not-found --wait',
  `${apply}=migrate`,
];

test('deploy.sh applies settings, then runs the migration, then updates the services', async () => {
  const { exitCode, calls } = await deploy(overlay);
  expect(exitCode).toBe(0);
  expect(calls).toEqual([
    ...untilMigration,
    `${apply} in (api,websocket,worker)`,
    ...['worker', 'websocket', 'api'].map(
      (name) =>
        `--namespace insightdesk-staging rollout status deployment/insightdesk-${name} --timeout=10m`,
    ),
  ]);
});

test('deploy.sh leaves the services unchanged when the migration fails', async () => {
  const { exitCode, output, calls } = await deploy(overlay, { JOB: 'Failed' });
  expect(exitCode).toBe(1);
  expect(output).toContain('relation does not exist');
  expect(output).toContain('the services were not changed');
  expect(calls.slice(0, 3)).toEqual(untilMigration);
  expect(calls.join('\n')).not.toContain(`${apply} in (`);
  expect(calls.join('\n')).not.toContain('rollout');
});

test('deploy.sh fails when a rollout does not complete', async () => {
  const { exitCode } = await deploy(overlay, {
    FAIL_ON: 'rollout status deployment/insightdesk-api',
  });
  expect(exitCode).toBe(1);
});

test.each(['deploy/kubernetes/base/patches', '/nowhere'])(
  'deploy.sh refuses %s, which is not an overlay',
  async (path) => {
    const { exitCode, output, calls } = await deploy(path);
    expect(exitCode).toBe(2);
    expect(output).toContain('contains no kustomization.yaml');
    expect(calls).toEqual([]);
  },
);

test('deploy.sh refuses secrets among the settings', async () => {
  const overlayWithSecrets = join(directory, 'overlay');
  mkdirSync(overlayWithSecrets);
  const secrets = knownKeys.filter(isSecretName).toSorted();
  const settings = knownKeys.map((name) => `${name}=x`).join('\n');
  writeFileSync(join(overlayWithSecrets, 'settings.env'), settings);
  writeFileSync(
    join(overlayWithSecrets, 'kustomization.yaml'),
    'namespace: insightdesk\nconfigMapGenerator: [{ name: insightdesk-settings, envs: [settings.env] }]\n',
  );
  const { exitCode, output, calls } = await deploy(overlayWithSecrets);
  expect(exitCode).toBe(78);
  expect(output).toBe(`Settings contain secrets, use secrets.sh for these: ${secrets.join(' ')}`);
  expect(calls).toEqual([]);
});
