type TerminalMessage = { type: 'exit'; exitCode: number } | { type: 'error'; message: string };

/** Text frames from the server tell how the session ended; anything else is ignored. */
export function readTerminalMessage(data: unknown): TerminalMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const value: { type?: unknown; exitCode?: unknown; message?: unknown } = JSON.parse(data);
    if (value.type === 'exit') return { type: 'exit', exitCode: Number(value.exitCode ?? 0) };
    if (value.type === 'error') return { type: 'error', message: String(value.message) };
  } catch {
    // Not ours.
  }
  return null;
}
