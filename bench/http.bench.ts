import { join } from 'node:path';
import type { Load, Outcome } from './http/clients.ts';
import {
  createFloorTables,
  createOurs,
  eventConsumers,
  type Side,
  startFloor,
} from './http/contenders.ts';
import { cpuTime } from './http/cpu-time.ts';
import type { Row } from './run.ts';
import { startChild } from './sockets/child.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const WARM_SECONDS = 1;

interface Case {
  name: string;
  target: string;
  connections: number;
  /** Whether worker and WebSocket processes are stopped during this case. */
  isAlone?: boolean;
  requestsOf(side: Side): Pick<Load, 'method' | 'paths' | 'body'>;
}

const read = ({ conversations, ids }: Side) => ({
  method: 'GET',
  paths: ids.map((id) => `${conversations}/${id}`),
});
const list = ({ conversations }: Side) => ({
  method: 'GET',
  paths: [conversations.startsWith('/v1') ? `${conversations}?limit=25` : conversations],
});
const reply = ({ conversations, ids }: Side) => ({
  method: 'POST',
  paths: ids.map((id) => `${conversations}/${id}/messages`),
  body: JSON.stringify({ body: 'Thank you, it works again' }),
});

const cases: Case[] = [
  { name: 'read one, 32 connections', target: '0.65', connections: 32, requestsOf: read },
  { name: 'read one, 128 connections', target: '0.65', connections: 128, requestsOf: read },
  { name: 'list 25', target: '0.9', connections: 32, requestsOf: list },
  { name: 'reply with its effects', target: '0.5', connections: 32, requestsOf: reply },
  { name: 'reply alone', target: '0.8', connections: 32, isAlone: true, requestsOf: reply },
];

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Our API, compared with plain Bun.serve with postgres.js and with Express with pg. Clients have their own process. */
export default async function measure(): Promise<Row[]> {
  const ours = await createOurs();
  const dropTables = await createFloorTables(ours.tenant);
  const floor = await startFloor('floor.ts', ours);
  const express = await startFloor('express.mjs', ours);
  const clients = await startChild(
    [process.execPath, join(import.meta.dir, 'http/clients.ts')],
    {},
  );
  const filter = process.env.BENCH_CASE ?? '';
  try {
    const rows: Row[] = [];
    for (const benchCase of cases.filter(({ name }) => name.includes(filter))) {
      if (benchCase.isAlone) for (const pid of eventConsumers) process.kill(pid, 'SIGSTOP');
      try {
        rows.push(...(await compare(benchCase, { floor, ours: ours.side, express })));
      } finally {
        if (benchCase.isAlone) for (const pid of eventConsumers) process.kill(pid, 'SIGCONT');
      }
    }
    return rows;
  } finally {
    for (const child of [floor, express, clients]) await child.stop();
    await dropTables();
  }

  async function compare(benchCase: Case, sides: Record<'floor' | 'ours' | 'express', Side>) {
    const samples = { floor: [] as Sample[], ours: [] as Sample[], express: [] as Sample[] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of ['floor', 'ours', 'express'] as const) {
        const sample = await load(benchCase, sides[name], round === 0 ? WARM_SECONDS : SECONDS);
        if (round > 0) samples[name].push(sample);
      }
    }
    const row = (metric: string, unit: string, pick: (sample: Sample) => number): Row => ({
      name: `${benchCase.name}${metric}`,
      unit,
      floor: median(samples.floor.map(pick)),
      ours: median(samples.ours.map(pick)),
      conventional: median(samples.express.map(pick)),
    });
    return [
      { ...row('', 'req/s', ({ perSecond }) => perSecond), target: benchCase.target },
      row(': p99', 'ms', ({ p99 }) => p99),
      row(': CPU per request', 'us', ({ cpu }) => cpu),
    ];
  }

  async function load(benchCase: Case, side: Side, seconds: number): Promise<Sample> {
    const { origin, headers, pid } = side;
    const { connections } = benchCase;
    const options = { origin, headers, connections, seconds, ...benchCase.requestsOf(side) };
    const before = cpuTime(pid);
    const outcome = await clients.request<Outcome>('run', options);
    if (outcome.failures > 0)
      throw new Error(`${benchCase.name}: ${outcome.failures} requests failed`);
    return { ...outcome, cpu: (cpuTime(pid) - before) / outcome.count };
  }
}

type Sample = Outcome & { cpu: number };
