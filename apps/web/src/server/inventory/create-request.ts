import type { CreateContainerInput } from './create-container-input.ts';

/** The form's input as the body of POST /containers/create. */
export function toCreateRequest(input: CreateContainerInput): Record<string, unknown> {
  const { tty, openStdin, restartPolicy } = input;
  return {
    Image: input.image,
    Cmd: input.command,
    Entrypoint: input.entrypoint,
    Env: input.env.map(({ name, value }) => `${name}=${value}`),
    Hostname: input.hostname,
    User: input.user,
    WorkingDir: input.workingDir,
    Labels: input.labels,
    Tty: tty,
    OpenStdin: openStdin,
    ExposedPorts: Object.fromEntries(input.ports.map((port) => [portKey(port), {}])),
    HostConfig: {
      PortBindings: portBindings(input.ports),
      Mounts: input.mounts.map(({ type, source, target, readOnly }) => ({
        Type: type,
        ...(source && { Source: source }),
        Target: target,
        ReadOnly: readOnly,
      })),
      Memory: input.memoryBytes,
      NanoCpus: input.nanoCpus,
      PidsLimit: input.pidsLimit,
      RestartPolicy: { Name: restartPolicy.name, MaximumRetryCount: restartPolicy.maximumRetryCount ?? 0 },
      NetworkMode: input.network,
      ReadonlyRootfs: input.readOnlyRootfs,
      Privileged: input.privileged,
      CapAdd: input.capAdd,
      CapDrop: input.capDrop,
      SecurityOpt: [`no-new-privileges:${input.noNewPrivileges}`],
      UsernsMode: input.userNamespace === 'host' ? 'host' : '',
      AutoRemove: input.autoRemove,
    },
  };
}

type Port = CreateContainerInput['ports'][number];

function portKey({ containerPort, protocol }: Port): string {
  return `${containerPort}/${protocol}`;
}

function portBindings(ports: readonly Port[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const list = (bindings[portKey(port)] ??= []);
    list.push({ HostIp: port.hostAddress ?? '', HostPort: port.hostPort === undefined ? '' : String(port.hostPort) });
  }
  return bindings;
}
