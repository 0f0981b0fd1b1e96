import type { Answer, Loading } from './loader.ts';
import type { Arrival, MemoryTier } from './memory-tier.ts';

interface FlightsOptions {
  memory: MemoryTier;
  stats: { hits: number; misses: number; stale: number };
  fly(key: string, loading: Loading, arrival: Arrival, held: string | undefined): Promise<Answer>;
}

/** One load of a key at a time in this process: the first caller flies, the others go along. */
export function createFlights({ memory, stats, fly }: FlightsOptions) {
  const flights = new Map<string, Promise<Answer>>();

  async function resolve<T>(key: string, loading: Loading): Promise<T> {
    const held = memory.get(key);
    if (held?.isFresh) {
      stats.hits++;
      return JSON.parse(held.text);
    }
    const flight = flights.get(key) ?? takeOff(key, loading, held?.text);
    const { text, from } = await flight;
    stats[from]++;
    return (text === undefined ? undefined : JSON.parse(text)) as T;
  }

  function takeOff(key: string, loading: Loading, stale: string | undefined): Promise<Answer> {
    const arrival = memory.expect(key);
    const flight = fly(key, loading, arrival, stale).finally(() => {
      memory.finish(key, arrival);
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    return flight;
  }

  return {
    resolve,
    /** Whoever asks from now on does not join a load that began before. */
    drop: (key: string) => void flights.delete(key),
    dropAll: () => flights.clear(),
  };
}
