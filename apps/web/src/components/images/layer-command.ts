export interface LayerCommand {
  /** As a Dockerfile has it: RUN, COPY, ENV … */
  instruction: string;
  text: string;
}

const shell = /^(?:\|\d+ .*? )?\/bin\/(?:ba|a)?sh (?:-\w+ (?:\w+ )?)*?-c\s+/s;

/** What history keeps of a step, in the words of the Dockerfile that it came from. */
export function layerCommand(createdBy: string): LayerCommand {
  const text = createdBy.trim().replace(/\s*# buildkit$/, '');
  const nop = /^\/bin\/sh -c #\(nop\)\s*/.exec(text);
  if (nop) return instructionOf(text.slice(nop[0].length).trim());
  if (shell.test(text)) return { instruction: 'RUN', text: text.replace(shell, '').trim() };
  return instructionOf(text.replace(/^RUN (?:\|\d+ .*? )?\/bin\/sh -c /s, 'RUN '));
}

function instructionOf(text: string): LayerCommand {
  const match = /^([A-Z]{2,12})\s+(.*)$/s.exec(text);
  return match ? { instruction: match[1] ?? '', text: match[2] ?? '' } : { instruction: '', text };
}
