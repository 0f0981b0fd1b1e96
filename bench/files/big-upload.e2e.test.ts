import { expect, test } from 'bun:test';
import { measureBig } from '../uploads-big.bench.ts';
import { openAccount } from './own-account.ts';

/** As much as is allowed unless told; the benchmark sends 5 GiB. */
const BYTES = 24_000_000;

test.skipIf(process.platform !== 'linux')(
  'cut and resumed twice through the proxy, the same bytes come back; what was held is told',
  async () => {
    const { resumedAt, peaks } = await measureBig(BYTES, await openAccount());
    expect(resumedAt).toHaveLength(2);
    const [first = 0, second = 0] = resumedAt;
    expect(first).toBeWithin(0, BYTES / 3 + 1);
    expect(second).toBeWithin(first, (BYTES * 2) / 3 + 1);
    expect(peaks.map(({ name }) => name.replace(/-\d+/, ''))).toContain('api');
    for (const { peakBytes } of peaks) expect(peakBytes).toBeGreaterThan(1e6);
  },
);
