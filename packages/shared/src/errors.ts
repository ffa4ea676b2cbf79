/** The closed set of error kinds (moby's errdefs). Mapped once to HTTP in the agent's api/status.ts, once in the web app. */
export const errorKinds = [
  'not-found',
  'invalid-parameter',
  'conflict',
  'unauthorized',
  'forbidden',
  'not-modified',
  'not-implemented',
  'unavailable',
  'cancelled',
  'deadline',
  'data-loss',
  'too-large',
  'precondition-failed',
  'system',
] as const;

export type ErrorKind = (typeof errorKinds)[number];

/** An error whose message a user can act on. `cause` keeps what the machine said. */
export class EngineError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'EngineError';
    this.kind = kind;
  }
}
