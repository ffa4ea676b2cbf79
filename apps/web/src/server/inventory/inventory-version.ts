import 'server-only';
import { server } from '../context.ts';

/** Of what a page is made; compared in the browser with what the live connection tells. */
export function inventoryVersion(): string {
  return server().live.inventoryVersion();
}
