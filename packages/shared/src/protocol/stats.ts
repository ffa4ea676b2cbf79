/**
 * The stats frame: one binary message of the control link per sample, little-endian. Values are float64; only those that
 * differ from the frame before are sent, so the two ends keep a table of the last values in step. A keyframe resets the
 * table and is first on every connection.
 *
 *   u8 version | u8 flags (1 keyframe, 2 ids follow) | u16 0 | f64 timeMs
 *   if ids follow: u16 count, then 32 bytes an id; values of ids that stay are kept, new ids begin at 0
 *   u8 mask, f64... of the host's changed fields, then for every id: u16 mask, f64... of its changed fields
 *
 * Bit n of a mask is field n of stats-fields.ts. A decoder never allocates more than a frame of the size limit can name.
 */
import {
  type ContainerStats,
  containerStatsFields,
  type HostStats,
  hostStatsFields,
  type StatsSample,
} from './stats-fields.ts';

export const statsFrameVersion = 1;
export const statsContainersMax = 4096;

const flagKeyframe = 1;
const flagIds = 2;
const headBytes = 12;
const idBytes = 32;
const idPattern = /^[0-9a-f]{64}$/;

/** A frame that breaks the format; the link is closed as malformed. */
export class StatsFrameError extends Error {
  constructor(message: string) {
    super(`Bad stats frame: ${message}`);
    this.name = 'StatsFrameError';
  }
}

interface Table {
  ids: string[];
  host: Float64Array;
  rows: Map<string, Float64Array>;
}

/** Containers whose id is no 64 hex digits, or beyond the first 4096, are left out. */
export function createStatsEncoder(): { encode(sample: StatsSample): Uint8Array } {
  let table: Table | null = null;
  return {
    encode(sample) {
      const containers = sample.containers.filter(({ id }) => idPattern.test(id)).slice(0, statsContainersMax);
      const ids = containers.map(({ id }) => id);
      const keyframe = table === null;
      const before = table ?? emptyTable();
      const idsFollow = keyframe || !sameIds(before.ids, ids);
      const rowBytesMax = 2 + 8 * containerStatsFields.length;
      const bytes = new Uint8Array(
        headBytes + 2 + ids.length * (idBytes + rowBytesMax) + 1 + 8 * hostStatsFields.length,
      );
      const view = new DataView(bytes.buffer);
      view.setUint8(0, statsFrameVersion);
      view.setUint8(1, (keyframe ? flagKeyframe : 0) | (idsFollow ? flagIds : 0));
      view.setFloat64(4, sample.timeMs, true);
      let offset = headBytes;
      if (idsFollow) {
        view.setUint16(offset, ids.length, true);
        offset += 2;
        for (const id of ids) {
          writeId(bytes, offset, id);
          offset += idBytes;
        }
      }
      const host = Float64Array.from(hostStatsFields, (field) => finite(sample.host[field]));
      offset = writeChanges(view, offset, 1, before.host, host);
      const rows = new Map<string, Float64Array>();
      for (const { id, stats } of containers) {
        const row = Float64Array.from(containerStatsFields, (field) => finite(stats[field]));
        offset = writeChanges(view, offset, 2, before.rows.get(id) ?? emptyRow(), row);
        rows.set(id, row);
      }
      table = { ids, host, rows };
      return bytes.subarray(0, offset);
    },
  };
}

