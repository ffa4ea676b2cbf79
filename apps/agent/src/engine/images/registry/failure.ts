/** What went wrong at a registry, in Docker's words. */
import { EngineError, type ErrorKind } from '@berth/shared/errors';
import { z } from 'zod';
import { familiarName, type Reference } from '../reference.ts';

export class RegistryFailure extends EngineError {
  /** The distribution-spec's error code, such as MANIFEST_UNKNOWN; '' where the registry sent none. */
  readonly code: string;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** The same request may succeed later. */
  readonly isTransient: boolean;
  /** The pause that the registry asked for. */
  readonly retryAfterMs: number | null;

  constructor(
    kind: ErrorKind,
    message: string,
    details: {
      code?: string;
      status?: number;
      isTransient?: boolean;
      retryAfterMs?: number | null;
      cause?: unknown;
    } = {},
  ) {
    super(kind, message, { cause: details.cause });
    this.name = 'RegistryFailure';
    this.code = details.code ?? '';
    this.status = details.status ?? 0;
    this.isTransient = details.isTransient ?? false;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

const errorBody = z.looseObject({
  errors: z.array(z.looseObject({ code: z.string(), message: z.string().nullish() })).min(1),
});
/** Older token servers answer so. */
const detailsBody = z.looseObject({ details: z.string() });
const messageLengthMax = 1000;
const transientStatuses = new Set([408, 429, 500, 502, 503, 504]);
const kindsByStatus: Record<number, ErrorKind> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  429: 'unavailable',
};

/** The error of an answer that is none of those asked for. */
export function statusFailure(answer: {
  method: string;
  url: URL;
  status: number;
  statusText: string;
  retryAfter: string | undefined;
  body: string;
}): RegistryFailure {
  const { status, body } = answer;
  const kind = kindsByStatus[status] ?? (status >= 500 ? 'unavailable' : 'system');
  const details = {
    status,
    isTransient: transientStatuses.has(status),
    retryAfterMs: readRetryAfter(answer.retryAfter),
  };
  const parsed = parseJson(body);
  const errors = errorBody.safeParse(parsed);
  if (errors.success) {
    const [{ code, message } = { code: 'UNKNOWN', message: '' }] = errors.data.errors;
    return new RegistryFailure(kind, shown(`${spoken(code)}: ${message || spoken(code)}`), { ...details, code });
  }
  const told = detailsBody.safeParse(parsed);
  const where = `${verb(answer.method)} "${placeOf(answer.url)}"`;
  if (status === 401) {
    const why = told.success ? told.data.details : 'authentication required';
    return new RegistryFailure(kind, shown(`unauthorized: ${why}`), { ...details, code: 'UNAUTHORIZED' });
  }
  const text = told.success ? `: ${told.data.details}` : '';
  return new RegistryFailure(kind, shown(`${where}: unexpected status ${status} ${answer.statusText}${text}`), details);
}

/** Codes of Node and OpenSSL in words; what stays is not to be tried again. */
const transientCodes: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out',
  EAI_AGAIN: 'temporary failure in name resolution',
};
const unknownAuthority = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
const lastingCodes: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'tls: failed to verify certificate: x509: certificate has expired',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EPROTO: 'server gave no TLS answer to an HTTPS client',
  ERR_SSL_WRONG_VERSION_NUMBER: 'server gave HTTP response to HTTPS client',
  HPE_HEADER_OVERFLOW: 'the headers of the answer are too large',
};

/** A request that got no answer. */
export function transportFailure(error: unknown, method: string, url: URL): EngineError {
  if (error instanceof EngineError) return error;
  const code = codeOf(error);
  const what = transientCodes[code] ?? lastingCodes[code] ?? (error instanceof Error ? error.message : String(error));
  return new RegistryFailure('unavailable', shown(`${verb(method)} "${placeOf(url)}": ${what}`), {
    isTransient: Object.hasOwn(transientCodes, code),
    cause: error,
  });
}

function codeOf(error: unknown): string {
  // Several addresses were tried: the first one's story is told.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && 'code' in first ? String(first.code) : '';
}

/** Docker's text for a pull that a registry refused. */
export function pullFailure(error: unknown, reference: Reference): unknown {
  if (!(error instanceof RegistryFailure)) return error;
  const { cause, message } = error;
  const known: Record<string, string> = {
    DENIED: `pull access denied for ${reference.repository}, repository does not exist or may require 'docker login'`,
    MANIFEST_UNKNOWN: `manifest for ${familiarName(reference)} not found`,
    NAME_UNKNOWN: `repository ${reference.repository} not found`,
  };
  const context = Object.hasOwn(known, error.code) ? known[error.code] : undefined;
  if (context !== undefined) return new EngineError('not-found', `${context}: ${message}`, { cause });
  return asSeenFromOutside(error);
}

/** 401 would tell the client that it is the agent which does not know it. */
export function asSeenFromOutside(error: unknown): unknown {
  return error instanceof RegistryFailure && error.kind === 'unauthorized'
    ? new EngineError('forbidden', error.message, { cause: error })
    : error;
}

/** An address without what may be secret in it: signed queries, user names. */
export function placeOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** @returns milliseconds, of seconds or a date; null where it is neither */
function readRetryAfter(header: string | undefined): number | null {
  if (header === undefined) return null;
  if (/^\d{1,10}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

/** MANIFEST_UNKNOWN as Docker says it: `manifest unknown`. */
const spoken = (code: string) => code.toLowerCase().replaceAll('_', ' ');
/** `Get "https://…"`, as Go's client writes it. */
const verb = (method: string) => `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`;

function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a registry's text goes to terminals
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, messageLengthMax);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
