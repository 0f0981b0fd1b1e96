import { expect, test } from 'bun:test';
import { readJunit } from './junit.ts';

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="5" assertions="1" failures="2" skipped="1" time="0.01">
  <testsuite name="a.test.ts" file="a.test.ts" tests="3" failures="1" skipped="1" time="1.5">
    <testsuite name="group" file="a.test.ts" line="2" tests="3" failures="1" skipped="1" time="0">
      <testcase name="is &quot;one&quot;" classname="group" time="0.1" file="a.test.ts" line="2">
        <failure type="AssertionError" message="x">x</failure>
      </testcase>
      <testcase name="ok" classname="group" time="0.1" file="a.test.ts" line="2" />
      <testcase name="later" classname="group" time="0" file="a.test.ts" line="2">
        <skipped />
      </testcase>
    </testsuite>
  </testsuite>
  <testsuite name="b.test.ts" file="b.test.ts" tests="1" failures="1" skipped="0" time="0.1">
    <testcase name="(worker crashed)" classname="" time="0" file="b.test.ts">
      <failure type="Error" message="worker process crashed before reporting results" />
    </testcase>
  </testsuite>
</testsuites>`;

test('readJunit counts tests and lists each failed file with its tests', () => {
  const { durations, ...counts } = readJunit(report, ['a.test.ts', 'b.test.ts'], false);
  expect(counts).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    failures: [
      { path: 'a.test.ts', tests: ['is "one"'] },
      { path: 'b.test.ts', tests: ['(worker crashed)'] },
    ],
  });
  expect([...durations]).toEqual([
    ['a.test.ts', 1.5],
    ['b.test.ts', 0.1],
  ]);
});

test('readJunit counts a file that did not load as failed', () => {
  const { failed, failures } = readJunit(report, ['a.test.ts', 'b.test.ts', 'c.test.ts'], false);
  expect(failed).toBe(3);
  expect(failures.at(-1)).toEqual({ path: 'c.test.ts', tests: [] });
});

test('readJunit counts one failure when a run failed without a failed test', () => {
  expect(readJunit('', [], false)).toMatchObject({ passed: 0, failed: 1, failures: [] });
  expect(readJunit('', [], true)).toMatchObject({ passed: 0, failed: 0, failures: [] });
});
