import { expect, test } from 'bun:test';

/** Runs a service that prints when it has started and stopped. */
function run(code: string) {
  const script = `
    const { createLifecycle } = await import('@insightdesk/shared/lifecycle');
    const { createLogger } = await import('@insightdesk/shared/logging');
    const log = createLogger({ level: 'fatal', format: 'json' }, { service: 's', replica: 's-1' });
    const lifecycle = createLifecycle({ log, shutdownTimeoutMs: 5000 });
    lifecycle.registerShutdownHook('slow', async () => {
      await Bun.sleep(200);
      console.log('stopped');
    });
    lifecycle.onSignals();
    setInterval(() => {}, 60_000);
    await lifecycle.start();
    console.log('up');
    ${code}`;
  const child = Bun.spawn([process.execPath, '-e', script], {
    cwd: import.meta.dir,
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: 10_000,
  });
  return { child, output: child.stdout.pipeThrough(new TextDecoderStream()).getReader() };
}

async function readUntil(output: ReturnType<typeof run>['output'], word: string) {
  let text = '';
  while (!text.includes(word)) {
    const { value, done } = await output.read();
    if (done) return text;
    text += value;
  }
  return text;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'lifecycle: %s, even twice, runs the shutdown hooks and exits with 0',
  async (name) => {
    const { child, output } = run('');
    await readUntil(output, 'up');
    child.kill(name);
    await Bun.sleep(50);
    child.kill(name);
    expect(await readUntil(output, 'stopped')).toContain('stopped');
    expect(await child.exited).toBe(0);
  },
);

test.each([
  ['uncaughtException', `setTimeout(() => { throw new Error('uncaught'); }, 1);`],
  ['unhandledRejection', `void Promise.reject(new Error('uncaught'));`],
])('lifecycle: %s is logged, runs the shutdown hooks and exits with 1', async (event, code) => {
  const { child, output } = run(code);
  const text = await readUntil(output, 'stopped');
  expect(text).toContain(`"msg":"${event}"`);
  expect(text).toContain('uncaught');
  expect(await child.exited).toBe(1);
});
