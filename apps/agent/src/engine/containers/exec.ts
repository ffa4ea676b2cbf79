/** One more program in a running container, with the container's own walls around it. */
import { closeFd } from '@berth/native';
import type { CreateExecBody } from '@berth/shared/docker/container';
import { appArmorFor } from '../runtime/apparmor.ts';
import { capabilitiesFor } from '../runtime/capabilities.ts';
import { buildProcess, noNewPrivileges, processCapabilities, rlimits } from '../runtime/spec.ts';
import type { SupervisorConnection } from '../runtime/supervisor.ts';
import { frame } from '../runtime/supervisor-protocol.ts';
import type { Accounts } from './account.ts';
import type { Context } from './context.ts';
import { environment, workingDirectory } from './process.ts';
import { openContainerRoot } from './root.ts';
import { requireState } from './state.ts';
import type { ContainerRecord } from './store.ts';

/** The connection is the program's stdio; it holds what comes until it is released. */
export async function exec(
  context: Context,
  accounts: Accounts,
  record: ContainerRecord,
  body: CreateExecBody,
  size: { width: number; height: number } | null,
): Promise<{ supervisor: SupervisorConnection; pid: number }> {
  requireState(record, 'exec');
  const user = await accountFor(context, accounts, record, body.User);
  const host = record.hostConfig;
  const privileged = host.Privileged || body.Privileged;
  const names = capabilitiesFor({ privileged, add: host.CapAdd, drop: host.CapDrop });
  const process_ = buildProcess({
    args: body.Cmd,
    env: [...environment(record, user), ...body.Env, ...(body.Tty ? ['TERM=xterm'] : [])],
    cwd: body.WorkingDir === '' ? workingDirectory(record) : body.WorkingDir,
    user,
    terminal: body.Tty,
    capabilities: processCapabilities(names, user.uid === 0),
    noNewPrivileges: noNewPrivileges(record),
    rlimits: rlimits(record),
    oomScoreAdj: host.OomScoreAdj,
    apparmorProfile: body.Privileged ? undefined : appArmorFor(record, context.appArmorProfile),
  });
  const supervisor = await context.connect(record);
  try {
    supervisor.hold();
    const { pid } = await supervisor.request(frame.exec, {
      process: { ...process_, ...(size === null ? {} : { consoleSize: size }) },
      stdin: body.AttachStdin,
    });
    return { supervisor, pid: Number(pid) };
  } catch (error) {
    supervisor.close();
    throw error;
  }
}

async function accountFor(context: Context, accounts: Accounts, record: ContainerRecord, asked: string) {
  const root = await openContainerRoot(context, record);
  try {
    return await accounts.inRoot(root, asked === '' ? record.config.User : asked, record.hostConfig.GroupAdd);
  } finally {
    closeFd(root);
  }
}
