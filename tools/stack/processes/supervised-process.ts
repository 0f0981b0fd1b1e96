import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { PidFiles } from './pid-files.ts';
import { signalGroup } from './process-identity.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 40;
const STOP_TIMEOUT_MS = 10_000;
const STEADY_MS = 10_000;
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
  /** The process started, ended or was restarted under another pid. */
  onChange(): void;
}

/** One process in its own group. When it dies it is restarted with increasing delays until it is stopped. */
export class SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly #listeners: Listeners;
  readonly #lastLines: string[] = [];
  #child: ChildProcess | undefined;
  #comeback: ReturnType<typeof setTimeout> | undefined;
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

  /** Starts it and waits until it is ready; throws with its last lines when it ends before. */
  async start(): Promise<void> {
    this.#launch();
    const first = this.#child;
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.spec.isReady())) {
      // On a slow machine it may have been restarted already; that is not the process that was started.
      const isThere = first !== undefined && this.#child === first;
      if (isThere && !this.#stopping && Date.now() < deadline) {
        await Bun.sleep(POLL_MS);
        continue;
      }
      const what = this.#stopping ? 'was stopped' : isThere ? 'was not ready in time' : 'ended';
      await Bun.sleep(50);
      const words = this.#lastLines.length > 0 ? this.#lastLines : ['(none)'];
      throw new Error([`${this.spec.name} ${what}. Its last lines:`, ...words].join('\n  '));
    }
  }

  /** Sends the stop signal, and kills the whole group after the timeout. */
  async stop(): Promise<void> {
    const { name, stopSignal = 'SIGTERM', stopTimeoutMs = STOP_TIMEOUT_MS } = this.spec;
    this.#stopping = true;
    clearTimeout(this.#comeback);
    this.#child?.kill(stopSignal);
    const deadline = Date.now() + stopTimeoutMs;
    while (this.#child && Date.now() < deadline) await Bun.sleep(10);
    if (this.#child) this.#listeners.onLine(name, 'did not stop in time: killed');
    this.kill();
    while (this.#child) await Bun.sleep(10);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#comeback);
    if (this.pid) signalGroup(this.pid, 'SIGKILL');
  }

  #launch() {
    const { name, command, directory, env, prepare, stopSignal } = this.spec;
    prepare?.();
    const [program, ...words] = command;
    const child = spawn(program, words, {
      cwd: directory,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#startedAt = Date.now();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#say(line));
    }
    child.once('error', (error) => this.#ended(error.message));
    child.once('exit', (code, signal) => this.#ended(signal ?? `code ${code}`));
    if (child.pid) this.#listeners.pidFiles.write(name, child.pid, stopSignal);
    this.#listeners.onChange();
  }

  #ended(how: string) {
    if (!this.#child) return;
    if (this.pid) signalGroup(this.pid, 'SIGKILL');
    this.#child = undefined;
    this.#listeners.pidFiles.remove(this.spec.name);
    if (!this.#stopping) this.#launchLater(`ended by ${how}`);
    this.#listeners.onChange();
  }

  #launchLater(why: string) {
    this.#failures = Date.now() - this.#startedAt > STEADY_MS ? 0 : this.#failures + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, MAX_DELAY_MS);
    this.#listeners.onLine(this.spec.name, `${why}, restarts in ${delayMs} ms`);
    this.#comeback = setTimeout(() => {
      try {
        this.#launch();
      } catch (error) {
        this.#launchLater(`${error}`);
      }
    }, delayMs);
  }

  #say(line: string) {
    if (this.#lastLines.push(line) > LAST_LINES) this.#lastLines.shift();
    if (!this.spec.ignoredLines?.test(line)) this.#listeners.onLine(this.spec.name, line);
  }
}
