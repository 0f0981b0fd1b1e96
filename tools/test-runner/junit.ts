/** A file with a failed test, or one that did not load. */
export interface FailedFile {
  path: string;
  /** Titles; empty if the file did not load. */
  tests: string[];
}

export interface TestReport {
  passed: number;
  failed: number;
  skipped: number;
  failures: FailedFile[];
  /** Seconds by file. */
  durations: Map<string, number>;
}

const attribute = (tag: string, name: string) =>
  decode(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const decode = (text: string) =>
  text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(\w+);/g, (all, name) => entities[name] ?? all);

/**
 * Parses a JUnit report of `bun test`. A file that is missing in it did not load and counts as one failure.
 * `isOk` is whether the exit code was 0: a run that failed without a failed test counts as one failure.
 */
export function readJunit(xml: string, files: readonly string[], isOk: boolean): TestReport {
  const report: TestReport = {
    passed: 0,
    failed: 0,
    skipped: 0,
    failures: [],
    durations: new Map(),
  };
  const failed = new Map<string, string[]>();
  const reported = new Set<string>();
  for (const [suite] of xml.matchAll(/<testsuite [^>]*>/g)) {
    const path = attribute(suite, 'file');
    if (attribute(suite, 'name') !== path) continue;
    reported.add(path);
    report.durations.set(path, Number(attribute(suite, 'time')));
  }
  for (const [, tag = '', body = ''] of xml.matchAll(
    /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    if (body.includes('<failure')) {
      const path = attribute(` ${tag}`, 'file');
      failed.set(path, [...(failed.get(path) ?? []), attribute(` ${tag}`, 'name')]);
      report.failed++;
    } else if (body.includes('<skipped')) report.skipped++;
    else report.passed++;
  }
  for (const path of files.filter((file) => !reported.has(file))) {
    failed.set(path, []);
    report.failed++;
  }
  if (!isOk && report.failed === 0) report.failed = 1;
  report.failures = [...failed].map(([path, tests]) => ({ path, tests }));
  return report;
}
