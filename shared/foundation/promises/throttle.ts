/** Calls `work` at most once in `ms`: at the first call, and at the end if there were more. */
export function throttle(ms: number, work: () => unknown): () => void {
  let isThrottled = false;
  let isPending = false;
  function run() {
    isThrottled = true;
    isPending = false;
    work();
    setTimeout(() => {
      isThrottled = false;
      if (isPending) run();
    }, ms).unref();
  }
  return () => {
    if (isThrottled) isPending = true;
    else run();
  };
}
