import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../shared/testing/until.ts';
import { root } from '../../../tools/stack/paths.ts';

const TIMEOUT_MS = 120_000;

/** Starts a separate stack with `npm start`, and collects its output. */
export async function startStack(variables: Record<string, string>) {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-traced-'));
  const runFile = join(directory, 'run.json');
  const { PATH, HOME, TMPDIR } = process.env;
  const child = Bun.spawn([process.execPath, join(root, 'tools/stack/start.ts')], {
    cwd: root,
    env: {
      PATH,
      HOME,
      TMPDIR,
      INSIGHTDESK_DATA: directory,
      NODE_ENV: 'test',
      LOG_FORMAT: 'json',
      RATE_LIMIT_MAX_REQUESTS: '0',
      WORKERS_MAX: '1',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      MEDIA_TOOLS_DIRECTORY: directory,
      ...variables,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const lines: string[] = [];
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    let rest = '';
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    }
  });
  async function stop() {
    child.kill('SIGTERM');
    await child.exited;
    await Promise.all(reading);
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    await until(() => child.exitCode !== null || existsSync(runFile), { timeoutMs: TIMEOUT_MS });
    if (child.exitCode !== null) throw new Error(lines.join('\n'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { runFile, lines, stop };
}
