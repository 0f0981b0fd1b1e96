const WINDOW_MS = 1_000;

/** Passes one error per second on: an outage repeats the same one many times. */
export function throttleErrors<E>(
  onError: (error: E) => void,
  now: () => number = Date.now,
): (error: E) => void {
  let silentUntilMs = 0;
  return (error) => {
    if (now() < silentUntilMs) return;
    silentUntilMs = now() + WINDOW_MS;
    onError(error);
  };
}
