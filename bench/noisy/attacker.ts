// The attacker's own process: so many requests a second, however they are answered.
export interface Attack {
  url: string;
  ca: string;
  path: string;
  body: string;
  headers: Record<string, string>;
  perSecond: number;
  seconds: number;
}

/** How often it was answered what. */
export type Answers = Record<string, number>;

const TIMEOUT_MS = 30_000;

async function run({ url, ca, path, body, headers, perSecond, seconds }: Attack): Promise<Answers> {
  const answers: Answers = {};
  const note = (word: string) => {
    answers[word] = (answers[word] ?? 0) + 1;
  };
  const sent: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < perSecond * seconds; n++) {
    const dueMs = startedAt + (n * 1_000) / perSecond - performance.now();
    if (dueMs > 0) await Bun.sleep(dueMs);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const asked = fetch(`${url}${path}`, { method: 'POST', body, headers, signal, tls: { ca } });
    sent.push(
      asked.then(
        async (answer) => {
          await answer.arrayBuffer();
          note(`${answer.status}`);
        },
        () => note('cut off'),
      ),
    );
  }
  await Promise.all(sent);
  return answers;
}

async function answer({ id, ask, ...attack }: Attack & { id: number; ask: string }) {
  try {
    process.send?.({ id, answer: ask === 'clock' ? Date.now() : await run(attack) });
  } catch (error) {
    process.send?.({ id, failure: String(error) });
  }
}

process.on('message', (question: Attack & { id: number; ask: string }) => void answer(question));
process.send?.({ id: 0, answer: 'ready' });
