/** GET /events: what happened since, then what happens, one JSON object a line. */
import { once } from 'node:events';
import type { EngineEvent } from '@berth/shared/protocol/control';
import type { Events } from '../../engine/events.ts';
import { filters, type Route } from '../router.ts';
import { parseTimestamp } from '../timestamp.ts';

const pageSize = 500;

export function eventRoutes(events: Events): Route[] {
  return [
    {
      method: 'GET',
      path: '/events',
      async handler({ query, response, signal }) {
        const matches = matcher(filters(query));
        const since = parseTimestamp(query.get('since'));
        const until = parseTimestamp(query.get('until'));
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.flushHeaders();
        let seq = since === null ? events.lastSeq() : 0;
        let wake = () => {};
        const unsubscribe = events.subscribe(() => wake());
        const timer = until === null ? null : setTimeout(() => wake(), Math.max(0, until * 1000 - Date.now()));
        signal.addEventListener('abort', () => wake());
        try {
          while (!signal.aborted) {
            const page = events.after(seq, pageSize);
            for (const event of page) {
              seq = event.seq;
              const seconds = Number(event.timeNano) / 1e9;
              if (since !== null && seconds < since) continue;
              if (until !== null && seconds > until) return;
              if (!matches(event)) continue;
              if (!response.write(`${JSON.stringify(encodeEvent(event))}\n`)) await once(response, 'drain', { signal });
            }
            if (page.length > 0) continue;
            if (until !== null && Date.now() >= until * 1000) return;
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        } catch (error) {
          if (!signal.aborted) throw error;
        } finally {
          unsubscribe();
          if (timer !== null) clearTimeout(timer);
          response.end();
        }
      },
    },
  ];
}

export function encodeEvent(event: EngineEvent): object {
  const timeNano = BigInt(event.timeNano);
  return {
    ...(event.type === 'container'
      ? { status: event.action, id: event.actorId, from: event.attributes['image'] ?? '' }
      : {}),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.actorId, Attributes: event.attributes },
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
    timeNano: Number(timeNano),
  };
}

function matcher(wanted: Record<string, string[]>): (event: EngineEvent) => boolean {
  return (event) =>
    Object.entries(wanted).every(([name, values]) => {
      switch (name) {
        case 'type':
          return values.includes(event.type);
        case 'event':
          return values.some((value) => event.action === value || event.action.startsWith(`${value}:`));
        case 'label':
          return values.every((value) => {
            const at = value.indexOf('=');
            const have = event.attributes[at < 0 ? value : value.slice(0, at)];
            return have !== undefined && (at < 0 || have === value.slice(at + 1));
          });
        case 'scope':
          return values.includes('local');
        case 'daemon':
          return false;
        default:
          return (
            event.type === name &&
            values.some(
              (value) => event.actorId.startsWith(value) || event.attributes['name'] === value.replace(/^\//, ''),
            )
          );
      }
    });
}
