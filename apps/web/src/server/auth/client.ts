import { cookies, headers } from 'next/headers';
import { sessionCookie, sessionMs } from './session.ts';

/** Set by server.ts from the connection, never taken from the client. */
export const addressHeader = 'x-berth-address';
export const protocolHeader = 'x-berth-protocol';

export async function clientAddress(): Promise<string> {
  return (await headers()).get(addressHeader) ?? '';
}

export async function setSessionCookie(token: string): Promise<void> {
  (await cookies()).set(sessionCookie, token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: (await headers()).get(protocolHeader) === 'https',
    path: '/',
    maxAge: sessionMs / 1000,
  });
}
