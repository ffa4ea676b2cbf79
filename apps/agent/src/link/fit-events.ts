import { controlMessageBytesMax, type EngineEvent } from '@berth/shared/protocol/control';

const messageBytesMax = controlMessageBytesMax - 1024;
const textMax = 4096;
const nameMax = 256;

/**
 * As many of the first events as one message takes. An event that breaks a limit of the protocol (a label of a megabyte)
 * is cut to fit: it must not keep those behind it from being sent.
 */
export function fitEvents(events: readonly EngineEvent[]): EngineEvent[] {
  const fitting: EngineEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const cut = cutEvent(event);
    bytes += sizeOf(cut) + 1;
    if (bytes > messageBytesMax && fitting.length > 0) break;
    fitting.push(cut);
  }
  return fitting;
}

function cutEvent(event: EngineEvent): EngineEvent {
  const attributes = Object.entries(event.attributes)
    .filter(([name]) => name.length <= nameMax)
    .map(([name, value]) => [name, value.slice(0, textMax)]);
  const cut = { ...event, action: event.action.slice(0, textMax), attributes: Object.fromEntries(attributes) };
  if (sizeOf(cut) < messageBytesMax) return cut;
  const { name, image, exitCode } = cut.attributes;
  return { ...cut, attributes: { ...(name && { name }), ...(image && { image }), ...(exitCode && { exitCode }) } };
}

function sizeOf(event: EngineEvent): number {
  return Buffer.byteLength(JSON.stringify(event));
}
