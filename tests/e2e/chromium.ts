const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of the Chromium to test with: the variable CHROMIUM, or one on PATH; says how to get one. */
export function findChromium(): string | undefined {
  const path = process.env.CHROMIUM || names.map((name) => Bun.which(name)).find(Boolean);
  if (path) return path;
  console.warn(
    'skipped: the browser test, for want of Chromium. On Debian: apt-get install chromium; ' +
      'or set CHROMIUM to the path of a Chromium or Chrome.',
  );
  return undefined;
}
