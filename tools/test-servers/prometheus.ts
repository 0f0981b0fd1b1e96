import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessSpec } from '../stack/processes/supervised-process.ts';
import { respondsOk } from '../stack/servers/http.ts';
import { writeFileAtomically } from '../stack/write-file.ts';

interface Options {
  /** Path of the program. */
  program: string;
  directory: string;
  port: number;
  /** The folder of `prometheus.yml` and `rules`. */
  configuration: string;
  /** Targets by job; they replace those of the configuration. */
  targets: Readonly<Record<string, readonly string[]>>;
  intervalSeconds: number;
  /** `host:port` of Alertmanager. */
  alertmanager?: string | undefined;
}

interface Configuration {
  global: Record<string, string>;
  rule_files: string[];
  alerting?: object;
  scrape_configs: { job_name: string; sample_limit: number; scheme?: string }[];
}

/** Prometheus with the shipped configuration and rules, but other targets and intervals. */
export function createPrometheus(options: Options) {
  const { program, directory, port } = options;
  const path = (name: string) => join(directory, name);
  const url = `http://127.0.0.1:${port}`;
  const spec: ProcessSpec = {
    name: 'prometheus',
    command: [
      program,
      `--config.file=${path('prometheus.yml')}`,
      `--storage.tsdb.path=${path('series')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
      // An alert that was sent before Alertmanager was found is sent again at once.
      '--rules.alert.resend-delay=1s',
    ],
    directory,
    prepare() {
      mkdirSync(directory, { recursive: true });
      cpSync(join(options.configuration, 'rules'), path('rules'), { recursive: true });
      // JSON is valid YAML.
      writeFileAtomically(path('prometheus.yml'), JSON.stringify(testConfiguration(options)));
    },
    isReady: () => respondsOk(`${url}/-/ready`),
  };
  return { spec, url };
}

function testConfiguration(options: Options): Configuration {
  const { configuration, targets, intervalSeconds, alertmanager } = options;
  const text = readFileSync(join(configuration, 'prometheus.yml'), 'utf8');
  const shipped = Bun.YAML.parse(text) as Configuration;
  const interval = `${intervalSeconds}s`;
  return {
    ...shipped,
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    alerting: {
      alertmanagers: alertmanager ? [{ static_configs: [{ targets: [alertmanager] }] }] : [],
    },
    scrape_configs: shipped.scrape_configs.map(({ job_name, sample_limit }) => ({
      job_name,
      sample_limit,
      static_configs: [{ targets: targets[job_name] ?? [] }],
    })),
  };
}
