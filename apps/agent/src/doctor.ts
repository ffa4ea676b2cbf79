/** `berth-agent doctor`: what this host can give containers, and what is missing. */
import { type HostFeatures, warningsFor } from './engine/host.ts';

/** `more`: warnings of what only the agent's own start finds out. */
export function printDoctor(features: HostFeatures, more: string[], asJson: boolean): void {
  const warnings = [...warningsFor(features), ...more];
  if (asJson) {
    console.log(JSON.stringify({ features, warnings }, null, 2));
    return;
  }
  for (const [name, value] of Object.entries(features)) {
    const text = Array.isArray(value) ? value.join(' ') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
    console.log(`${name.padEnd(18)} ${text}`);
  }
  for (const warning of warnings) console.log(`\n! ${warning}`);
}
