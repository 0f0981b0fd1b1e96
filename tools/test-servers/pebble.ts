import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../stack/machine/toolchain.ts';
import type { ProcessSpec } from '../stack/processes/supervised-process.ts';
import { respondsOk } from '../stack/servers/http.ts';
import type { TlsFiles } from '../stack/servers/tls.ts';

interface Options {
  pebble: Tool;
  dns: Tool;
  directory: string;
  /** The certificate of Pebble itself. */
  tls: TlsFiles;
  ca: string;
  ports: { acme: number; management: number; dns: number; dnsManagement: number };
  /** The port of HTTP-01 challenges on all hosts, which resolve to this machine. */
  httpPort: number;
}

/** Pebble (an ACME server) and its DNS server. */
export function createPebble({ pebble, dns, directory, tls, ca, ports, httpPort }: Options) {
  const configuration = join(directory, 'pebble.json');
  const url = `https://localhost:${ports.acme}/dir`;
  const management = `https://localhost:${ports.management}`;
  const specs: ProcessSpec[] = [
    {
      name: 'dns',
      command: [
        dns.path,
        ...['-dns01', `127.0.0.1:${ports.dns}`, '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
        ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
        ...['-management', `127.0.0.1:${ports.dnsManagement}`],
      ],
      env: dns.env,
      isReady: () =>
        fetch(`http://127.0.0.1:${ports.dnsManagement}/`).then(
          () => true,
          () => false,
        ),
    },
    {
      name: 'pebble',
      command: [pebble.path, ...['-config', configuration, '-dnsserver', `127.0.0.1:${ports.dns}`]],
      // No artificial delays and errors; each renewal is validated again.
      env: {
        ...pebble.env,
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_WFE_NONCEREJECT: '0',
        PEBBLE_AUTHZREUSE: '0',
      },
      prepare: () =>
        writeFileSync(
          configuration,
          JSON.stringify({
            pebble: {
              listenAddress: `127.0.0.1:${ports.acme}`,
              managementListenAddress: `127.0.0.1:${ports.management}`,
              certificate: tls.certificate,
              privateKey: tls.key,
              httpPort,
              tlsPort: 1,
              ocspResponderURL: '',
              externalAccountBindingRequired: false,
            },
          }),
        ),
      isReady: () => respondsOk(url, ca),
    },
  ];
  return {
    specs,
    url,
    /** The root certificate, as PEM. */
    root: async () => (await fetch(`${management}/roots/0`, { tls: { ca } })).text(),
  };
}
