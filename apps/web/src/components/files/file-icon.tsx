import type { FileEntry } from '@berth/shared/berth/files';
import {
  Cable,
  Database,
  File,
  FileArchive,
  FileCode,
  FileCog,
  FileImage,
  FileKey,
  FileSymlink,
  FileTerminal,
  FileText,
  Folder,
  HardDrive,
  type LucideIcon,
  PlugZap,
} from 'lucide-react';

const byType: Record<Exclude<FileEntry['Type'], 'file'>, LucideIcon> = {
  directory: Folder,
  symlink: FileSymlink,
  fifo: Cable,
  socket: PlugZap,
  char: HardDrive,
  block: HardDrive,
};
const byEnding: [pattern: RegExp, icon: LucideIcon][] = [
  [/\.(tar|gz|tgz|bz2|xz|zst|zip|7z|rar|deb|rpm|apk|jar)$/i, FileArchive],
  [/\.(png|jpe?g|gif|webp|svg|ico|bmp|avif)$/i, FileImage],
  [/\.(db|sqlite3?|sql|rdb|mdb)$/i, Database],
  [/\.(pem|key|crt|cer|p12|pfx|pub)$|^(id_\w+|authorized_keys|shadow|gshadow)$/i, FileKey],
  [/\.(conf|cfg|ini|ya?ml|toml|properties|env)$|^\.env/i, FileCog],
  [/\.(sh|bash|zsh|fish)$/i, FileTerminal],
  [/\.([cm]?[jt]sx?|json|py|rb|go|rs|c|h|cc|cpp|java|php|pl|lua|html?|css|xml)$|^(Dockerfile|Makefile)$/i, FileCode],
  [/\.(txt|md|log|csv|tsv|rst)$|^(README|LICENSE|CHANGELOG)/i, FileText],
];

/** The icon tells what an entry is, or by its name probably is. */
export function FileIcon({ entry }: { entry: Pick<FileEntry, 'Name' | 'Type'> }) {
  const Icon =
    entry.Type === 'file' ? (byEnding.find(([pattern]) => pattern.test(entry.Name))?.[1] ?? File) : byType[entry.Type];
  const look = entry.Type === 'directory' ? 'fill-accent/20 text-accent' : 'text-faint';
  return <Icon aria-hidden className={`size-4.5 shrink-0 ${look}`} />;
}
