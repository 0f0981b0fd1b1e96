import type { Valkey } from './create-valkey.ts';

/** Statistics of the whole server, all clients together. */
export interface ValkeyServerStats {
  memoryBytes: number;
  /** 0 where there is no limit. */
  memoryLimitBytes: number;
  clients: number;
  commands: number;
  evictedKeys: number;
  rejectedClients: number;
  /** Whether the last write to its file succeeded. */
  isPersisting: boolean;
}

/** Reads the statistics of Valkey itself. */
export async function loadValkeyStats(valkey: Pick<Valkey, 'info'>): Promise<ValkeyServerStats> {
  const text = await valkey.info();
  const lines = new Map(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, k, v]) => [k, v]));
  const number = (key: string) => Number(lines.get(key) ?? 0);
  return {
    memoryBytes: number('used_memory'),
    memoryLimitBytes: number('maxmemory'),
    clients: number('connected_clients'),
    commands: number('total_commands_processed'),
    evictedKeys: number('evicted_keys'),
    rejectedClients: number('rejected_connections'),
    isPersisting:
      lines.get('aof_last_write_status') !== 'err' && lines.get('rdb_last_bgsave_status') !== 'err',
  };
}
