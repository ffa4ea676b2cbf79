'use server';
import type { RegistryInput } from '@/server/inventory/registry-input.ts';
import { removeRegistry } from '@/server/inventory/remove-registry.ts';
import { saveRegistry } from '@/server/inventory/save-registry.ts';
import { testRegistry } from '@/server/inventory/test-registry.ts';
import type { ActionResult } from '@/server/views.ts';

export async function submitRegistry(input: RegistryInput): Promise<ActionResult> {
  return await saveRegistry(input);
}

export async function submitRemoveRegistry(host: string): Promise<ActionResult> {
  return await removeRegistry(host);
}

export async function submitTestRegistry(
  hostId: string,
  input: RegistryInput,
): Promise<ActionResult<{ status: string }>> {
  return await testRegistry(hostId, input);
}
