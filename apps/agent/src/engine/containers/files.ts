/** What a start lays out on the host: directories, and the /etc files that are the host's to write. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Endpoint } from '../networks/networks.ts';
import type { Context } from './context.ts';
import { makeLayer } from './layer.ts';
import type { ContainerRecord } from './store.ts';

export function layOutFiles(context: Context, record: ContainerRecord, endpoint: Endpoint | null) {
  const directory = context.stateDir(record.id);
  for (const one of [directory, context.runDirOf(record.id)]) mkdirSync(one, { recursive: true, mode: 0o700 });
  makeLayer(context, record);
  for (const mount of record.mounts) {
    // As dockerd does for -v; a --mount of a missing path was refused at create.
    if (mount.type === 'bind') makeDirectoryIfMissing(mount.source);
  }
  const etcFiles = etcFilesOf(context, record);
  writeFileSync(etcFiles.hostname, `${record.config.Hostname}\n`, { mode: 0o644 });
  writeFileSync(etcFiles.hosts, hostsFile(record, endpoint), { mode: 0o644 });
  writeFileSync(etcFiles.resolvConf, context.networks.resolvConf(record.hostConfig), { mode: 0o644 });
  return etcFiles;
}

export function etcFilesOf(context: Context, record: ContainerRecord) {
  const directory = context.stateDir(record.id);
  return {
    hostname: path.join(directory, 'hostname'),
    hosts: path.join(directory, 'hosts'),
    resolvConf: path.join(directory, 'resolv.conf'),
  };
}

function hostsFile(record: ContainerRecord, endpoint: Endpoint | null): string {
  const lines = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback'];
  if (endpoint !== null) lines.push(`${endpoint.address}\t${record.config.Hostname}`);
  else if (record.config.Hostname !== '') lines.push(`127.0.1.1\t${record.config.Hostname}`);
  for (const extra of record.hostConfig.ExtraHosts) {
    const at = extra.search(/[:=]/);
    const address = extra.slice(at + 1) === 'host-gateway' ? (endpoint?.gateway ?? '127.0.0.1') : extra.slice(at + 1);
    if (at > 0) lines.push(`${address}\t${extra.slice(0, at)}`);
  }
  return `${lines.join('\n')}\n`;
}

function makeDirectoryIfMissing(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    // A file is a bind's source as well.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
