import { useTranslations } from 'next-intl';
import { useMemo } from 'react';

/** CodeMirror's own words, in the reader's language. */
export function useEditorPhrases(): Record<string, string> {
  const t = useTranslations('files.editor');
  return useMemo(
    () => ({
      'Control character': t('controlCharacter'),
      Find: t('find'),
      Replace: t('replaceWith'),
      next: t('next'),
      previous: t('previous'),
      all: t('all'),
      'match case': t('matchCase'),
      regexp: t('regexp'),
      'by word': t('byWord'),
      replace: t('replace'),
      'replace all': t('replaceAll'),
      close: t('close'),
      'Go to line': t('goToLine'),
      go: t('go'),
      'current match': t('currentMatch'),
      'on line': t('onLine'),
      'replaced match on line $': t('replacedMatch'),
      'replaced $ matches': t('replacedMatches'),
      'Selection deleted': t('selectionDeleted'),
    }),
    [t],
  );
}
