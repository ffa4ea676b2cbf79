/** What the Engine API lacks: the files of containers and volumes one by one, and a volume as an archive. */
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '@berth/shared/errors';
import type { Containers } from '../../engine/containers/containers.ts';
import { decompressed } from '../../engine/decompress.ts';
import { listFiles } from '../../engine/files/list.ts';
import { makeDirectory } from '../../engine/files/make-directory.ts';
import type { Place } from '../../engine/files/place.ts';
import { openFile } from '../../engine/files/read.ts';
import { removeFile } from '../../engine/files/remove.ts';
import { writeFile, writtenBytesMax } from '../../engine/files/write.ts';
import { volumePlace } from '../../engine/volumes/place.ts';
import type { Volumes } from '../../engine/volumes/volumes.ts';
import { byteRange, encodeEntry, etag, expectedOf } from '../file-headers.ts';
import { flag, type RequestContext, type Route } from '../router.ts';

interface Needs {
  containers: Containers;
  volumes: Volumes;
  /** Of what comes in. */
  stagingDir: string;
}

export function fileRoutes({ containers, volumes, stagingDir }: Needs): Route[] {
  const container = ({ params }: RequestContext) => containers.place(containers.find(params.id ?? ''));
  const volume = ({ params }: RequestContext) => volumePlace(volumes, params.name ?? '');
  const wanted = ({ query }: RequestContext) => query.get('path') ?? '';
  const name = ({ params }: RequestContext) => params.name ?? '';

  return [
    ...placeRoutes('/berth/containers/{id}', container),
    ...placeRoutes('/berth/volumes/{name}', volume),
    { method: 'GET', path: '/berth/volumes/{name}/archive', handler: download },
    { method: 'PUT', path: '/berth/volumes/{name}/archive', handler: upload },
  ];

  function placeRoutes(base: string, placeOf: (context: RequestContext) => Place): Route[] {
    return [
      {
        method: 'GET',
        path: `${base}/files`,
        handler: async (context) => {
          const { entries, truncated } = await listFiles(placeOf(context), wanted(context) || '/');
          context.send(200, { Entries: entries.map(encodeEntry), Truncated: truncated });
        },
      },
      { method: 'GET', path: `${base}/file`, handler: (context) => read(context, placeOf(context)) },
      { method: 'HEAD', path: `${base}/file`, handler: (context) => read(context, placeOf(context)) },
      { method: 'PUT', path: `${base}/file`, handler: (context) => write(context, placeOf(context)) },
      {
        method: 'DELETE',
        path: `${base}/file`,
        handler: async (context) => {
          await removeFile(placeOf(context), wanted(context), { recursive: flag(context.query, 'recursive') });
          context.send(204);
        },
      },
      {
        method: 'POST',
        path: `${base}/directory`,
        handler: async (context) => {
          await makeDirectory(placeOf(context), wanted(context));
          context.send(201, {});
        },
      },
    ];
  }

  async function read(context: RequestContext, place: Place): Promise<void> {
    const { request, response } = context;
    const file = await openFile(place, wanted(context));
    const range = byteRange(request.headers, file);
    const isUnchanged = request.headers['if-none-match']?.split(/,\s*/).includes(etag(file.version)) ?? false;
    response.setHeader('ETag', etag(file.version));
    response.setHeader('Last-Modified', new Date(file.mtimeMs).toUTCString());
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Content-Type', 'application/octet-stream');
    if (isUnchanged || range === 'unsatisfiable') {
      file.close();
      if (!isUnchanged) response.setHeader('Content-Range', `bytes */${file.sizeBytes}`);
      return void response.writeHead(isUnchanged ? 304 : 416).end();
    }
    const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 };
    response.setHeader('Content-Length', end - start + 1);
    if (range !== null) response.setHeader('Content-Range', `bytes ${start}-${end}/${file.sizeBytes}`);
    response.writeHead(range === null ? 200 : 206);
    if (request.method === 'HEAD' || end < start) {
      file.close();
      return void response.end();
    }
    await pipeline(file.read(start, end), response);
  }

  async function write(context: RequestContext, place: Place): Promise<void> {
    const { request } = context;
    if (Number(request.headers['content-length'] ?? 0) > writtenBytesMax)
      throw new EngineError('too-large', `a file of more than ${writtenBytesMax} bytes is not written this way`);
    const version = await writeFile(place, wanted(context), request, {
      expected: expectedOf(request.headers),
      stagingDir,
    });
    context.response.setHeader('ETag', etag(version));
    context.send(204);
  }

  async function download(context: RequestContext): Promise<void> {
    const from = wanted(context) || '/';
    // Whether there is anything is known before the answer begins.
    await volumes.contents.stat(name(context), from);
    const called = path.posix.basename(path.posix.normalize(from)) || '.';
    context.response.writeHead(200, { 'Content-Type': 'application/x-tar' });
    await volumes.contents.backUp(name(context), from, called, context.response);
  }

  /** With a path: files over what is there. Without: the whole volume, all of the archive or nothing of it. */
  async function upload(context: RequestContext): Promise<void> {
    const { query, request } = context;
    const into = query.get('path');
    volumes.get(name(context));
    const archive = await decompressed(request);
    if (into !== null && into !== '') await volumes.contents.extract(name(context), into, archive);
    else {
      const options = { replace: flag(query, 'replace'), force: flag(query, 'force') };
      await volumes.contents.restore(name(context), archive, options);
    }
    context.send(200, {});
  }
}
