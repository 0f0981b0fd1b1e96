import { expect, test } from 'bun:test';
import { deviceName } from './device-name.ts';

const mozilla = (rest: string) => `Mozilla/5.0 ${rest}`;

test.each([
  [mozilla('(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'), 'Firefox on Linux'],
  [
    mozilla('(Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0'),
    'Edge on Windows',
  ],
  [
    mozilla('(Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Safari/537.36'),
    'Chrome on Android',
  ],
  [
    mozilla('(iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1'),
    'Safari on iPhone',
  ],
  [mozilla('(Macintosh; Intel Mac OS X 15_0) Version/18 Safari/605.1'), 'Safari on macOS'],
  ['curl/8.1', 'curl'],
  ['<script>', 'Unknown program'],
  ['', 'Unknown device'],
  [null, 'Unknown device'],
])('deviceName: %p is %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});
