import type { Valkey } from './create-valkey.ts';

/** Of a server as a whole, whoever uses it. */
export interface ServerFigures {
  memoryBytes: number;
  /** 0 where there is no limit. */
  memoryLimitBytes: number;
  clients: number;
  commands: number;
  evictedKeys: number;
  refusedClients: number;
  /** Whether what it wrote last reached its file. */
  isPersisting: boolean;
}

/** Asks Valkey about itself. */
export async function readServer(valkey: Pick<Valkey, 'info'>): Promise<ServerFigures> {
  const text = await valkey.info();
  const lines = new Map(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, k, v]) => [k, v]));
  const number = (key: string) => Number(lines.get(key) ?? 0);
  return {
    memoryBytes: number('used_memory'),
    memoryLimitBytes: number('maxmemory'),
    clients: number('connected_clients'),
    commands: number('total_commands_processed'),
    evictedKeys: number('evicted_keys'),
    refusedClients: number('rejected_connections'),
    isPersisting:
      lines.get('aof_last_write_status') !== 'err' && lines.get('rdb_last_bgsave_status') !== 'err',
  };
}
