'use client';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { readTerminalMessage } from './terminal-message.ts';

export type TerminalMode = 'exec' | 'attach';
export type TerminalState = 'connecting' | 'open' | 'exited' | 'lost';

interface TerminalSession {
  hostId: string;
  containerId: string;
  mode: TerminalMode;
  user: string;
  command: string;
  /** A new one starts a new session. */
  epoch: number;
}

interface TerminalHook {
  frame: RefObject<HTMLDivElement | null>;
  state: TerminalState;
  message: string | null;
  exitCode: number | null;
}

export function useTerminal({ hostId, containerId, mode, user, command, epoch }: TerminalSession): TerminalHook {
  const frame = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<TerminalState>('connecting');
  const [message, setMessage] = useState<string | null>(null);
  const [exitCode, setExitCode] = useState<number | null>(null);

  // A new epoch is a new session.
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    setState('connecting');
    setMessage(null);
    const { terminal, fit } = openTerminal(element);
    const socket = new WebSocket(terminalUrl({ hostId, containerId, mode, user, command }, terminal));
    socket.binaryType = 'arraybuffer';
    let ended = false;
    const send = (data: string | Uint8Array<ArrayBuffer>) => socket.readyState === WebSocket.OPEN && socket.send(data);
    const bytes = new TextEncoder();
    terminal.onData((text) => send(bytes.encode(text)));
    terminal.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    terminal.onResize(({ cols, rows }) => send(JSON.stringify({ type: 'resize', cols, rows })));
    const observer = new ResizeObserver(() => fit.fit());
    observer.observe(element);

    socket.addEventListener('open', () => {
      setState('open');
      send(JSON.stringify({ type: 'resize', cols: terminal.cols, rows: terminal.rows }));
      terminal.focus();
    });
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) return terminal.write(new Uint8Array(data));
      const told = readTerminalMessage(data);
      if (!told) return;
      ended = true;
      setState(told.type === 'exit' ? 'exited' : 'lost');
      if (told.type === 'exit') setExitCode(told.exitCode);
      else setMessage(told.message);
    });
    socket.addEventListener('close', () => {
      terminal.options.cursorBlink = false;
      terminal.options.disableStdin = true;
      if (!ended) setState('lost');
    });
    return () => {
      ended = true;
      observer.disconnect();
      socket.close();
      terminal.dispose();
    };
  }, [hostId, containerId, mode, user, command, epoch]);

  return { frame, state, message, exitCode };
}

function openTerminal(element: HTMLElement): { terminal: Terminal; fit: FitAddon } {
  const style = getComputedStyle(element);
  const terminal = new Terminal({
    cursorBlink: true,
    fontFamily: style.getPropertyValue('--font-mono'),
    fontSize: 13,
    scrollback: 5000,
    // Screen readers get the text beside the canvas.
    screenReaderMode: false,
    theme: { background: '#0b0e12', foreground: '#d8dee6', cursor: '#85a9ff', selectionBackground: '#85a9ff55' },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(element);
  fit.fit();
  return { terminal, fit };
}

function terminalUrl(session: Omit<TerminalSession, 'epoch'>, { cols, rows }: { cols: number; rows: number }): string {
  const { hostId, containerId, mode, user, command } = session;
  const query = new URLSearchParams({ hostId, containerId, mode, cols: String(cols), rows: String(rows) });
  if (mode === 'exec' && command.trim()) query.set('command', command.trim());
  if (mode === 'exec' && user.trim()) query.set('user', user.trim());
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/terminal?${query}`;
}
