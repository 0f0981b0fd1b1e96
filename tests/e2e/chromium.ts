const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of Chromium: the variable CHROMIUM, or a program on PATH. Prints a hint if there is none. */
export function findChromium(): string | undefined {
  const path = process.env.CHROMIUM || names.map((name) => Bun.which(name)).find(Boolean);
  if (path) return path;
  console.warn(
    'skipped: browser tests, because Chromium is missing. On Debian: apt-get install chromium; ' +
      'or set CHROMIUM to the path of Chromium or Chrome.',
  );
  return undefined;
}
