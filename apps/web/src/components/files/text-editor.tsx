'use client';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import { languageOf } from './editor-language.ts';
import { lineSeparatorOf } from './file-text.ts';
import { useEditorPhrases } from './use-editor-phrases.ts';

export interface TextEditorHandle {
  /** With the line ends that the file came with. */
  text: () => string;
  focus: () => void;
}

interface TextEditorProps {
  name: string;
  /** What the file holds; another text makes a new document. */
  text: string;
  label: string;
  readOnly: boolean;
  onChange: () => void;
  onSave: () => void;
  ref: Ref<TextEditorHandle>;
}

/** Characters that are not seen, or turn the direction of others, are drawn as signs: a file may be written to deceive. */
const unseen = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0]/gu;

const look = EditorView.theme({
  '&': { height: '62dvh', minHeight: '18rem', backgroundColor: 'var(--color-surface)', color: 'var(--color-ink)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', fontSize: '12.5px', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--color-ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--color-ink)' },
  '.cm-gutters': {
    backgroundColor: 'var(--color-raised)',
    color: 'var(--color-faint)',
    borderColor: 'var(--color-line)',
  },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--color-accent) 6%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--color-hover)', color: 'var(--color-ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--color-accent) 28%, transparent)',
  },
  '.cm-specialChar': { color: 'var(--color-warning)', backgroundColor: 'var(--color-warning-soft)' },
  '.cm-panels': { backgroundColor: 'var(--color-raised)', color: 'var(--color-ink)' },
  '.cm-panel.cm-search': { fontSize: '12px', padding: '6px 28px 6px 8px' },
  '.cm-panel.cm-search label': { display: 'inline-flex', alignItems: 'center', fontSize: 'inherit' },
  '.cm-panels-top': { borderBottom: '1px solid var(--color-line)' },
  '.cm-textfield': { backgroundColor: 'var(--color-surface)', borderColor: 'var(--color-line-strong)' },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--color-surface)',
    borderColor: 'var(--color-line-strong)',
    color: 'var(--color-ink)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--color-warning-soft)', outline: '1px solid var(--color-warning)' },
  '.cm-searchMatch-selected': { backgroundColor: 'color-mix(in srgb, var(--color-warning) 45%, transparent)' },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.tagName, tags.heading], color: 'var(--color-accent)' },
  { tag: [tags.string, tags.inserted], color: 'var(--color-success)' },
  { tag: [tags.number, tags.bool, tags.atom, tags.null], color: 'var(--color-series-2)' },
  { tag: [tags.comment, tags.meta], color: 'var(--color-faint)', fontStyle: 'italic' },
  { tag: [tags.propertyName, tags.definition(tags.variableName), tags.attributeName], color: 'var(--color-accent)' },
  { tag: tags.deleted, color: 'var(--color-danger)' },
]);

export function TextEditor({ name, text, label, readOnly, onChange, onSave, ref }: TextEditorProps) {
  const words = useEditorPhrases();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const access = useRef(new Compartment());
  const latest = useRef({ onChange, onSave, readOnly });
  useEffect(() => {
    latest.current = { onChange, onSave, readOnly };
  });
  useImperativeHandle(ref, () => ({
    text: () => view.current?.state.sliceDoc() ?? text,
    focus: () => view.current?.focus(),
  }));

  useEffect(() => {
    if (!place.current) return;
    const language = new Compartment();
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorState.lineSeparator.of(lineSeparatorOf(text)),
          EditorState.phrases.of(words),
          lineNumbers(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSpecialChars({ specialChars: unseen }),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          search({ top: true }),
          highlightSelectionMatches(),
          keymap.of([
            {
              key: 'Mod-s',
              run: () => {
                latest.current.onSave();
                return true;
              },
            },
            ...defaultKeymap,
            ...historyKeymap,
            ...searchKeymap,
          ]),
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocorrect: 'off' }),
          EditorView.updateListener.of((update) => update.docChanged && latest.current.onChange()),
          access.current.of(accessOf(latest.current.readOnly)),
          language.of([]),
          syntaxHighlighting(colours),
          look,
        ],
      }),
    });
    view.current = editor;
    let isGone = false;
    // Without its colours a text can still be read.
    languageOf(name)?.().then(
      (parser) => isGone || editor.dispatch({ effects: language.reconfigure(StreamLanguage.define(parser)) }),
      () => {},
    );
    return () => {
      isGone = true;
      editor.destroy();
      view.current = null;
    };
  }, [name, text, label, words]);

  useEffect(() => {
    view.current?.dispatch({ effects: access.current.reconfigure(accessOf(readOnly)) });
    if (!readOnly) view.current?.focus();
  }, [readOnly]);

  // The editor's own layers, some of them high, stay among themselves. The frame is drawn over its opaque parts.
  return (
    <div
      ref={place}
      className="relative isolate min-w-0 overflow-hidden after:pointer-events-none after:absolute after:inset-0 after:z-[1000] has-[.cm-focused]:after:ring-2 has-[.cm-focused]:after:ring-accent has-[.cm-focused]:after:ring-inset"
    />
  );
}

/** Read-only it still takes the focus, so that keys can scroll and search, but opens no keyboard on a phone. */
function accessOf(readOnly: boolean): Extension {
  return [
    EditorState.readOnly.of(readOnly),
    EditorView.editable.of(!readOnly),
    readOnly ? EditorView.contentAttributes.of({ tabindex: '0' }) : [],
  ];
}
