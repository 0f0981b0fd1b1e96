import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { PidFiles } from './pid-files.ts';
import { signalGroup } from './process-identity.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 40;
const STOP_TIMEOUT_MS = 10_000;
const STABLE_MS = 10_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 15_000;
const LAST_LINES = 15;

export interface ProcessSpec {
  name: string;
  command: [string, ...string[]];
  env?: Record<string, string>;
  directory?: string;
  /** Runs before every start, also before a restart. */
  prepare?: () => void;
  isReady: () => Promise<boolean>;
  /** Lines that are not printed. */
  ignoredLines?: RegExp;
  stopSignal?: NodeJS.Signals;
  stopTimeoutMs?: number;
}

export interface Listeners {
  pidFiles: PidFiles;
  onLine(name: string, line: string): void;
  /** A process was started, restarted or has ended. */
  onChange(): void;
}

/** A process in its own group. When it ends, it is restarted with increasing delays until `stop`. */
export class SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly #listeners: Listeners;
  readonly #lastLines: string[] = [];
  #child: ChildProcess | undefined;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #startedAt = 0;
  #failures = 0;
  #stopping = false;

  constructor(spec: ProcessSpec, listeners: Listeners) {
    this.spec = spec;
    this.#listeners = listeners;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process and waits until it is ready. Throws with its last lines if it ends before. */
  async start(): Promise<void> {
    this.#launch();
    const first = this.#child;
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.spec.isReady())) {
      // A restarted process counts as ended.
      const isSameProcess = first !== undefined && this.#child === first;
      if (isSameProcess && !this.#stopping && Date.now() < deadline) {
        await Bun.sleep(POLL_MS);
        continue;
      }
      const outcome = this.#stopping
        ? 'was stopped'
        : isSameProcess
          ? 'was not ready in time'
          : 'ended';
      await Bun.sleep(50);
      const lastLines = this.#lastLines.length > 0 ? this.#lastLines : ['(none)'];
      throw new Error([`${this.spec.name} ${outcome}. Its last lines:`, ...lastLines].join('\n  '));
    }
  }

  /** Sends the stop signal, and kills the process group after the timeout. */
  async stop(): Promise<void> {
    const { name, stopSignal = 'SIGTERM', stopTimeoutMs = STOP_TIMEOUT_MS } = this.spec;
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    this.#child?.kill(stopSignal);
    const deadline = Date.now() + stopTimeoutMs;
    while (this.#child && Date.now() < deadline) await Bun.sleep(10);
    if (this.#child) this.#listeners.onLine(name, 'killed, because it did not stop in time');
    this.kill();
    while (this.#child) await Bun.sleep(10);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    if (this.pid) signalGroup(this.pid, 'SIGKILL');
  }

  #launch() {
    const { name, command, directory, env, prepare, stopSignal } = this.spec;
    prepare?.();
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#startedAt = Date.now();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#handleLine(line));
    }
    child.once('error', (error) => this.#handleEnd(error.message));
    child.once('exit', (code, signal) => this.#handleEnd(signal ?? `code ${code}`));
    if (child.pid) this.#listeners.pidFiles.write(name, child.pid, stopSignal);
    this.#listeners.onChange();
  }

  #handleEnd(reason: string) {
    if (!this.#child) return;
    if (this.pid) signalGroup(this.pid, 'SIGKILL');
    this.#child = undefined;
    this.#listeners.pidFiles.remove(this.spec.name);
    if (!this.#stopping) this.#scheduleRestart(`ended by ${reason}`);
    this.#listeners.onChange();
  }

  #scheduleRestart(reason: string) {
    this.#failures = Date.now() - this.#startedAt > STABLE_MS ? 0 : this.#failures + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, MAX_DELAY_MS);
    this.#listeners.onLine(this.spec.name, `${reason}, restarts in ${delayMs} ms`);
    this.#restartTimer = setTimeout(() => {
      try {
        this.#launch();
      } catch (error) {
        this.#scheduleRestart(`${error}`);
      }
    }, delayMs);
  }

  #handleLine(line: string) {
    if (this.#lastLines.push(line) > LAST_LINES) this.#lastLines.shift();
    if (!this.spec.ignoredLines?.test(line)) this.#listeners.onLine(this.spec.name, line);
  }
}
