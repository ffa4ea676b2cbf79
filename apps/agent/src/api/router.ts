/** The route table, and what a handler gets. Handlers parse, call a verb, encode. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EngineError } from '@berth/shared/errors';

export interface RequestContext {
  request: IncomingMessage;
  response: ServerResponse;
  params: Record<string, string>;
  query: URLSearchParams;
  /** The parsed body; {} when empty. @throws invalid-parameter, too-large */
  json(): Promise<unknown>;
  send(status: number, body?: unknown): void;
  /** Aborted when the client goes. */
  signal: AbortSignal;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** `{id}` takes one segment, `{name...}` as many as there are (image names have slashes). */
  path: string;
  handler: (context: RequestContext) => Promise<void> | void;
}

export const jsonBodyBytesMax = 8 * 1024 * 1024;

export type FindRoute = (method: string, path: string) => { route: Route; params: Record<string, string> } | null;

export function createRouter(routes: readonly Route[]): FindRoute {
  const compiled = routes.map((route) => ({ route, pattern: compile(route.path) }));
  return (method, path) => {
    for (const { route, pattern } of compiled) {
      if (route.method !== method) continue;
      const groups = pattern.exec(path)?.groups;
      if (groups !== undefined || pattern.test(path)) {
        return {
          route,
          params: Object.fromEntries(Object.entries(groups ?? {}).map(([key, value]) => [key, decodeSegment(value)])),
        };
      }
    }
    return null;
  };
}

function compile(path: string): RegExp {
  const source = path
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\\\.\\\.\\\.\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}$`);
}

/** Docker's booleans in queries. */
export function flag(query: URLSearchParams, name: string): boolean {
  return ['1', 'true', 'True', 'TRUE', 't', 'T'].includes(query.get(name) ?? '');
}

/** `filters` as Docker sends it: {"name":["a"]} or the older {"name":{"a":true}}. @throws invalid-parameter */
export function filters(query: URLSearchParams): Record<string, string[]> {
  const text = query.get('filters');
  if (text === null || text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('not an object');
    return Object.fromEntries(
      Object.entries(parsed).map(([key, value]) => [
        key,
        Array.isArray(value) ? value.map(String) : Object.keys(value ?? {}),
      ]),
    );
  } catch (cause) {
    throw new EngineError('invalid-parameter', `invalid filters: ${text.slice(0, 200)}`, { cause });
  }
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new EngineError('invalid-parameter', `the path is not valid percent-encoding: ${text}`, { cause });
  }
}
