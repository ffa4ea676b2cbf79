/** `berth-agent enroll`: exchanges a single-use token for an identity of this host. */
import { EngineError } from '@berth/shared/errors';
import {
  closeCodes,
  type FromAgent,
  type FromServer,
  type HostFacts,
  protocolVersions,
} from '@berth/shared/protocol/control';
import { dialControl, readMessage } from './dial.ts';
import { type Identity, newPrivateKey, proof, publicKeyOf, readIdentity, writeIdentity } from './identity.ts';

const answerWithinMs = 20_000;

interface EnrollOptions {
  url: string;
  token: string;
  dataDir: string;
  facts: HostFacts;
}

/** Does nothing when that dashboard knows this host already. @throws EngineError with what a person can do about it */
export async function enroll({
  url,
  token,
  dataDir,
  facts,
}: EnrollOptions): Promise<{ hostId: string; isNew: boolean }> {
  const known = await readIdentity(dataDir);
  // Only that dashboard is shown a proof of the old identity: another could hand it on.
  if (known?.url === url && (await isWelcome(known, facts))) return { hostId: known.hostId, isNew: false };
  // The same key again, where there is one: a host that was not removed keeps its place.
  const privateKey = known?.privateKey ?? newPrivateKey();
  const publicKey = publicKeyOf(privateKey);
  const hostId = await converse(url, {
    first: (nonce, version) => ({
      type: 'enroll',
      version,
      token,
      publicKey,
      signature: proof(privateKey, nonce, token),
      facts,
    }),
    // Before the connection ends: the token is used up by now.
    async answer(message) {
      if (message.type !== 'enrolled') return null;
      await writeIdentity(dataDir, { hostId: message.hostId, url, privateKey });
      return message.hostId;
    },
  });
  return { hostId, isNew: true };
}

async function isWelcome({ url, hostId, privateKey }: Identity, facts: HostFacts): Promise<boolean> {
  try {
    return await converse(url, {
      first: (nonce, version) => ({
        type: 'hello',
        version,
        hostId,
        signature: proof(privateKey, nonce, hostId),
        facts,
      }),
      answer: async (message) => (message.type === 'welcome' ? true : null),
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // A connection of this host is open already: it is known.
    if (error.code === closeCodes.duplicate) return true;
    if (error.code === closeCodes.unauthorized) return false;
    throw error;
  }
}

class Refusal extends EngineError {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(code === closeCodes.unauthorized ? 'unauthorized' : 'unavailable', messageOf(code, reason));
    this.code = code;
  }
}

function messageOf(code: number, reason: string): string {
  if (code === closeCodes.unauthorized)
    return 'The dashboard refused the token: it is unknown, expired or used. Create a new one under Hosts, Add host.';
  if (code === closeCodes.version)
    return `The dashboard and this agent have no protocol version in common (${reason}).`;
  return `The dashboard closed the connection (${code}${reason && `, ${reason}`}).`;
}

interface Conversation<T> {
  first(nonce: string, version: number): FromAgent;
  answer(message: FromServer): Promise<T | null>;
}

function converse<T>(url: string, { first, answer }: Conversation<T>): Promise<T> {
  const socket = dialControl(url);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new EngineError('deadline', `The dashboard at ${url} did not answer in time.`));
      socket.terminate();
    }, answerWithinMs);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      settle();
      socket.close(1000);
      setTimeout(() => socket.terminate(), 1_000).unref();
    };
    socket.on('message', (data, isBinary) => {
      const message = readMessage(data, isBinary);
      if (message === 'unknown') return;
      if (message === 'malformed')
        return finish(() => reject(new EngineError('system', `${url} does not speak the agent protocol.`)));
      if (message.type === 'challenge') {
        const version = Math.max(...protocolVersions.filter((each) => message.versions.includes(each)));
        if (!Number.isFinite(version))
          return finish(() => reject(new Refusal(closeCodes.version, message.versions.join(', '))));
        socket.send(JSON.stringify(first(message.nonce, version)));
        return;
      }
      answer(message).then(
        (value) => value !== null && finish(() => resolve(value)),
        (error: unknown) => finish(() => reject(error)),
      );
    });
    socket.on('error', (cause) => {
      finish(() =>
        reject(new EngineError('unavailable', `Cannot reach the dashboard at ${url}: ${cause.message}`, { cause })),
      );
    });
    socket.on('close', (code, reason) => finish(() => reject(new Refusal(code, reason.toString()))));
  });
}
