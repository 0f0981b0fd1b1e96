/** Calls `work` at most once in `ms`, at the first call and again at the end if there were more. */
export function throttle(ms: number, work: () => unknown): () => void {
  let isResting = false;
  let isWanted = false;
  function run() {
    isResting = true;
    isWanted = false;
    work();
    setTimeout(() => {
      isResting = false;
      if (isWanted) run();
    }, ms).unref();
  }
  return () => {
    if (isResting) isWanted = true;
    else run();
  };
}
