import { visibleParts } from '@/format/visible-text.ts';

/** Words of a container: never markup, apart from the direction of the text around them, and with nothing unseen in them. */
export function VisibleText({ text }: { text: string }) {
  return (
    <bdi>
      {visibleParts(text).map((part, index) =>
        part.isMark ? (
          // Parts are only known by their place.
          <span key={index} className="mx-px rounded-sm bg-warning-soft px-0.5 font-mono text-[0.85em] text-warning">
            {part.text}
          </span>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}
