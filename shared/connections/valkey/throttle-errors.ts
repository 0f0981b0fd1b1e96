const WINDOW_MS = 1_000;

/** Lets one error per second through; an outage repeats the same one many times. */
export function throttleErrors<E>(
  onError: (error: E) => void,
  now: () => number = Date.now,
): (error: E) => void {
  let quietUntilMs = 0;
  return (error) => {
    if (now() < quietUntilMs) return;
    quietUntilMs = now() + WINDOW_MS;
    onError(error);
  };
}
