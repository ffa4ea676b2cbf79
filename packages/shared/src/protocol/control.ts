/**
 * The control WebSocket between an agent and the dashboard (docs/protocol.md). Text messages are JSON envelopes
 * `{type, ...}` of the schemas below; binary messages are stats frames (stats.ts). The agent dials `/agent`.
 *
 *   server: challenge {nonce}
 *   agent:  enroll {token, publicKey, signature} -> server: enrolled {hostId}, then as after hello
 *       or  hello {hostId, signature}
 *   server: welcome {version, resumeEventsAfter}
 *   then both ways, in any order: facts, heartbeat, event, eventsAck, tunnelOpen, tunnelFailed
 *
 * An unknown `type` is ignored (a newer peer); a known type that fails its schema closes the link (closeCodes.malformed).
 */
import { z } from 'zod';

export const protocolVersion = 1;
/** Versions this build can speak; one back keeps working. */
export const protocolVersions = [1] as const;

/** What the key signs: `berth-agent-v1` NUL nonce NUL hostId-or-token, UTF-8. */
export function signedBytes(nonce: string, subject: string): Uint8Array {
  return new TextEncoder().encode(`berth-agent-v1\0${nonce}\0${subject}`);
}

export const controlMessageBytesMax = 256 * 1024;
export const statsFrameBytesMax = 1024 * 1024;

export const closeCodes = {
  /** The peer broke the protocol: bad JSON, schema, order or size. */
  malformed: 4400,
  /** Unknown host, bad signature, or an enrolment token that is unknown, expired or used. The agent stops trying with it. */
  unauthorized: 4401,
  /** Another connection of this host is open and alive. */
  duplicate: 4409,
  /** No common protocol version. */
  version: 4426,
  /** Nothing heard for longer than the heartbeat allows. */
  silent: 4408,
  /** The dashboard is stopping; reconnect with back-off. */
  goingAway: 1001,
} as const;

const text = z.string().max(4096);
const count = z.number().int().nonnegative();

export const hostFacts = z.object({
  hostname: text,
  agentVersion: text,
  engineApiVersion: text,
  os: text,
  kernel: text,
  architecture: text,
  cpuCount: count,
  memoryBytes: count,
  bootId: text,
  /** Probed features, by name, and what the host cannot give, in words: what `berth-agent doctor` says. */
  features: z.record(text, z.union([z.boolean(), z.string().max(200), z.number()])),
  warnings: z.array(text).max(64),
});
export type HostFacts = z.infer<typeof hostFacts>;

/** An Engine API event message (docs: Events), with the agent's own durable sequence number. */
export const engineEvent = z.object({
  seq: count,
  type: z.enum(['container', 'image', 'volume', 'network', 'daemon']),
  action: text,
  actorId: text,
  attributes: z.record(z.string().max(256), text),
  timeNano: z.string().regex(/^\d{1,20}$/),
});
export type EngineEvent = z.infer<typeof engineEvent>;

export const challenge = z.object({
  type: z.literal('challenge'),
  nonce: z.string().min(32).max(128),
  versions: z.array(count).max(16),
});
export const enroll = z.object({
  type: z.literal('enroll'),
  version: count,
  token: z.string().min(16).max(256),
  /** Ed25519, SPKI DER, base64. */
  publicKey: z.string().max(256),
  /** Over signedBytes(nonce, token), base64. */
  signature: z.string().max(256),
  facts: hostFacts,
});
export const hello = z.object({
  type: z.literal('hello'),
  version: count,
  hostId: z.string().max(64),
  /** Over signedBytes(nonce, hostId), base64. */
  signature: z.string().max(256),
  facts: hostFacts,
});
export const enrolled = z.object({ type: z.literal('enrolled'), hostId: z.string().max(64) });
export const welcome = z.object({
  type: z.literal('welcome'),
  version: count,
  /** The agent sends every event with a greater seq; -1: all it keeps. */
  resumeEventsAfter: z.number().int().gte(-1),
  /** Newest sample the dashboard has, Unix ms; the agent back-fills what it kept since. 0: everything it kept. */
  resumeStatsAfterMs: z.number().nonnegative(),
  heartbeatMs: count,
  statsIntervalMs: count,
});
export const heartbeat = z.object({ type: z.literal('heartbeat') });
export const facts = z.object({ type: z.literal('facts'), facts: hostFacts });
export const events = z.object({ type: z.literal('events'), events: z.array(engineEvent).max(500) });
/** The agent's kept events begin after what was asked for: the dashboard must fetch the whole inventory. */
export const eventsGap = z.object({ type: z.literal('eventsGap'), firstSeq: count });
export const eventsAck = z.object({ type: z.literal('eventsAck'), seq: count });
/** The agent dials `/agent/tunnel?id=<id>` with `Authorization: Bearer <secret>`, once, within 10 s. */
export const tunnelOpen = z.object({
  type: z.literal('tunnelOpen'),
  id: z.string().max(64),
  secret: z.string().max(128),
});
export const tunnelFailed = z.object({ type: z.literal('tunnelFailed'), id: z.string().max(64), message: text });

export const fromAgent = z.discriminatedUnion('type', [
  enroll,
  hello,
  heartbeat,
  facts,
  events,
  eventsGap,
  tunnelFailed,
]);
export const fromServer = z.discriminatedUnion('type', [
  challenge,
  enrolled,
  welcome,
  heartbeat,
  eventsAck,
  tunnelOpen,
]);
export type FromAgent = z.infer<typeof fromAgent>;
export type FromServer = z.infer<typeof fromServer>;

/** One text message by the schema of its direction. 'unknown': a type of a newer peer, to be ignored. */
export function parseMessage<Message>(
  schema: z.ZodType<Message> & { options: readonly { shape: { type: z.ZodLiteral<string> } }[] },
  message: string,
): Message | 'unknown' | 'malformed' {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return 'malformed';
  }
  const envelope = z.object({ type: z.string() }).safeParse(value);
  if (!envelope.success) return 'malformed';
  const known = schema.options.some((option) => option.shape.type.value === envelope.data.type);
  if (!known) return 'unknown';
  return schema.safeParse(value).data ?? 'malformed';
}
