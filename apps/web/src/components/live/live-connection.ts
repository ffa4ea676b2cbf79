import type { LiveMessage, LiveRequest } from '@berth/shared/live/live';

export type LiveStatus = 'connecting' | 'open' | 'waiting';
type Listener = (message: LiveMessage) => void;

const delayMinMs = 500;
const delayMaxMs = 15_000;

/**
 * The page's one WebSocket. Topics are counted, so that ten rows that watch the same one subscribe once; after a
 * lost connection every topic is subscribed again and the server's snapshots fill what was missed.
 */
export class LiveConnection {
  #socket: WebSocket | null = null;
  #status: LiveStatus = 'connecting';
  #delayMs = delayMinMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;
  readonly #topics = new Map<string, number>();
  readonly #listeners = new Set<Listener>();
  readonly #statusListeners = new Set<() => void>();

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  watch(topic: string, listener: Listener): () => void {
    this.#listeners.add(listener);
    const count = this.#topics.get(topic) ?? 0;
    this.#topics.set(topic, count + 1);
    if (count === 0) this.#send({ type: 'subscribe', topic });
    return () => {
      this.#listeners.delete(listener);
      const left = (this.#topics.get(topic) ?? 1) - 1;
      if (left > 0) return void this.#topics.set(topic, left);
      this.#topics.delete(topic);
      this.#send({ type: 'unsubscribe', topic });
    };
  }

  /** Another watcher of a subscribed topic needs the snapshot too: asking again is how it gets one. */
  refresh(topic: string): void {
    if ((this.#topics.get(topic) ?? 0) > 1) this.#send({ type: 'subscribe', topic });
  }

  status = (): LiveStatus => this.#status;

  onStatus = (listener: () => void): (() => void) => {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  };

  #connect(): void {
    if (this.#stopped) return;
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#delayMs = delayMinMs;
      this.#setStatus('open');
      for (const topic of this.#topics.keys()) this.#send({ type: 'subscribe', topic });
    });
    socket.addEventListener('message', (event) => this.#receive(event.data));
    socket.addEventListener('close', () => this.#reconnect(socket));
  }

  #reconnect(socket: WebSocket): void {
    if (this.#socket !== socket || this.#stopped) return;
    this.#setStatus('waiting');
    // Jitter keeps a room full of browsers from knocking at the same moment.
    this.#timer = setTimeout(() => this.#connect(), this.#delayMs * (0.5 + Math.random()));
    this.#delayMs = Math.min(delayMaxMs, this.#delayMs * 2);
  }

  #receive(text: unknown): void {
    if (typeof text !== 'string') return;
    const message = parse(text);
    if (message) for (const listener of this.#listeners) listener(message);
  }

  #send(request: LiveRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #setStatus(status: LiveStatus): void {
    this.#status = status;
    for (const listener of this.#statusListeners) listener();
  }
}

/** Our own server, same origin and session, is the only sender: its types are trusted once the text is JSON. */
function parse(text: string): LiveMessage | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
