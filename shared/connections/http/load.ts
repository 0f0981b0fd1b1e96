/** How busy this process is. */
export interface LoadSample {
  /** How late the event loop came to look. */
  lagMs: number;
  /** How long whoever waits for a database connection has been waiting. */
  waitMs: number;
}

export interface LoadLimits extends LoadSample {
  /** So many samples in a row over a limit begin it: one long pause is not overload. */
  samplesToShed: number;
  /** So many in a row under half of both end it, so that it does not flutter. */
  samplesToResume: number;
}

/** Whether this process turns requests away. */
export interface Load {
  readonly isShedding: boolean;
}

/** Decides by samples, with hysteresis; a limit of 0 is none. */
export function createShedder({ samplesToShed, samplesToResume, ...limits }: LoadLimits) {
  let inARow = 0;
  let isShedding = false;
  const exceeds = (sample: LoadSample, share: number) =>
    (['lagMs', 'waitMs'] as const).some(
      (one) => limits[one] > 0 && sample[one] > limits[one] * share,
    );

  return {
    get isShedding() {
      return isShedding;
    },
    observe(sample: LoadSample): void {
      const speaksForChange = isShedding ? !exceeds(sample, 0.5) : exceeds(sample, 1);
      inARow = speaksForChange ? inARow + 1 : 0;
      if (inARow < (isShedding ? samplesToResume : samplesToShed)) return;
      isShedding = !isShedding;
      inARow = 0;
    },
  };
}

interface WatchOptions {
  limits: Pick<LoadLimits, 'lagMs' | 'waitMs'>;
  waitMs: () => number;
  onChange: (isShedding: boolean, sample: LoadSample) => void;
  sampleMs?: number;
  nowMs?: () => number;
}

/** Samples this process for as long as it lives. */
export function watchLoad({
  limits,
  waitMs,
  onChange,
  sampleMs = 250,
  nowMs: now = () => performance.now(),
}: WatchOptions) {
  const shedder = createShedder({ ...limits, samplesToShed: 2, samplesToResume: 4 });
  let dueAtMs = now() + sampleMs;
  const timer = setInterval(() => {
    const nowMs = now();
    const sample = { lagMs: Math.max(0, nowMs - dueAtMs), waitMs: waitMs() };
    dueAtMs = nowMs + sampleMs;
    const before = shedder.isShedding;
    shedder.observe(sample);
    if (shedder.isShedding !== before) onChange(shedder.isShedding, sample);
  }, sampleMs);
  timer.unref();
  return {
    get isShedding() {
      return shedder.isShedding;
    },
    stop: () => clearInterval(timer),
  };
}
