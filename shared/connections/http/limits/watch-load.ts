/** One sample of the load of this process. */
export interface LoadSample {
  /** Delay of the event loop. */
  lagMs: number;
  /** Longest current wait for a database connection. */
  waitMs: number;
}

export interface LoadLimits extends LoadSample {
  /** Samples in a row above a limit that start shedding: one long pause is not overload. */
  samplesToShed: number;
  /** Samples in a row below half of both limits that end it. */
  samplesToResume: number;
}

/** Whether this process refuses requests. */
export interface LoadState {
  readonly isShedding: boolean;
}

/** Decides by samples, with hysteresis; a limit of 0 is disabled. */
export function createLoadShedder({ samplesToShed, samplesToResume, ...limits }: LoadLimits) {
  let samplesInRow = 0;
  let isShedding = false;
  const exceeds = (sample: LoadSample, share: number) =>
    (['lagMs', 'waitMs'] as const).some(
      (name) => limits[name] > 0 && sample[name] > limits[name] * share,
    );

  return {
    get isShedding() {
      return isShedding;
    },
    observe(sample: LoadSample): void {
      const isForChange = isShedding ? !exceeds(sample, 0.5) : exceeds(sample, 1);
      samplesInRow = isForChange ? samplesInRow + 1 : 0;
      if (samplesInRow < (isShedding ? samplesToResume : samplesToShed)) return;
      isShedding = !isShedding;
      samplesInRow = 0;
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

/** Samples the load of this process until `stop`. */
export function watchLoad({
  limits,
  waitMs,
  onChange,
  sampleMs = 250,
  nowMs: now = () => performance.now(),
}: WatchOptions) {
  const shedder = createLoadShedder({ ...limits, samplesToShed: 2, samplesToResume: 4 });
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