export function createStatsDecoder(): { decode(frame: Uint8Array): StatsSample } {
  let table: Table | null = null;
  return {
    /** @throws StatsFrameError; the decoder is of no further use then. */
    decode(frame) {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      if (frame.byteLength < headBytes) throw new StatsFrameError('too short');
      if (view.getUint8(0) !== statsFrameVersion) throw new StatsFrameError('unknown version');
      const flags = view.getUint8(1);
      if (flags > (flagKeyframe | flagIds) || view.getUint16(2, true) !== 0) throw new StatsFrameError('unknown flags');
      const keyframe = (flags & flagKeyframe) !== 0;
      const idsFollow = (flags & flagIds) !== 0;
      if (keyframe && !idsFollow) throw new StatsFrameError('a keyframe without ids');
      const before = keyframe ? emptyTable() : table;
      if (!before) throw new StatsFrameError('no keyframe came first');
      const timeMs = view.getFloat64(4, true);
      if (!Number.isFinite(timeMs) || timeMs < 0 || timeMs > 8.64e15) throw new StatsFrameError('impossible time');
      let ids = before.ids;
      let offset = headBytes;
      if (idsFollow) ({ ids, offset } = readIds(view, offset));
      const host = before.host.slice();
      offset = readChanges(view, offset, 1, host);
      const rows = new Map<string, Float64Array>();
      for (const id of ids) {
        const row = before.rows.get(id)?.slice() ?? emptyRow();
        offset = readChanges(view, offset, 2, row);
        rows.set(id, row);
      }
      if (offset !== frame.byteLength) throw new StatsFrameError('bytes left over');
      table = { ids, host, rows };
      return {
        timeMs,
        host: toStats<HostStats>(hostStatsFields, host),
        containers: [...rows].map(([id, row]) => ({ id, stats: toStats<ContainerStats>(containerStatsFields, row) })),
      };
    },
  };
}

const emptyRow = () => new Float64Array(containerStatsFields.length);
const emptyTable = (): Table => ({ ids: [], host: new Float64Array(hostStatsFields.length), rows: new Map() });

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

function finite(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function writeId(bytes: Uint8Array, offset: number, id: string): void {
  for (let index = 0; index < idBytes; index++)
    bytes[offset + index] = Number.parseInt(id.slice(2 * index, 2 * index + 2), 16);
}

function readIds(view: DataView, start: number): { ids: string[]; offset: number } {
  if (start + 2 > view.byteLength) throw new StatsFrameError('too short');
  const count = view.getUint16(start, true);
  const offset = start + 2;
  if (count > statsContainersMax || offset + count * idBytes > view.byteLength)
    throw new StatsFrameError('too many ids');
  const ids = new Set<string>();
  for (let index = 0; index < count; index++) {
    let id = '';
    for (let at = 0; at < idBytes; at++)
      id += view
        .getUint8(offset + index * idBytes + at)
        .toString(16)
        .padStart(2, '0');
    ids.add(id);
  }
  if (ids.size !== count) throw new StatsFrameError('an id twice');
  return { ids: [...ids], offset: offset + count * idBytes };
}

function writeChanges(
  view: DataView,
  start: number,
  maskBytes: 1 | 2,
  before: Float64Array,
  now: Float64Array,
): number {
  let mask = 0;
  let offset = start + maskBytes;
  now.forEach((value, field) => {
    if (value === before[field]) return;
    mask |= 1 << field;
    view.setFloat64(offset, value, true);
    offset += 8;
  });
  if (maskBytes === 1) view.setUint8(start, mask);
  else view.setUint16(start, mask, true);
  return offset;
}

function readChanges(view: DataView, start: number, maskBytes: 1 | 2, row: Float64Array): number {
  if (start + maskBytes > view.byteLength) throw new StatsFrameError('too short');
  const mask = maskBytes === 1 ? view.getUint8(start) : view.getUint16(start, true);
  if (mask >= 1 << row.length) throw new StatsFrameError('an unknown field');
  let offset = start + maskBytes;
  for (let field = 0; field < row.length; field++) {
    if ((mask & (1 << field)) === 0) continue;
    if (offset + 8 > view.byteLength) throw new StatsFrameError('too short');
    const value = view.getFloat64(offset, true);
    if (!Number.isFinite(value) || value < 0) throw new StatsFrameError('an impossible value');
    row[field] = value;
    offset += 8;
  }
  return offset;
}

/** The fields are exactly the keys of T: both come from stats-fields.ts. */
function toStats<T extends Record<string, number>>(fields: readonly (keyof T & string)[], row: Float64Array): T {
  return Object.fromEntries(fields.map((field, index) => [field, row[index] ?? 0])) as T;
}
