/** config.json of the OCI runtime-spec, as far as the agent writes it. Types only: berth-runtime is who parses it. */
export interface RuntimeSpec {
  ociVersion: string;
  hostname?: string | undefined;
  domainname?: string | undefined;
  root: { path: string; readonly: boolean };
  process: Process;
  mounts: Mount[];
  linux: Linux;
  annotations?: Record<string, string>;
  hooks?: Record<string, object[]>;
}

export interface Process {
  args: string[];
  env: string[];
  cwd: string;
  user: { uid: number; gid: number; additionalGids: number[] };
  terminal: boolean;
  capabilities: Capabilities;
  noNewPrivileges: boolean;
  rlimits: { type: string; soft: number; hard: number }[];
  oomScoreAdj: number | undefined;
  apparmorProfile: string | undefined;
  selinuxLabel?: string | undefined;
}

export interface Capabilities {
  bounding: string[];
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
}

export interface Mount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface Linux {
  namespaces: { type: string; path?: string }[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  cgroupsPath: string;
  resources: object;
  devices: Device[];
  sysctl: Record<string, string>;
  maskedPaths: string[];
  readonlyPaths: string[];
  rootfsPropagation?: string;
  mountLabel?: string | undefined;
}

export interface Device {
  type: 'c' | 'b' | 'p';
  path: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

/** A row of linux.resources.devices. */
export interface DeviceRule {
  allow: boolean;
  type?: string;
  major?: number;
  minor?: number;
  access?: string;
}
