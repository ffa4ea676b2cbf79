import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { createLogReader } from '../agents/log-lines.ts';
import { server } from '../context.ts';
import { containerOf } from './container-of.ts';

const flag = z
  .enum(['0', '1', 'true', 'false'])
  .default('0')
  .transform((value) => value === '1' || value === 'true');
const time = z
  .string()
  .regex(/^[\w.:+-]{1,40}$/)
  .optional();

export const logQuery = z.object({
  tail: z.union([z.literal('all'), z.coerce.number().int().min(0).max(1_000_000)]).default(1000),
  since: time,
  until: time,
  follow: flag,
});
export type LogQuery = z.infer<typeof logQuery>;

const inspect = z.object({ Config: z.object({ Tty: z.boolean() }) });

/** The log as JSON lines, for as long as the browser listens. @throws EngineError */
export async function readLogs(
  hostId: string,
  containerId: string,
  query: LogQuery,
  signal: AbortSignal,
): Promise<ReadableStream> {
  const record = containerOf(hostId, containerId);
  const tty = inspect.safeParse(record.inspect).data?.Config.Tty ?? false;
  const answer = await server().agents.request(hostId, {
    method: 'GET',
    path: `/containers/${record.id}/logs`,
    query: { stdout: true, stderr: true, timestamps: true, ...query },
    signal,
  });
  return Readable.toWeb(Readable.from(lines(answer, createLogReader(tty)))) as ReadableStream;
}

async function* lines(answer: AsyncIterable<Buffer>, read: (chunk: Buffer) => string): AsyncGenerator<Buffer> {
  for await (const chunk of answer) {
    const text = read(chunk);
    if (text) yield Buffer.from(text);
  }
}
