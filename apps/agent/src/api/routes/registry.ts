/** What an engine does at registries: pull, push, sign in, ask. Progress is Docker's stream of JSON lines. */
import type { ServerResponse } from 'node:http';
import { EngineError } from '@berth/shared/errors';
import { applyChanges } from '../../engine/build/changes.ts';
import { describeDistribution } from '../../engine/images/distribution.ts';
import type { Images } from '../../engine/images/images.ts';
import { parsePlatform } from '../../engine/images/platform.ts';
import type { OnProgress } from '../../engine/images/progress.ts';
import type { Pull } from '../../engine/images/pull.ts';
import type { Push } from '../../engine/images/push.ts';
import { familiarName, parseReference, type Reference } from '../../engine/images/reference.ts';
import {
  readAuthConfig,
  readRegistryAuth,
  readRegistryConfig,
  registryDomain,
} from '../../engine/images/registry/credentials.ts';
import type { Registries } from '../../engine/images/registry/registry.ts';
import { type ContainerImage, findUpdates } from '../../engine/images/updates.ts';
import { encodeProgress } from '../progress.ts';
import type { RequestContext, Route } from '../router.ts';
import { statusOf } from '../status.ts';

export function registryRoutes(deps: {
  images: Images;
  registries: Registries;
  pull: Pull;
  push: Push;
  containers: () => ContainerImage[];
}): Route[] {
  const { images, registries } = deps;
  return [
    { method: 'POST', path: '/images/create', handler: create },
    { method: 'POST', path: '/images/{name...}/push', handler: push },
    { method: 'GET', path: '/distribution/{name...}/json', handler: distribution },
    { method: 'POST', path: '/auth', handler: signIn },
    { method: 'GET', path: '/berth/images/updates', handler: updates },
  ];

  async function create(context: RequestContext): Promise<void> {
    const { query } = context;
    const image = query.get('fromImage') ?? '';
    return image === '' ? importImage(context) : pull(context, withTag(image, query.get('tag') ?? ''));
  }

  async function pull(context: RequestContext, reference: Reference): Promise<void> {
    const options = {
      platform: parsePlatform(context.query.get('platform')),
      credentials: credentialsOf(context),
      signal: context.signal,
    };
    await streamed(context.response, async (onProgress) => {
      const isOne = reference.tag !== null || reference.digest !== null;
      const isNew = isOne
        ? (await deps.pull.pullImage(reference, { ...options, onProgress })).isNew
        : await deps.pull.pullAllTags(reference, { ...options, onProgress });
      const outcome = isNew ? 'Downloaded newer image' : 'Image is up to date';
      onProgress({ id: '', status: `Status: ${outcome} for ${familiarName(reference)}` });
    });
  }

  async function importImage(context: RequestContext): Promise<void> {
    const { query } = context;
    if (query.get('fromSrc') !== '-') {
      throw new EngineError('not-implemented', 'importing from an address is not supported; use docker import -');
    }
    const repository = query.get('repo') ?? '';
    const name = repository === '' ? null : familiarName(withTag(repository, query.get('tag') ?? ''));
    const id = await images.import(context.request, {
      name,
      message: query.get('message') || 'Imported from -',
      config: applyChanges({}, query.getAll('changes')),
      platform: parsePlatform(query.get('platform')),
      signal: context.signal,
    });
    context.response.writeHead(200, { 'Content-Type': 'application/json' });
    context.response.end(`${JSON.stringify({ status: id })}\r\n`);
  }

  async function push(context: RequestContext): Promise<void> {
    const reference = withTag(context.params.name ?? '', context.query.get('tag') ?? '');
    if (reference.digest !== null) throw new EngineError('invalid-parameter', 'cannot push a digest reference');
    const options = { credentials: credentialsOf(context), signal: context.signal };
    await streamed(context.response, (onProgress) => deps.push.pushImage(reference, { ...options, onProgress }));
  }

  async function distribution(context: RequestContext): Promise<void> {
    const reference = parseReference(context.params.name ?? '');
    const options = { credentials: credentialsOf(context), signal: context.signal };
    const { descriptor, platforms } = await describeDistribution(registries, reference, options);
    context.send(200, { Descriptor: descriptor, Platforms: platforms });
  }

  async function signIn(context: RequestContext): Promise<void> {
    const credentials = readAuthConfig(await context.json());
    const domain = registryDomain(credentials?.serverAddress ?? '');
    const registry = registries.open({ domain: parseReference(`${domain}/x`).domain, path: 'x' }, credentials);
    const identityToken = await registry.login(context.signal);
    context.send(200, { Status: 'Login Succeeded', IdentityToken: identityToken });
  }

  async function updates(context: RequestContext): Promise<void> {
    const single = credentialsOf(context);
    const all = readRegistryConfig(header(context, 'x-registry-config'));
    // Credentials are for the registry that they name, and for no other that is asked here.
    if (single !== null && single.serverAddress !== '') all.set(registryDomain(single.serverAddress), single);
    const credentialsFor = (domain: string) => all.get(domain) ?? null;
    const found = await findUpdates(deps, { credentialsFor, signal: context.signal });
    context.send(
      200,
      found.map((one) => ({
        Image: one.image,
        ContainerIds: one.containerIds,
        LocalDigest: one.localDigest,
        RemoteDigest: one.remoteDigest,
      })),
    );
  }
}

/** A tag or digest in a parameter of its own goes before one in the name. */
function withTag(name: string, tag: string): Reference {
  const reference = parseReference(name);
  if (tag === '') return reference;
  const { repository } = reference;
  return parseReference(tag.includes(':') ? `${repository}@${tag}` : `${repository}:${tag}`);
}

function header({ request }: RequestContext, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

const credentialsOf = (context: RequestContext) => readRegistryAuth(header(context, 'x-registry-auth'));

/** What a client that reads slowly is not told. */
const unreadBytesMax = 64 * 1024;

/** What fails before the first line has a status code; later it is the last line. */
async function streamed(response: ServerResponse, work: (onProgress: OnProgress) => Promise<void>): Promise<void> {
  const write = (line: object) => {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/json' });
    response.write(`${JSON.stringify(line)}\r\n`);
  };
  try {
    await work((progress) => {
      if (progress.currentBytes !== undefined && response.writableLength > unreadBytesMax) return;
      for (const line of encodeProgress(progress)) write(line);
    });
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    const { message } = statusOf(error);
    write({ errorDetail: { message }, error: message });
    response.end();
  }
}
