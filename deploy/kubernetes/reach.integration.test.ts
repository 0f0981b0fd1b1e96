import { expect, test } from 'bun:test';
import { renderOverlay } from './objects.ts';
import { createReach, type Endpoint } from './reach.ts';

const reaches = createReach(await renderOverlay('production'));
const endpoints: Record<string, Endpoint> = {
  api: { component: 'api' },
  websocket: { component: 'websocket' },
  worker: { component: 'worker' },
  migrate: { component: 'migrate' },
  'a pod of no component of ours': { component: 'else' },
  'the ingress controller': { namespace: 'ingress-nginx' },
  monitoring: { namespace: 'monitoring' },
  KEDA: { namespace: 'keda' },
  'names in DNS': { namespace: 'kube-system' },
  'another tenant of the cluster': { namespace: 'default' },
  'a private address': { address: '10.1.2.3' },
  'a private address of IPv6': { address: 'fd00::3' },
  outside: { address: '93.184.216.34' },
  'outside by IPv6': { address: '2606:2800:220:1::1' },
  'the metadata of the machine': { address: '169.254.169.254' },
  'a carrier’s address': { address: '100.64.0.1' },
};

type Try = [from: string, to: string, port: number];

const open: Try[] = [
  ['the ingress controller', 'api', 3000],
  ['the ingress controller', 'websocket', 3000],
  ['KEDA', 'worker', 3000],
  ['monitoring', 'api', 3000],
  ['monitoring', 'websocket', 3000],
  ['monitoring', 'worker', 3000],
  ['api', 'names in DNS', 53],
  ['migrate', 'names in DNS', 53],
  ['migrate', 'a private address', 5432],
  ...['api', 'websocket', 'worker'].flatMap((from): Try[] => [
    [from, 'a private address', 5432],
    [from, 'a private address', 6432],
    [from, 'a private address of IPv6', 6379],
    [from, 'outside', 443],
    [from, 'outside by IPv6', 443],
    [from, 'monitoring', 4318],
  ]),
  ['worker', 'outside', 587],
];
test.each(open)('%s reaches %s:%i', (from, to, port) => {
  expect(reaches(endpoints[from] as Endpoint, endpoints[to] as Endpoint, port)).toBe(true);
});

const closed: Try[] = [
  ['the ingress controller', 'worker', 3000],
  ['the ingress controller', 'migrate', 3000],
  ['the ingress controller', 'api', 22],
  ['KEDA', 'api', 3000],
  ['monitoring', 'migrate', 3000],
  ['outside', 'api', 3000],
  ['another tenant of the cluster', 'api', 3000],
  ['another tenant of the cluster', 'worker', 3000],
  ['api', 'worker', 3000],
  ['api', 'websocket', 3000],
  ['websocket', 'another tenant of the cluster', 443],
  ['websocket', 'outside', 587],
  ['api', 'outside', 5432],
  ['worker', 'outside', 80],
  ['worker', 'a private address', 443],
  ['worker', 'a private address of IPv6', 443],
  ['worker', 'the metadata of the machine', 443],
  ['worker', 'the metadata of the machine', 587],
  ['worker', 'a carrier’s address', 443],
  ['migrate', 'a private address', 6379],
  ['migrate', 'a private address', 6432],
  ['migrate', 'outside', 443],
  ['a pod of no component of ours', 'a private address', 5432],
  ['a pod of no component of ours', 'outside', 443],
  ['the ingress controller', 'a pod of no component of ours', 3000],
];
test.each(closed)('%s does not reach %s:%i', (from, to, port) => {
  expect(reaches(endpoints[from] as Endpoint, endpoints[to] as Endpoint, port)).toBe(false);
});
