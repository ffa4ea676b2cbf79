/** Each field of Docker's HostConfig is honoured or refused here, before anything is made. Limits: checks.ts. */
import { isIP } from 'node:net';
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { securityOptions } from '../runtime/security-options.ts';
import { containerCapabilities, rlimits } from '../runtime/spec.ts';
import { checkSysctls } from '../runtime/sysctls.ts';
import { layerBytesMax } from './layer.ts';

const invalid = (message: string) => new EngineError('invalid-parameter', message);

/** What the agent itself may do. */
export interface Rights {
  canLowerOomScore: boolean;
  oomScoreAdj: number;
}

/** @throws invalid-parameter, not-found, not-implemented */
export function checkHostConfig(host: HostConfig, rights: Rights): void {
  checkModes(host);
  checkNames(host);
  checkOomScore(host, rights);
  checkSysctls(host);
  securityOptions(host.SecurityOpt);
  containerCapabilities(host);
  rlimits(host);
  layerBytesMax(host);
  refuseUnsupported(host);
  if (host.AutoRemove && host.RestartPolicy.Name !== 'no') {
    throw invalid("can't create 'AutoRemove' container with restart policy");
  }
}

const modesOf: Record<'PidMode' | 'IpcMode' | 'UTSMode' | 'UsernsMode' | 'CgroupnsMode', RegExp> = {
  PidMode: /^(|host|private|container:.+)$/,
  IpcMode: /^(|host|private|shareable|none|container:.+)$/,
  UTSMode: /^(|host|private)$/,
  UsernsMode: /^(|host|private)$/,
  CgroupnsMode: /^(|host|private)$/,
};

function checkModes(host: HostConfig): void {
  for (const [field, pattern] of Object.entries(modesOf)) {
    const mode = host[field as keyof typeof modesOf];
    if (!pattern.test(mode)) throw invalid(`invalid ${field}: ${JSON.stringify(mode)}`);
  }
  const network = networkMode(host.NetworkMode);
  if (!/^(bridge|none|host|container:.+)$/.test(network)) {
    throw new EngineError('not-found', `network ${network} not found`);
  }
}

export function networkMode(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}

/** What becomes a line of a file or a path inside must not become two. */
function checkNames(host: HostConfig): void {
  for (const extra of host.ExtraHosts) {
    const [, name = '', address = ''] = /^([^:=\s]+)[:=](.+)$/.exec(extra) ?? [];
    const isAddress = isIP(address.replace(/^\[(.*)\]$/, '$1')) !== 0 || address === 'host-gateway';
    if (name === '' || !isAddress) throw invalid(`bad format for add-host: ${JSON.stringify(extra)}`);
  }
  for (const address of host.Dns)
    if (isIP(address) === 0) throw invalid(`invalid DNS server: ${JSON.stringify(address)}`);
  for (const word of [...host.DnsSearch, ...host.DnsOptions]) {
    if (!/^[\w.:-]{1,253}$/.test(word)) throw invalid(`invalid DNS option or search domain: ${JSON.stringify(word)}`);
  }
  for (const hidden of [...(host.MaskedPaths ?? []), ...(host.ReadonlyPaths ?? [])]) {
    if (!/^\/[^\0]{0,4094}$/.test(hidden)) throw invalid(`invalid masked or read-only path: ${JSON.stringify(hidden)}`);
  }
  if (host.ShmSize < 0) throw invalid('SHM size can not be less than 0');
  const swappiness = host.MemorySwappiness ?? -1;
  if (swappiness < -1 || swappiness > 100) {
    throw invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
}

function checkOomScore({ OomScoreAdj: score }: HostConfig, { canLowerOomScore, oomScoreAdj }: Rights): void {
  if (score < -1000 || score > 1000) throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  if (score !== 0 && score < oomScoreAdj && !canLowerOomScore) {
    throw invalid(
      `an oom score of ${score} cannot be given: it is lower than the agent's own (${oomScoreAdj}), and root on this host lacks CAP_SYS_RESOURCE, which lowering needs`,
    );
  }
}

function refuseUnsupported(host: HostConfig): void {
  const not = (message: string) => new EngineError('not-implemented', message);
  const [request] = host.DeviceRequests;
  if (request !== undefined) {
    const capabilities = JSON.stringify(request.Capabilities ?? []);
    throw invalid(
      `could not select device driver ${JSON.stringify(request.Driver)} with capabilities: ${capabilities}`,
    );
  }
  if (!['', 'berth-runtime'].includes(host.Runtime)) {
    throw invalid(`unknown or invalid runtime name: ${host.Runtime}: this host has berth-runtime`);
  }
  if (!['', 'default'].includes(host.Isolation)) throw invalid(`invalid isolation: ${host.Isolation} on linux`);
  if (!['', 'local'].includes(host.VolumeDriver)) {
    throw new EngineError('not-found', `error looking up volume plugin ${host.VolumeDriver}: plugin not found`);
  }
  if (!['', 'json-file', 'none'].includes(host.LogConfig?.Type ?? '')) {
    throw invalid(`logger: no log driver named '${host.LogConfig?.Type}' is registered: there are json-file and none`);
  }
  if (host.Cgroup !== '') throw not('sharing the cgroup of another container is not supported');
  if (host.CgroupParent !== '') {
    throw not('--cgroup-parent is not supported: containers live below the cgroup parent of the agent');
  }
  if (host.Init === true) throw not('--init is not supported yet: let the image bring an init, tini for example');
  if (host.Links.length > 0)
    throw not('--link is not supported: give the other address with --add-host, or share its network');
}
