/** WWW-Authenticate as registries send it (RFC 9110, section 11.6.1). */
export type Challenge = { scheme: 'basic' } | { scheme: 'bearer'; realm: string; service: string; scope: string };

const headerLengthMax = 8192;
const scheme = /([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)\s*/y;
const parameter = /\s*([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*/y;
const separator = /[\s,]*/y;

/** The challenge that is answered: Bearer before Basic. @returns null where there is none that we know */
export function parseChallenge(header: string | undefined): Challenge | null {
  if (header === undefined || header.length > headerLengthMax) return null;
  let basic: Challenge | null = null;
  for (const { name, values } of challenges(header)) {
    const realm = values.get('realm');
    if (name === 'bearer' && realm !== undefined) {
      return { scheme: 'bearer', realm, service: values.get('service') ?? '', scope: values.get('scope') ?? '' };
    }
    if (name === 'basic') basic = { scheme: 'basic' };
  }
  return basic;
}

function* challenges(header: string): Generator<{ name: string; values: Map<string, string> }> {
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  take(separator);
  while (at < header.length) {
    const name = take(scheme)?.[1];
    if (name === undefined) return;
    const values = new Map<string, string>();
    for (let found = take(parameter); found !== null; found = take(parameter)) {
      const [, key = '', quoted, token] = found;
      const value = quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
      if (!values.has(key.toLowerCase())) values.set(key.toLowerCase(), value);
      take(separator);
    }
    yield { name: name.toLowerCase(), values };
    take(separator);
  }
}
