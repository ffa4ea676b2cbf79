import type { StreamParser } from '@codemirror/language';

type Load = () => Promise<StreamParser<unknown>>;

/** By the name of the file; each is a chunk of its own, asked for when a file needs it. */
const languages: [pattern: RegExp, load: Load][] = [
  [/\.ya?ml$/i, async () => (await import('@codemirror/legacy-modes/mode/yaml')).yaml],
  [/\.(json|jsonc|webmanifest)$/i, async () => (await import('@codemirror/legacy-modes/mode/javascript')).json],
  [/\.[cm]?js$/i, async () => (await import('@codemirror/legacy-modes/mode/javascript')).javascript],
  [/\.[cm]?tsx?$/i, async () => (await import('@codemirror/legacy-modes/mode/javascript')).typescript],
  [
    /\.(ba|z|k|a)?sh$|^\.?(bashrc|profile|bash_profile|zshrc|ashrc)$/i,
    async () => (await import('@codemirror/legacy-modes/mode/shell')).shell,
  ],
  [
    /^(Dockerfile|Containerfile)|\.dockerfile$/i,
    async () => (await import('@codemirror/legacy-modes/mode/dockerfile')).dockerFile,
  ],
  [/\.toml$/i, async () => (await import('@codemirror/legacy-modes/mode/toml')).toml],
  [/nginx.*\.conf$|\.nginx$/i, async () => (await import('@codemirror/legacy-modes/mode/nginx')).nginx],
  [/\.(xml|svg|html?|xhtml|plist)$/i, async () => (await import('@codemirror/legacy-modes/mode/xml')).html],
  [/\.css$/i, async () => (await import('@codemirror/legacy-modes/mode/css')).css],
  [/\.py$/i, async () => (await import('@codemirror/legacy-modes/mode/python')).python],
  [/\.(diff|patch)$/i, async () => (await import('@codemirror/legacy-modes/mode/diff')).diff],
  [
    /\.(conf|cfg|ini|cnf|properties|env|service|repo|desktop)$|^\.env|^(passwd|group|hosts|fstab|resolv\.conf)$/i,
    async () => (await import('@codemirror/legacy-modes/mode/properties')).properties,
  ],
];

export function languageOf(name: string): Load | null {
  return languages.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
