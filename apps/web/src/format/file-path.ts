/** Paths inside a container: absolute, with slashes. Nothing is resolved here but the browser's own steps. */

export function joinPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `/etc/nginx` is `/`, `/etc` and `/etc/nginx`, each with its own name. */
export function pathSteps(path: string): { name: string; path: string }[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join('/')}` }));
}

/** What a path typed into the address bar may be; anything else begins at the root. */
export function readPath(path: string | null): string {
  if (!path?.startsWith('/') || path.includes('\0')) return '/';
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.includes('..') ? '/' : `/${names.join('/')}`;
}

export type NameMistake = 'required' | 'slash' | 'dots' | 'long';

export function nameMistake(name: string): NameMistake | null {
  if (name === '') return 'required';
  if (name.includes('/') || name.includes('\0')) return 'slash';
  if (name === '.' || name === '..') return 'dots';
  return new TextEncoder().encode(name).length > 255 ? 'long' : null;
}
